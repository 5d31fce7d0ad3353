"""The front page: answers, scores at a glance, the leaderboard with its filters, provenance."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from reports.analysis import provenance
from reports.analysis.heat import heat_tables
from reports.analysis.selection import Selection
from reports.figures.plot import Plot
from reports.site import page_templates
from reports.site.aggregate import Aggregate
from reports.site.answers import FAMILIES, answer
from reports.site.findings import Finding, findings
from reports.site.forgetting_table import forgetting_answer, forgetting_table
from reports.site.lines import Line, informative_columns, shared_badges
from reports.site.reproduce import commands, notes
from reports.tables import formats
from reports.tables.group_names import groups_note
from reports.tables.ranks import EARLIER, with_reason
from reports.tables.row_titles import method_title, model_titles
from reports.tables.tables import LEADERBOARD_CAPTION, Table

MEMORY_BUDGETS = tuple(10**power for power in range(3, 10))
"""Values of the memory filter, in bytes."""

Pair = tuple[Plot, Plot]
"""A figure for a wide page, and the same for a phone."""

MAX_LISTED_FAILURES = 40
"""Maximum number of failed cells that the page lists.

Each has its own page, and `records.csv` contains all.
"""


@dataclass(frozen=True, slots=True)
class Group:
    """A benchmark's part of the leaderboard."""

    finding: Finding
    lines: tuple[Line, ...]

    @property
    def shared(self) -> tuple[str, ...]:
        """Badges of all its rows."""
        return shared_badges(self.lines)


def render(
    selection: Selection,
    lines: Sequence[Line],
    aggregates: Sequence[tuple[Aggregate, Plot, Table]] = (),
    figures: Sequence[Pair] = (),
    has_ablations: bool = False,
) -> str:
    """Render the front page.

    Args:
        selection: Its contents.
        lines: The leaderboard's rows.
        aggregates: Aggregates over several benchmarks, each with its figure and its table.
        figures: Figures over all benchmarks of a kind, each for a wide page and for a phone.
        has_ablations: Whether there is a page of ablations.
    """
    ranked = [line for line in lines if line.ranked]
    return (
        page_templates.environment()
        .get_template("front.html")
        .render(
            root="",
            selection=selection,
            groups=_groups(selection, ranked),
            aggregates=aggregates,
            figures=figures,
            heats=[(heat, FAMILIES[heat.kind], answer(heat)) for heat in heat_tables(selection)],
            has_ablations=has_ablations,
            forgetting=forgetting_table(selection),
            forgetting_answer=forgetting_answer(selection),
            informative=informative_columns(ranked),
            groups_note=groups_note(selection),
            variants=len(lines) - len(ranked),
            page_table=formats.page_table,
            counts=counts(selection),
            outdated=outdated_note(lines),
            suites=_suites(selection, ranked),
            benchmarks=[(subject.name, subject.shown) for subject in selection.subjects],
            methods=_methods(ranked),
            model_titles=model_titles(selection),
            models=sorted({line.summary.model for line in lines}),
            budgets=budgets(lines),
            caption=with_reason(LEADERBOARD_CAPTION, [line.summary for line in ranked]),
            failed=[(entry, record) for entry in selection.entries for record in entry.failed],
            failures=MAX_LISTED_FAILURES,
            facts=provenance.provenance_facts(selection),
            commands=commands(selection),
            notes=notes(selection),
            commits=sorted({one.provenance.commit for one in selection.records} - {None, ""}),
        )
    )


def _groups(selection: Selection, lines: Sequence[Line]) -> list[Group]:
    """Return the leaderboard by benchmark."""
    by_benchmark = {
        name: tuple(rows) for name, rows in groupby(lines, key=lambda line: line.summary.benchmark)
    }
    return [
        Group(finding, by_benchmark.get(finding.subject.name, ()))
        for finding in findings(selection)
    ]


def counts(selection: Selection) -> list[tuple[str, int]]:
    """Return counts for the page's head; zeros are omitted, except for the first three."""
    status = Counter(record.status for record in selection.records)
    always = [
        ("benchmark", len(selection.subjects)),
        ("model", len({entry.model for entry in selection.entries})),
        ("finished cell", status["ok"]),
    ]
    others = [
        ("failed", status["failed"]),
        ("not yet run", selection.missing),
        ("stale, omitted", len(selection.stale)),
        ("damaged, omitted", selection.damaged),
    ]
    return [
        *((name if number == 1 else f"{name}s", number) for name, number in always),
        *((name, number) for name, number in others if number),
    ]


def outdated_note(lines: Sequence[Line]) -> str:
    """State how many rows with a result are of earlier versions of the code, if any."""
    rows = [line for line in lines if line.entry.ok]
    earlier = sum(line.entry.superseded or EARLIER in line.badges for line in rows)
    if not earlier:
        return ""
    which = "All rows" if earlier == len(rows) else f"{earlier} of {len(rows)} rows"
    return (
        f"{which} were measured with earlier versions of the code and are marked "
        f"“{EARLIER}”; a new run can give other numbers."
    )


Choice = tuple[str, str]
"""A value of a filter, and its title."""


def _suites(selection: Selection, lines: Sequence[Line]) -> list[Choice]:
    """Return the suites of rows, by title; of equal titles also the name."""
    names = {suite for line in lines for suite in line.suites}
    titles = {one.name: one.title or one.name for one in selection.manifests if one.name in names}
    return _choices(titles)


def _methods(lines: Sequence[Line]) -> list[Choice]:
    """Return the methods of rows on streams, by title."""
    return _choices(
        {
            line.summary.method: method_title(line.entry)
            for line in lines
            if line.summary.kind == "stream"
        }
    )


def _choices(titles: Mapping[str, str]) -> list[Choice]:
    """Sort values by title; a title that several values have is followed by the value."""
    count = Counter(titles.values())
    shown = {
        value: title if count[title] == 1 else f"{title} ({value})"
        for value, title in titles.items()
    }
    return sorted(shown.items(), key=lambda choice: (choice[1].lower(), choice[0]))


def budgets(lines: Sequence[Line]) -> list[int]:
    """Return the budgets that separate rows: some rows are within them and others are not."""
    memory_bytes = [line.memory_bytes for line in lines if line.memory_bytes is not None]
    return [
        budget
        for budget in MEMORY_BUDGETS
        if any(bytes_ <= budget for bytes_ in memory_bytes)
        and any(bytes_ > budget for bytes_ in memory_bytes)
    ]
