"""The comparison of two models, or of two stores, as an HTML page and as Markdown."""

from reports.analysis.comparison import PairwiseReport
from reports.figures.plot import Plot
from reports.site import page_templates
from reports.tables import formats
from reports.tables.comparison_table import comparison_table, verdict


def html(found: PairwiseReport, plot: Plot) -> str:
    """Render the page.

    Args:
        found: The comparison.
        plot: Its figure, whose files are in ``figures``.
    """
    template = page_templates.environment().get_template("comparison.html")
    return template.render(
        root="",
        found=found,
        verdict=verdict(found),
        plot=plot,
        table=comparison_table(found),
        page_table=formats.page_table,
    )


def markdown(found: PairwiseReport, plot: Plot) -> str:
    """Write the comparison as Markdown; the arguments are those of `html`."""
    text = formats.markdown_text
    table = comparison_table(found)
    parts = [
        f"# {text(found.left)} and {text(found.right)}",
        text(verdict(found)),
        *(f"Note: {text(note)}." for note in found.notes),
        formats.markdown(table),
        f"{text(table.caption)}.",
        f"![Paired differences](figures/{plot.name}.png)",
    ]
    return "\n\n".join(parts) + "\n"
