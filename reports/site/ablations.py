"""Ablations: what one changed option costs, paired by seed.

``memnet[hebbian=false]`` against ``memnet`` shows the value of the graph, and
``memnet[heads=1,slots=72]`` against ``memnet[heads=1]`` that of the size. A variant is compared
with the row of the same versions that has all of its options but one.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reports.analysis.metric_ranges import difference_range
from reports.analysis.pairing import paired_scores
from reports.analysis.selection import ResultRow, Selection
from reports.analysis.summary import summary
from reports.tables import number_format
from reports.tables.row_titles import options_text, row_title
from reports.tables.tables import COSTS, Column, Row, Table, costs
from results.statistics.intervals import Interval, mean_interval
from results.statistics.significance import MIN_COMMON_SEEDS, paired_tests

NO_LOSS = "nothing significant"


@dataclass(frozen=True, slots=True)
class Ablation:
    """A row, and the same row with one option changed.

    Attributes:
        option: The option, as the variant's name gives it.
        before: The row without the option.
        after: The row with the option.
        loss: Mean paired difference of the primary metric, before minus after, with its Student-t
            interval.
        significant: Whether the loss or gain is significant, corrected over all ablations of the
            benchmark.
    """

    option: str
    before: ResultRow
    after: ResultRow
    loss: Interval
    significant: bool = False

    @property
    def name(self) -> str:
        """The changed model, and on a stream its method."""
        return row_title(self.before)

    @property
    def base_title(self) -> str:
        """The changed model or method without its options."""
        on_task = self.before.subject.kind == "task"
        model = self.before.model_title or self.before.model
        if on_task or self.after.model != self.before.model:
            return model.partition(",")[0].partition("[")[0]
        return (self.before.method_title or self.before.method).partition(",")[0].partition("[")[0]

    @property
    def base_options(self) -> str:
        """Options that both rows have, as in a variant's name."""
        name = self.before.model
        if self.after.model == self.before.model:
            name = self.before.method
        return name.partition("[")[2].removesuffix("]")

    @property
    def costs(self) -> bool:
        """Whether the change lowers the score significantly."""
        return self.significant and bool(self.loss.mean > 0)

    @property
    def is_gain(self) -> bool:
        """Whether the change raises the score significantly."""
        return self.significant and bool(self.loss.mean < 0)


def ablations(selection: Selection) -> list[Ablation]:
    """Find all ablations with the row that lacks the option, by name, option and benchmark.

    Sizes and budgets are points of curves, and are left out.
    """
    found = [
        one
        for subject in selection.subjects
        for one in _of(selection.of(subject))
        if one.after.role == "ablation"
    ]
    order = {subject: place for place, subject in enumerate(selection.subjects)}
    return sorted(
        found, key=lambda one: (one.name, one.option, order[one.before.subject], one.after.setting)
    )


def ablation_table(found: Sequence[Ablation]) -> Table:
    """Show the loss of every change on every benchmark, and the costs of the changed model."""
    columns = (
        Column("model"),
        Column("change"),
        Column("benchmark"),
        Column("without", numeric=True),
        Column("with", numeric=True),
        Column("loss", numeric=True),
        Column("pairs", numeric=True),
        *COSTS[1:4],  # sizes and bytes
        COSTS[-1],
    )
    caption = (
        "Ablations: the primary metric without and with the change; loss: mean paired difference "
        "over common seeds ± half of its 95% Student-t interval; costs are those with the change"
    )
    return Table(caption, columns, tuple(_row(one) for one in found), heading=1)


def verdicts(found: Sequence[Ablation]) -> list[str]:
    """Describe every change in one sentence: where it has a loss, and where a gain."""
    groups: dict[tuple[str, str], list[Ablation]] = defaultdict(list)
    for one in found:
        groups[one.name, one.option].append(one)
    return [_verdict(name, option, rows) for (name, option), rows in groups.items()]


def _verdict(name: str, option: str, rows: Sequence[Ablation]) -> str:
    costs_on = ", ".join(_effect_text(one) for one in rows if one.costs) or NO_LOSS
    is_gain = ", ".join(_effect_text(one) for one in rows if one.is_gain)
    untested = [one for one in rows if one.loss.count < MIN_COMMON_SEEDS]
    return (
        f"{name} with {options_text(option)} loses {costs_on}"
        + (f"; it gains {is_gain}" if is_gain else "")
        + (f"; {_untested(untested)}" if untested else "")
        + "."
    )


def _untested(rows: Sequence[Ablation]) -> str:
    """State the largest difference among those with too few seeds for a test."""
    largest = max(rows, key=lambda one: abs(float(one.loss.mean)))
    effect = "gain" if float(largest.loss.mean) < 0 else "loss"
    count = f"{len(rows)} benchmark{'s' * (len(rows) > 1)}"
    return (
        f"not tested on {count} with fewer than {MIN_COMMON_SEEDS} common seeds, where the largest "
        f"{effect} is {_effect_text(largest)}"
    )


def _effect_text(one: Ablation) -> str:
    return f"{number_format.score(abs(float(one.loss.mean)))} on {one.before.subject.shown}"


def _of(entries: Sequence[ResultRow]) -> list[Ablation]:
    """Find and test the ablations of one benchmark."""
    pairs = list(_pairs(entries))
    if not pairs:
        return []
    scores = paired_scores(entries, entries[0].subject.primary)
    place = {id(entry): row for row, entry in enumerate(entries)}
    differences = np.array(
        [scores[place[id(before)]] - scores[place[id(after)]] for _, before, after in pairs]
    )
    significant = paired_tests(differences).significant
    return [
        Ablation(*pair, mean_interval(difference), bool(verdict))
        for pair, difference, verdict in zip(pairs, differences, significant, strict=True)
    ]


def _pairs(entries: Sequence[ResultRow]) -> Iterator[tuple[str, ResultRow, ResultRow]]:
    """Yield each changed option with the row without it and the row with it."""
    rows = {(_options(entry), _version(entry)): entry for entry in entries if entry.ok}
    for ((model, method), version), after in rows.items():
        for place, (base, options) in enumerate((model, method)):
            for option in sorted(options):
                fewer = (base, options - {option})
                before = rows.get(((fewer, method) if place == 0 else (model, fewer), version))
                if before is not None:
                    yield option, before, after


Named = tuple[str, frozenset[str]]
"""A name without its options, and the options."""


def _options(entry: ResultRow) -> tuple[Named, Named]:
    return _split(entry.model), _split(entry.method)


def _split(name: str) -> Named:
    base, _, written = name.partition("[")
    return base, frozenset(option for option in written.removesuffix("]").split(",") if option)


def _version(entry: ResultRow) -> tuple[tuple[str, str], ...]:
    """Return versions and training options; rows that differ in them do not isolate an option."""
    cell = entry.ok[0].cell
    return (*sorted(cell.version.items()), ("training", str(cell.config.get("training", {}))))


def _row(one: Ablation) -> Row:
    before, after = summary(one.before), summary(one.after)
    return Row(
        cells=(
            one.name,
            options_text(one.option),
            one.before.subject.shown,
            number_format.spread(before.mean, before.low, before.high, before.limits),
            number_format.spread(after.mean, after.low, after.high, after.limits),
            number_format.interval(one.loss, difference_range(before.metric)),
            number_format.whole(int(one.loss.count)),
            *costs(after)[1:4],
            costs(after)[-1],
        ),
        incomplete=after.seeds_ok < after.seeds_planned,
    )
