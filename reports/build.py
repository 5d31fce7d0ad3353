"""The report: one self-contained page, the same in Markdown, tables as CSV, and figures as files."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from reports import formats, leaderboard, origins
from reports.figures import gallery
from reports.figures.inline import inline
from reports.figures.plot import Plot
from reports.frames import records_frame, to_csv
from reports.headlines import Headline, headlines
from reports.selection import Selection, select
from reports.tables import Table, detail_table, leaderboard_table
from results.errors import UsageError
from results.record import Record
from results.store import Store, write_whole

TRACE = 6000
"""Most characters of a traceback that the page shows, from its end; the record holds it whole."""


@dataclass(frozen=True, slots=True)
class Section:
    """One benchmark on the page.

    Attributes:
        anchor: Its id on the page.
        headline: What its records say.
        plots: Its figures.
        table: Its numbers in detail, or None where no seed has finished.
    """

    anchor: str
    headline: Headline
    plots: tuple[Plot, ...]
    table: Table | None


def build(store: Store, out: Path) -> Path:
    """Write a report.

    The same records give the same files, byte for byte, with the same packages; nothing in them tells when the report was made.

    Args:
        store: Its records and manifests.
        out: Folder to write to; made if it is missing. Other files in it are left alone.

    Returns:
        The page, ``index.html``.

    Raises:
        UsageError: If the folder can't be written.
    """
    selection = select(store)
    sections = _sections(selection)
    page = out / "index.html"
    try:
        for plot in (plot for section in sections for plot in section.plots):
            write_whole(out / "figures" / f"{plot.name}.svg", plot.svg)
            write_whole(out / "figures" / f"{plot.name}.png", plot.png)
        write_whole(out / "leaderboard.csv", leaderboard.render_selection(selection, "csv"))
        write_whole(out / "records.csv", to_csv(records_frame(selection)))
        write_whole(out / "report.md", _markdown(selection, sections))
        write_whole(page, _html(selection, sections))
    except OSError as error:
        raise UsageError(f"cannot write the report to {out}: {error.strerror or error}; give another folder by --out") from error
    return page


def _sections(selection: Selection) -> list[Section]:
    return [
        Section(
            anchor=f"benchmark-{gallery.slug(headline.subject.name)}",
            headline=headline,
            plots=tuple(gallery.plots(selection, headline.subject)),
            table=detail_table(selection, headline.subject),
        )
        for headline in headlines(selection)
    ]


def _html(selection: Selection, sections: list[Section]) -> str:
    return formats.environment().get_template("page.html").render(_view(selection, sections), page_table=_scrolling, figure=_figure)


def _markdown(selection: Selection, sections: list[Section]) -> str:
    text = formats.environment().get_template("report.md").render(_view(selection, sections), table=formats.markdown)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _view(selection: Selection, sections: list[Section]) -> dict[str, object]:
    """Gather what both templates show."""
    return {
        "selection": selection,
        "counts": _counts(selection),
        "leaderboard": leaderboard_table(selection),
        "sections": sections,
        "failures": [(record, _trace(record)) for entry in selection.entries for record in entry.failed],
        "facts": origins.origins(selection),
        "commands": origins.commands(selection),
        "commits": sorted({record.provenance.commit for record in selection.records if record.provenance.commit}),
        "has_strips": any(row.strip for row in leaderboard_table(selection).rows),
    }


def _counts(selection: Selection) -> list[tuple[str, int]]:
    """Count what was run; what there is none of is left out, but for finished cells."""
    status = Counter(record.status for record in selection.records)
    counted = [
        ("benchmarks", len(selection.subjects)),
        ("models", len({entry.model for entry in selection.entries})),
        ("cells finished", status["ok"]),
        ("failed", status["failed"]),
        ("not yet run", selection.missing),
        ("stale, left out", len(selection.stale)),
        ("damaged, set aside", selection.damaged),
    ]
    return [(name, number) for place, (name, number) in enumerate(counted) if number or place < 3]


def _trace(record: Record) -> str:
    trace = record.error.traceback.strip() if record.error else ""
    return trace if len(trace) <= TRACE else f"…{trace[-TRACE:]}"


def _scrolling(table: Table) -> Markup:
    """Set a table in a box that scrolls by itself where the page is narrow, and that a keyboard reaches."""
    box = Markup('<div class="scroll" role="region" aria-label="{}" tabindex="0">{}</div>')
    return box.format(table.caption, formats.page_table(table))


def _figure(plot: Plot) -> Markup:
    return Markup(inline(plot.svg, prefix=plot.name, label=plot.description))
