"""The page of a method: its results on all streams, with every model and budget."""

from collections.abc import Sequence

from reports.analysis.selection import Selection
from reports.site import page_templates
from reports.site.lines import Line, informative_columns
from reports.site.model import base, first_summary
from reports.tables.row_titles import method_title, model_titles


def methods(lines: Sequence[Line]) -> list[str]:
    """Return the methods of streams, without their options."""
    return sorted({base(line.summary.method) for line in lines if line.summary.kind == "stream"})


def render(selection: Selection, name: str, lines: Sequence[Line]) -> str:
    """Render the page.

    Args:
        selection: All rows, for the manifests' summaries.
        name: The method, without options.
        lines: All rows of the site.
    """
    rows = [
        line
        for line in lines
        if line.summary.kind == "stream" and base(line.summary.method) == name
    ]
    shown = [line for line in rows if line.summary.role not in ("ablation", "size")] or rows
    summaries = {
        one.name: one.summary for manifest in selection.manifests for one in manifest.methods
    }
    return (
        page_templates.environment()
        .get_template("method.html")
        .render(
            root="../",
            name=name,
            title=method_title(rows[0].entry, ""),
            summary=first_summary(summaries, name),
            lines=shown,
            others=len(rows) - len(shown),
            informative_columns=informative_columns,
            model_titles=model_titles(selection),
            ambiguous=selection.ambiguous,
            has_model_page=any(entry.model == name for entry in selection.entries),
        )
    )
