"""The loss of every changed option on every benchmark, as tables of colours and numbers."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reports.analysis.metric_ranges import difference_range
from reports.analysis.subjects import Subject
from reports.site.ablations import Ablation
from reports.tables import number_format
from reports.tables.mechanisms import mechanism
from reports.tables.row_titles import options_text
from results.statistics.significance import MIN_COMMON_SEEDS

Mark = Literal["loss", "gain", "tie", "untested"]


@dataclass(frozen=True, slots=True)
class LossCell:
    """The loss of one change on one benchmark.

    Attributes:
        text: Mean paired difference of the score.
        interval: Half of its interval, ``± 0.010``, or the ends of the clipped one.
        shade: Tenth of the range from 0 to 1 that the size of the difference is in, 0 to 9;
            0 without a common seed.
        is_gain: Whether the score is higher with the change.
        mark: Significance.
        base: Options of the rows that are compared, in words, if they are not the plain ones.
    """

    text: str
    interval: str
    shade: int
    is_gain: bool
    mark: Mark
    base: str


@dataclass(frozen=True, slots=True)
class LossTable:
    """A model on tasks, or a model and method on streams.

    Attributes:
        title: Their names.
        subjects: The columns.
        rows: Each change in words, with its cells by the benchmark's name.
        mechanisms: What a change leaves out, by the change in words, if it has a name.
    """

    title: str
    subjects: tuple[Subject, ...]
    rows: tuple[tuple[str, dict[str, LossCell]], ...]
    mechanisms: dict[str, str]


def loss_tables(found: Sequence[Ablation]) -> list[LossTable]:
    """Arrange ablations by the changed model; of several pairs the one of fewest options counts."""
    groups: dict[tuple[str, str], list[Ablation]] = defaultdict(list)
    for one in sorted(found, key=lambda one: one.before.model.count("=")):
        groups[one.base_title, one.before.subject.kind].append(one)
    return [_table(title, members) for (title, _), members in sorted(groups.items())]


def _table(title: str, found: Sequence[Ablation]) -> LossTable:
    rows: dict[str, dict[str, LossCell]] = defaultdict(dict)
    subjects: dict[str, Subject] = {}
    for one in found:
        subjects.setdefault(one.before.subject.name, one.before.subject)
        rows[one.option].setdefault(one.before.subject.name, _cell(one))
    shown = sorted(rows, key=lambda option: -max(cell.shade for cell in rows[option].values()))
    return LossTable(
        title,
        tuple(sorted(subjects.values(), key=lambda subject: subject.name)),
        tuple((options_text(option), rows[option]) for option in shown),
        {options_text(one.option): text for one in found if (text := mechanism(*_change(one)))},
    )


def _change(one: Ablation) -> tuple[str, str]:
    """Return the name of the changed model or method, and the option."""
    before, after = one.before, one.after
    return (before.method if after.model == before.model else before.model), one.option


def _cell(one: Ablation) -> LossCell:
    mean = float(one.loss.mean)
    untested = int(one.loss.count) < MIN_COMMON_SEEDS
    mark: Mark = "loss" if one.costs else "gain" if one.is_gain else "tie"
    text, _, interval = number_format.interval(
        one.loss, difference_range(one.before.subject.primary)
    ).partition(" ")
    return LossCell(
        text=text,
        interval=interval,
        shade=min(int(abs(mean) * 10), 9) if math.isfinite(mean) else 0,
        is_gain=mean < 0,
        mark="untested" if untested else mark,
        base=options_text(one.base_options),
    )
