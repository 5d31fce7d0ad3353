"""A comparison as files: a page with the figure and the table, and the same in Markdown."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from reports.analysis.comparison import SideBySide
from reports.figures import paired_differences
from reports.figures.plot import Plot
from reports.output import folder
from reports.site import addresses, page_templates
from reports.tables import formats
from reports.tables.comparison_table import comparison_table, verdict
from results.errors import UsageError
from results.store.store import write_whole

NAME = "comparison"
"""Name of the files, but for their endings."""


def write(found: SideBySide, out: Path) -> Path:
    """Write a comparison into a folder: a page, the same in Markdown, and the figure.

    Returns:
        The page.

    Raises:
        UsageError: If the folder can't be written, or holds a file of somebody else's where one
            would go.
    """
    plot = paired_differences.draw(found, NAME)
    contents = dict(_contents(found, plot))
    try:
        folder.prepare(out, contents)
        for name, content in contents.items():
            write_whole(out / name, content)
    except OSError as error:
        raise UsageError(
            f"cannot write the comparison to {out}: {error.strerror or error}; give another folder by --out"
        ) from error
    return out / folder.COMPARISON


def _contents(found: SideBySide, plot: Plot) -> Iterator[tuple[str, str | bytes]]:
    """Make the files, the page last: when all that it leads to is there."""
    for asset in sorted(
        files("reports.site").joinpath("assets").iterdir(), key=lambda path: path.name
    ):
        yield f"assets/{asset.name}", asset.read_bytes()
    for form, drawing in plot.forms.items():
        yield addresses.figure_file(plot.name, form), drawing
    yield f"{NAME}.md", markdown(found)
    yield folder.COMPARISON, html(found, plot)


def html(found: SideBySide, plot: Plot) -> str:
    """Write a comparison as a page of the site's looks."""
    template = page_templates.environment().get_template("comparison.html")
    return template.render(
        root="",
        found=found,
        verdict=verdict(found),
        plot=plot,
        table=comparison_table(found),
        page_table=formats.page_table,
    )


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
