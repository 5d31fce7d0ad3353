"""Writes the files of a comparison: the page, the same in Markdown, and the figure."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from reports.analysis.comparison import PairwiseReport
from reports.figures import paired_differences
from reports.figures.plot import Plot
from reports.output import report_folder
from reports.site import addresses, comparison_page
from results.errors import UsageError
from results.store.store import write_whole

COMPARISON_NAME = "comparison"
"""Name of the files without their extension."""


def write(found: PairwiseReport, out: Path) -> Path:
    """Write a comparison into a folder.

    Returns:
        The page.

    Raises:
        UsageError: If the folder can't be written, or a file that no report wrote would be
            replaced.
    """
    plot = paired_differences.draw(found, COMPARISON_NAME)
    contents = dict(_contents(found, plot))
    try:
        report_folder.prepare(out, contents)
        for name, content in contents.items():
            write_whole(out / name, content)
    except OSError as error:
        raise UsageError(
            f"cannot write the comparison to {out}: {error.strerror or error}; "
            "give another folder by --out"
        ) from error
    return out / report_folder.COMPARISON


def _contents(found: PairwiseReport, plot: Plot) -> Iterator[tuple[str, str | bytes]]:
    """Return the files. The page is last, so that everything it links to exists before it."""
    for asset in sorted(
        files("reports.site").joinpath("assets").iterdir(), key=lambda path: path.name
    ):
        yield f"assets/{asset.name}", asset.read_bytes()
    for form, drawing in plot.forms.items():
        yield addresses.figure_file(plot.name, form), drawing
    yield f"{COMPARISON_NAME}.md", comparison_page.markdown(found, plot)
    yield report_folder.COMPARISON, comparison_page.html(found, plot)
