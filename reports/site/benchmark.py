"""The page of a benchmark: figures, tables, and every seed with a link to its numbers."""

from collections.abc import Sequence

from reports.analysis.other_options import other_options
from reports.analysis.selection import ResultRow, Selection
from reports.analysis.subjects import Subject
from reports.analysis.summary import summary
from reports.figures.plot import Plot
from reports.site import page_templates
from reports.site.findings import findings
from reports.site.lines import Line, informative_columns, shared_badges
from reports.tables import formats
from reports.tables.learning_tables import benchmark_tables


def render(
    selection: Selection,
    subject: Subject,
    lines: Sequence[Line],
    plots: Sequence[Plot],
    others: Sequence[ResultRow] | None = None,
) -> str:
    """Render the page.

    Args:
        selection: Rows of at least this benchmark.
        subject: The benchmark.
        lines: Its rows.
        plots: Its figures, whose files are in ``figures``.
        others: Rows of models with other options; by default those of the selection.
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
            groups=groups(lines),
            shared=shared_badges(lines),
            informative=informative_columns(lines),
            what_ran=what_ran(lines),
            others=[
                (one, summary(one))
                for one in (other_options(selection, subject) if others is None else others)
            ],
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


TABLE_GROUPS = (
    "",
    "Controls and bounds",
    "Earlier versions of the code, which do not compete",
    "Ablations, sizes and further budgets, which do not compete",
)
"""Titles of the parts of a ranking; competing rows come first, without a title."""

OPTIONS = ("steps", "train_length", "batch_size", "epochs", "iterations", "protocol", "scenario")
"""Options that show what was run, in the order of the sentence."""


def groups(lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    """Split a ranking into competing rows, controls and bounds, earlier versions, and variants."""
    ranked = [line for line in lines if line.ranked]
    earlier = [line for line in ranked if line.entry.superseded]
    today = [line for line in ranked if not line.entry.superseded]
    apart = [line for line in today if line.summary.role in ("control", "bound")]
    competing = [line for line in today if line not in apart]
    variants = [line for line in lines if not line.ranked]
    found = zip(TABLE_GROUPS, (competing, apart, earlier, variants), strict=True)
    return [(title, rows) for title, rows in found if rows]


def what_ran(lines: Sequence[Line]) -> str:
    """State the options that all records share, so that a short run cannot pass for a long one."""
    configs = [
        {**record.cell.config.get("training", {}), **record.cell.config.get("benchmark", {})}
        for line in lines
        for record in line.entry.ok
    ]
    if not configs:
        return ""
    shared = {
        key: configs[0][key]
        for key in OPTIONS
        if all(config.get(key) == configs[0].get(key) for config in configs) and configs[0].get(key)
    }
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in shared.items())
