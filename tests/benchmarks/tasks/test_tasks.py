"""Contract of every task (the rules of `benchmarks.checks.tasks`), and of our own tasks.

The tests of each task's rule are in the other files of this folder.
"""

from typing import Any

import pytest
import torch

from baselines.registry import Entry, Registry
from benchmarks.checks import tasks
from benchmarks.checks.rule import Case, Rule
from benchmarks.tasks import (
    adding,
    association,
    association_hard,
    copy,
    delayed_recall,
    delayed_recall_hard,
    hops,
    induction,
    induction_hard,
    mqar,
    recall_any,
    selective_copy,
    selective_copy_hard,
    state_tracking,
)
from strategies.sequence.task import QueryTask, WholeSequenceTask
from tests.benchmarks.tasks.oracles import SOLVERS
from tests.benchmarks.tasks.seeded_draws import generator


def build(entry: Entry, **options: Any) -> Any:
    return tasks.build(Case(entry=entry), **options)


TASKS = [pytest.param(entry, id=entry.name) for entry in Registry("task")]
QUERY_TASKS = [
    pytest.param(entry, id=entry.name)
    for entry in Registry("task")
    if isinstance(build(entry), QueryTask)
]
WHOLE_SEQUENCE_TASKS = [
    pytest.param(entry, id=entry.name)
    for entry in Registry("task")
    if isinstance(build(entry), WholeSequenceTask)
]


def test_every_task_is_a_query_task_or_a_whole_sequence_task() -> None:
    assert len(QUERY_TASKS) + len(WHOLE_SEQUENCE_TASKS) == len(TASKS)


@pytest.mark.parametrize("rule", tasks.TASK_RULES, ids=lambda rule: rule.name)
@pytest.mark.parametrize("entry", TASKS)
def test_task_fulfils_contract(entry: Entry, rule: Rule) -> None:
    rule.check(Case(entry=entry))


@pytest.mark.parametrize("entry", TASKS)
def test_chance_is_known(entry: Entry) -> None:
    assert 0 < entry.source.facts["CHANCE"] < 0.5


@pytest.mark.parametrize("entry", QUERY_TASKS)
def test_far_streams_is_an_option(entry: Entry) -> None:
    assert build(entry).far_streams == 10
    assert build(entry, far_streams=3).far_streams == 3
    with pytest.raises(ValueError, match="far_streams = 0"):
        build(entry, far_streams=0)


GUESSABLE = [
    entry
    for entry in TASKS
    if entry.id in SOLVERS and entry.id not in ("adding", "association-hard", "state-tracking")
]
"""Tasks in which every target is equally likely.

In the others it is a number, or depends on the query or on the position: see their files.
"""


ANSWER_COUNTS = {"vocabulary", "entities", "leaves", "values", "symbols", "types"}
"""Options that set the number of possible targets."""


@pytest.mark.parametrize("entry", TASKS)
def test_chance_depends_on_the_options_that_set_the_number_of_targets(entry: Entry) -> None:
    counts = ANSWER_COUNTS & {option.name for option in entry.source.options}
    assert len(counts & set(entry.source.facts.get("CHANCE_GIVEN", {}))) == min(1, len(counts))


@pytest.mark.parametrize("entry", GUESSABLE)
def test_guessing_has_chance_accuracy(entry: Entry) -> None:
    task, drawn, chance = build(entry), generator(), entry.source.facts["CHANCE"]
    answers = []
    while sum(map(len, answers)) < max(20_000, 60 / chance):
        batch = task.sample(64, drawn)
        answers.append(batch.targets.flatten() if batch.mask is None else batch.targets[batch.mask])
    right = torch.cat(answers)
    guesses = right[
        torch.randperm(len(right), generator=drawn)
    ]  # targets of other queries: as likely, without information
    spread = (chance * (1 - chance) / len(right)) ** 0.5
    assert float((guesses == right).double().mean()) == pytest.approx(chance, abs=4 * spread)


@pytest.mark.parametrize(
    ("config", "options", "message"),
    [
        (induction.Config, {"vocabulary": 2}, "vocabulary = 2"),
        (induction.Config, {"streams": 0}, "streams = 0"),
        (induction_hard.Config, {"vocabulary": 3}, "vocabulary = 3"),
        (induction_hard.Config, {"furthest": 32}, "furthest = 32"),
        (delayed_recall.Config, {"pairs": 65}, "pairs = 65"),
        (delayed_recall.Config, {"furthest": 64}, "furthest = 64"),
        (delayed_recall_hard.Config, {"pairs": 33}, "pairs = 33"),
        (mqar.Config, {"pairs": 129}, "length = 512 with pairs = 129"),
        (mqar.Config, {"vocabulary": 500}, "vocabulary = 500"),
        (mqar.Config, {"furthest": 32}, "furthest = 32"),
        (association.Config, {"hops": 4}, "hops = 4"),
        (association.Config, {"chains": 22}, "chains = 22"),
        (association.Config, {"train_length": 35}, "train_length = 35"),
        (association_hard.Config, {"chains": 22}, "chains = 22"),
        (association_hard.Config, {"train_length": 71}, "train_length = 71"),
        (selective_copy.Config, {"items": 300}, "items = 300"),
        (selective_copy.Config, {"furthest": 128}, "furthest = 128"),
        (selective_copy_hard.Config, {"fewest": 17}, "fewest = 17"),
        (selective_copy_hard.Config, {"noise": 0}, "noise = 0"),
        (copy.Config, {"symbols": 1}, "symbols = 1"),
        (copy.Config, {"furthest": 10}, "furthest = 10"),
        (adding.Config, {"train_length": 1}, "train_length = 1"),
        (recall_any.Config, {"vocabulary": 17}, "vocabulary = 17"),
        (recall_any.Config, {"queries": 16}, "queries = 16"),
        (recall_any.Config, {"furthest": 64}, "furthest = 64"),
        (hops.Config, {"train_hops": 6}, "train_hops = 6"),
        (hops.Config, {"links": 5}, "links = 5"),
        (hops.Config, {"queries": 9}, "queries = 9"),
        (hops.Config, {"train_length": 47}, "train_length = 47"),
        (hops.Config, {"furthest": 32}, "furthest = 32"),
        (state_tracking.Config, {"moved": 1}, "moved = 1"),
        (state_tracking.Config, {"furthest": 8}, "train_length = 16"),
    ],
)
def test_invalid_options_are_errors(config: Any, options: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        config(**options)


@pytest.mark.parametrize(
    ("module", "options"),
    [
        (association, {"train_length": 36}),
        (association, {"hops": 3}),
        (association, {"hops": 1}),
        (association_hard, {"train_length": 72}),
        (delayed_recall_hard, {"pairs": 32}),
        (mqar, {"length": 64, "pairs": 16, "vocabulary": 36, "furthest": 64}),
        (copy, {"train_length": 3}),
        (adding, {"train_length": 2}),
        (selective_copy, {"items": 256}),
        (induction_hard, {"vocabulary": 4, "train_length": 5}),
        (recall_any, {"vocabulary": 32, "train_length": 256}),
        (recall_any, {"vocabulary": 4, "queries": 3, "train_length": 32}),
        (hops, {"train_length": 48}),
        (hops, {"train_hops": 5}),
        (hops, {"train_hops": 1, "links": 6, "entities": 6, "queries": 6, "train_length": 36}),
        (state_tracking, {"moved": 2, "train_length": 4}),
    ],
)
def test_options_at_their_limits_can_be_drawn(module: Any, options: dict[str, int]) -> None:
    task = module.build(module.Config(**options))
    tasks.expect_match(task.signature, task.sample(16, generator()))
