"""The page of a model: summary, size, options, commands, and results on all benchmarks."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence

from reports.analysis.selection import Selection
from reports.analysis.training_options import defaults
from reports.site import page_templates
from reports.site.inspection_page import Section
from reports.site.lines import Line, informative_columns
from reports.site.reproduce import plugin_note, rerun_commands
from reports.tables.row_titles import method_title, model_title, model_titles


def render(
    selection: Selection,
    name: str,
    lines: Sequence[Line],
    inspection: Section | None = None,
    as_method: Sequence[Line] = (),
) -> str:
    """Render the page.

    Args:
        selection: All rows, for the manifests' summaries and for the model's variants.
        name: The model.
        lines: Its rows, on all benchmarks.
        inspection: Figures of its memory, if one of its cells was inspected.
        as_method: Rows of streams whose method has the model's name.
    """
    models = {one.name: one.summary for manifest in selection.manifests for one in manifest.models}
    methods = {
        one.name: one.summary for manifest in selection.manifests for one in manifest.methods
    }
    records = [record for line in lines for record in (*line.entry.ok, *line.entry.failed)]
    names = {entry.model for entry in selection.entries}
    return (
        page_templates.environment()
        .get_template("model.html")
        .render(
            root="../",
            name=name,
            title=model_title(lines[0].entry),
            as_method=as_method,
            method_summary=methods.get(name) or first_summary(methods, name),
            informative_columns=informative_columns,
            summary=models.get(name, ""),
            lines=lines,
            methods=_described_methods(lines, methods),
            model_titles=model_titles(selection),
            relatives=sorted(other for other in names - {name} if base(other) == base(name)),
            options=options(lines),
            sizes=[
                span([line.summary.parameters for line in lines]),
                span([line.summary.state_bytes for line in lines]),
            ],
            commands=rerun_commands(records, defaults(selection)),
            note=plugin_note(record.cell for record in records),
            ambiguous=selection.ambiguous,
            inspection=inspection,
        )
    )


def method_rows(name: str, lines: Sequence[Line]) -> list[Line]:
    """Return the rows of streams whose method has a model's name, without ablations."""
    return [
        line
        for line in lines
        if line.summary.kind == "stream"
        and line.summary.model != name
        and base(line.summary.method) == name
        and (line.ranked or line.summary.role == "budget")
    ]


def _described_methods(
    lines: Sequence[Line], summaries: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Return the methods of streams without their options: title, name and summary."""
    titles = {
        base(line.summary.method): method_title(line.entry, "")
        for line in lines
        if line.summary.kind == "stream"
    }
    found = [(title, name, first_summary(summaries, name)) for name, title in titles.items()]
    return sorted(one for one in found if one[2])


def first_summary(methods: Mapping[str, str], name: str) -> str:
    """Return the summary of the first variant of a method that has one."""
    return next((text for one, text in methods.items() if base(one) == name and text), "")


def base(name: str) -> str:
    """Return a variant's name without its options and its learning rate."""
    return name.partition(" (")[0].partition("[")[0]


def options(lines: Sequence[Line]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the model's options, each with the values in its records."""
    values: dict[str, dict[str, None]] = defaultdict(dict)
    for line in lines:
        for record in (*line.entry.ok, *line.entry.failed)[
            :1
        ]:  # the seeds of a row share their config
            for option, value in record.cell.config.get("model", {}).items():
                values[option][json.dumps(value, ensure_ascii=False)] = None
    return [(option, tuple(values[option])) for option in sorted(values)]


def span(sizes: Sequence[int | None]) -> tuple[int, int] | None:
    """Return the smallest and the largest size; None if there is none."""
    known = [size for size in sizes if size is not None]
    return (min(known), max(known)) if known else None
