"""Builds the report: static pages, the same in Markdown, tables as CSV, and figures.

The same records and packages give the same bytes; no file contains the time of the build.
"""

import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from reports.analysis.dataframes import records_frame, to_csv
from reports.analysis.earlier_versions import with_earlier_versions
from reports.analysis.other_options import other_options
from reports.analysis.selection import ResultRow, Selection, select
from reports.analysis.subjects import NO_SUITES, Official, Subject
from reports.analysis.training_options import Defaults, defaults
from reports.figures import gallery
from reports.figures.plot import FILE_FORMS, Plot
from reports.figures.style import Style, style_of
from reports.output import markdown, report_folder
from reports.output.inspection import InspectionPart, figure_files, section
from reports.site import ablation_page, addresses, benchmark, front, method, model, row
from reports.site.ablations import ablations
from reports.site.aggregate import aggregate_plot, aggregate_table, aggregates, plot_names
from reports.site.badges import NOTHING_OUTDATED, Outdated
from reports.site.lines import Line, lines
from reports.site.overview_figures import names as overview_names
from reports.site.overview_figures import overview_figures
from reports.site.reproduce import script
from reports.tables import leaderboard
from results.errors import UsageError
from results.store.store import Store, stores_of, write_whole

PARALLEL_RECORDS = 400
"""Minimum number of records at which several processes are used."""

TABLES, MARKDOWN = ("leaderboard.csv", "records.csv"), "report.md"
"""Files next to the front page with the same content."""


@dataclass(frozen=True, slots=True)
class BenchmarkPart:
    """A benchmark's part of the site, built by one process.

    Attributes:
        subject: The benchmark.
        selection: Its rows, without other benchmarks.
        lines: Its rows, ranked.
        style: The style of the whole site.
        defaults: Default options by benchmark.
        outdated: What changed in the code since cells were run, by cell id.
        others: Rows of models with other options than those that compete.
    """

    subject: Subject
    selection: Selection
    lines: tuple[Line, ...]
    style: Style
    defaults: Defaults
    outdated: Outdated
    others: tuple[ResultRow, ...]


def build(
    store: Store | Sequence[Store],
    out: Path,
    *,
    jobs: int | None = None,
    inspections: Mapping[str, InspectionPart] | None = None,
    official: Official = NO_SUITES,
    outdated: Outdated = NOTHING_OUTDATED,
) -> Path:
    """Write the report of one or several stores; see `write`."""
    return write(
        select(*stores_of(store)),
        out,
        jobs=jobs,
        inspections=inspections,
        official=official,
        outdated=outdated,
    )


def write(
    selection: Selection,
    out: Path,
    *,
    jobs: int | None = None,
    extra: Mapping[str, str | bytes] | None = None,
    inspections: Mapping[str, InspectionPart] | None = None,
    official: Official = NO_SUITES,
    outdated: Outdated = NOTHING_OUTDATED,
) -> Path:
    """Write a report.

    Args:
        selection: Its contents.
        out: Folder to write to; created if missing. Files in it that no earlier report wrote are
            not changed; see `reports.output.report_folder`.
        jobs: Number of processes; by default the usable cores for many records, else one.
        extra: Additional files, by their path in the folder.
        inspections: What is inside the memory of models, by the model's name.
        official: Options of suites, by benchmark, which are official as the defaults are.
        outdated: What changed in the code since cells were run, by cell id.

    Returns:
        The front page, ``index.html``.

    Raises:
        UsageError: If the folder can't be written, or a file that no report wrote would be
            replaced.
    """
    selection = replace(with_earlier_versions(selection, outdated), official=dict(official))
    rows = lines(selection, outdated)
    inspected = inspections or {}
    further = dict(extra or {})
    for part in inspected.values():
        further |= figure_files(part)
    try:
        report_folder.prepare(out, (*possible(selection), *further))
        plots, written = _benchmarks(
            _parts(selection, rows, outdated), out, jobs or _jobs(selection)
        )
        for name, content in (
            *_common_files(selection, rows, plots, inspected),
            *further.items(),
        ):
            _write_file(out, name, content)
            written.append(name)
        report_folder.settle(out, written)
    except OSError as error:
        raise UsageError(
            f"cannot write the report to {out}: {error.strerror or error}; "
            "give another folder by --out"
        ) from error
    return out / addresses.FRONT


def possible(selection: Selection) -> Iterator[str]:
    """Yield the names of all files that a report may contain."""
    figures = [name for subject in selection.subjects for name in gallery.plot_names(subject)]
    yield from (
        addresses.figure_file(name, form)
        for name in (*figures, *plot_names(selection), *overview_names())
        for form in FILE_FORMS
    )
    yield from (addresses.benchmark_page(subject.name) for subject in selection.subjects)
    yield from (
        addresses.row_page(entry) for entry in selection.entries if entry.ok or entry.failed
    )
    yield from (addresses.model_page(entry.model) for entry in selection.entries)
    yield from (
        addresses.method_page(entry.method)
        for entry in selection.entries
        if entry.subject.kind == "stream"
    )
    yield from (f"assets/{asset.name}" for asset in _assets())
    yield from (*TABLES, MARKDOWN, addresses.ABLATIONS, addresses.REPRODUCE, addresses.FRONT)


