"""A comparison as files: Markdown with the table, and the figure beside it."""

from pathlib import Path

from reports import formats
from reports.comparison import SideBySide
from reports.comparison_table import comparison_table, verdict
from reports.figures import paired_differences
from results.errors import UsageError
from results.store import write_whole

NAME = "comparison"
"""Name of the files, but for their endings."""


def write(found: SideBySide, out: Path) -> Path:
    """Write a comparison into a folder.

    Returns:
        The Markdown file.

    Raises:
        UsageError: If the folder can't be written.
    """
    plot = paired_differences.draw(found, NAME)
    page = out / f"{NAME}.md"
    try:
        for form, drawing in plot.forms.items():
            write_whole(out / "figures" / f"{NAME}.{form}", drawing)
        write_whole(page, markdown(found))
    except OSError as error:
        raise UsageError(f"cannot write the comparison to {out}: {error.strerror or error}; give another folder by --out") from error
    return page


def markdown(found: SideBySide) -> str:
    """Write a comparison as Markdown."""
    text = formats.markdown_text
    table = comparison_table(found)
    parts = [
        f"# {text(found.left)} and {text(found.right)}",
        text(verdict(found)),
        *(f"Note: {text(note)}." for note in found.notes),
        formats.markdown(table),
        f"{text(table.caption)}.",
        f"![Paired differences](figures/{NAME}.png)",
    ]
    return "\n\n".join(parts) + "\n"
