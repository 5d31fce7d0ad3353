"""The page of a benchmark: figures, tables, and every seed with a link to its cell."""

from collections.abc import Sequence

from reports.analysis.selection import Selection
from reports.analysis.subjects import Subject
from reports.figures.plot import Plot
from reports.site import page_templates
from reports.site.findings import findings
from reports.site.lines import Line
from reports.tables import formats
from reports.tables.learning_tables import benchmark_tables


def render(
    selection: Selection, subject: Subject, lines: Sequence[Line], plots: Sequence[Plot]
) -> str:
    """Render the page.

    Args:
        selection: Rows of at least this benchmark.
        subject: The benchmark.
        lines: Its rows.
        plots: Its figures, whose files are in ``figures``.
    """
    [finding] = [one for one in findings(selection) if one.subject == subject]
    seeds = sorted(
        {record.cell.seed for line in lines for record in (*line.entry.ok, *line.entry.failed)}
    )
    return (
        page_templates.environment()
        .get_template("benchmark.html")
        .render(
            root="../",
            subject=subject,
            finding=finding,
            lines=lines,
            plots=plots,
            ambiguous=selection.ambiguous,
            tables=benchmark_tables(selection, subject),
            page_table=formats.page_table,
            seeds=seeds,
            by_seed=[
                {record.cell.seed: record for record in (*line.entry.ok, *line.entry.failed)}
                for line in lines
            ],
        )
    )