def _assets() -> list[Traversable]:
    return sorted(files("reports.site").joinpath("assets").iterdir(), key=lambda path: path.name)


def _parts(selection: Selection, rows: Sequence[Line], outdated: Outdated) -> list[BenchmarkPart]:
    style, known = style_of(selection), defaults(selection)
    return [
        BenchmarkPart(
            subject,
            replace(
                selection,
                subjects=(subject,),
                entries=selection.of(subject),
                stale=(),
                manifests=(),
            ),
            tuple(line for line in rows if line.summary.benchmark == subject.name),
            style,
            known,
            dict(outdated),
            other_options(selection, subject),
        )
        for subject in selection.subjects
    ]


def _jobs(selection: Selection) -> int:
    """Return the number of processes."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return min(cores, len(selection.subjects)) if len(selection.records) >= PARALLEL_RECORDS else 1


def _benchmarks(
    parts: Sequence[BenchmarkPart], out: Path, jobs: int
) -> tuple[dict[str, tuple[Plot, ...]], list[str]]:
    """Write the files of each benchmark: its figures, its page and its rows' pages."""
    tasks = [(part, out) for part in parts]
    if jobs > 1 and len(tasks) > 1:
        with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
            done = list(pool.map(_benchmark, *zip(*tasks, strict=True)))
    else:
        done = [_benchmark(*task) for task in tasks]
    plots = {part.subject.name: drawn for part, (drawn, _) in zip(parts, done, strict=True)}
    return plots, [name for _, names in done for name in names]


def _benchmark(part: BenchmarkPart, out: Path) -> tuple[tuple[Plot, ...], list[str]]:
    """Write one benchmark's part.

    Returns its figures without their image data, and the names of all files.
    """
    plots = gallery.plots(part.subject, [line.entry for line in part.lines], part.style)
    written = []
    for name, content in _part_files(part, plots):
        _write_file(out, name, content)
        written.append(name)
    return tuple(replace(plot, svg="", pdf=b"", png=b"") for plot in plots), written


def _part_files(part: BenchmarkPart, plots: Sequence[Plot]) -> Iterator[tuple[str, str | bytes]]:
    for plot in plots:
        for form, drawing in plot.forms.items():
            yield addresses.figure_file(plot.name, form), drawing
    page = benchmark.render(part.selection, part.subject, part.lines, plots, part.others)
    yield addresses.benchmark_page(part.subject.name), page
    for entry in part.selection.entries:
        if entry.ok or entry.failed:
            page = row.render(
                entry,
                ambiguous=part.selection.ambiguous,
                defaults=part.defaults,
                outdated=part.outdated,
            )
            yield addresses.row_page(entry), page


def _common_files(
    selection: Selection,
    rows: Sequence[Line],
    plots: Mapping[str, Sequence[Plot]],
    inspected: Mapping[str, InspectionPart],
) -> Iterator[tuple[str, str | bytes]]:
    """Return the files that all benchmarks share.

    The front page is last, so that everything it links to exists before it.
    """
    yield from _entry_pages(selection, rows, inspected)
    all_aggregates = [
        (one, aggregate_plot(one, style_of(selection)), aggregate_table(one))
        for one in aggregates(selection)
    ]
    for _, plot, _ in all_aggregates:
        for form, drawing in plot.forms.items():
            yield addresses.figure_file(plot.name, form), drawing
    overview = overview_figures(selection, style_of(selection))
    for wide, narrow in overview:
        for form, drawing in wide.forms.items():
            yield addresses.figure_file(wide.name, form), drawing
        yield addresses.figure_file(narrow.name, "svg"), narrow.svg
    found = ablations(selection)
    if found:
        yield addresses.ABLATIONS, ablation_page.render(found)
    yield TABLES[0], leaderboard.render_selection(selection, "csv")
    yield TABLES[1], to_csv(records_frame(selection))
    yield MARKDOWN, markdown.render(selection, rows, plots)
    if selection.records:
        yield addresses.REPRODUCE, script(selection)
    yield addresses.FRONT, front.render(selection, rows, all_aggregates, overview, bool(found))


def _entry_pages(
    selection: Selection, rows: Sequence[Line], inspected: Mapping[str, InspectionPart]
) -> Iterator[tuple[str, str | bytes]]:
    """Return the assets, and the pages of models and methods."""
    for asset in _assets():
        yield f"assets/{asset.name}", asset.read_bytes()
    for name in sorted({line.summary.model for line in rows}):
        yield (
            addresses.model_page(name),
            model.render(
                selection,
                name,
                [line for line in rows if line.summary.model == name],
                section(inspected[name], "") if name in inspected else None,
                model.method_rows(name, rows),
            ),
        )
    for name in method.methods(rows):
        yield addresses.method_page(name), method.render(selection, name, rows)


def _write_file(out: Path, name: str, content: str | bytes) -> None:
    write_whole(out / name, content, durable=False)
