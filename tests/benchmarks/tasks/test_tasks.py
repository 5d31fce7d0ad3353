"""Contract of every task: seeding, signature, primary metric, chance.

The tests of each task's rule are in the other files of this folder.
"""

from typing import Any

import pytest
import torch

from baselines.registry import Entry, Registry
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
from strategies.sequence.task import Batch, EvaluationBatch, QueryTask, WholeSequenceTask
from tests.benchmarks.tasks.oracles import SOLVERS
from tests.benchmarks.tasks.seeded_draws import generator


def build(entry: Entry, **options: Any) -> Any:
    module = entry.load()
    return module.build(module.Config(**options))


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


@pytest.mark.parametrize("entry", TASKS)
def test_counts_below_one_are_errors_that_name_the_option(entry: Entry) -> None:
    names = {"steps", "batch_size", "streams", "far_streams"} & {
        option.name for option in entry.source.options
    }
    assert {"steps", "batch_size", "streams"} <= names
    for name in names:
        with pytest.raises(ValueError, match=f"{name} = 0 must be at least 1"):
            build(entry, **{name: 0})


def equal(one: Batch, other: Batch) -> bool:
    masks = [torch.ones(1) if batch.mask is None else batch.mask for batch in (one, other)]
    pairs = [
        (one.inputs, other.inputs),
        (one.positions, other.positions),
        (one.targets, other.targets),
        masks,
    ]
    return all(torch.equal(left, right) for left, right in pairs)


def assert_matches(signature: Any, batch: Batch) -> None:
    """Check a batch against the signature that models are built for."""
    if signature.vocabulary is not None:
        assert batch.inputs.dtype == torch.int64
        assert batch.inputs.min() >= 0
        assert batch.inputs.max() < signature.vocabulary
        assert batch.targets.min() >= 0
        assert batch.targets.max() < signature.outputs
    else:
        assert batch.inputs.is_floating_point()
        assert batch.inputs.shape[2] == signature.features
    assert batch.positions.shape == batch.targets.shape
    assert batch.positions.min() >= 0
    assert batch.positions.max() < batch.inputs.shape[1]
    if batch.mask is not None:
        assert batch.mask.shape == batch.positions.shape
        assert batch.mask.dtype == torch.bool
        assert batch.mask.any(1).all(), "every sequence has a target"


@pytest.mark.parametrize("entry", TASKS)
def test_samples_are_seeded_and_match_the_signature(entry: Entry) -> None:
    task = build(entry)
    one, same, other = (task.sample(8, generator(seed)) for seed in (1, 1, 2))
    assert equal(one, same)
    assert not equal(one, other)
    assert_matches(task.signature, one)
    longest = max(task.sample(8, generator(seed)).inputs.shape[1] for seed in range(10))
    assert longest == task.signature.length


@pytest.mark.parametrize("entry", TASKS)
def test_samples_draw_from_the_given_generator_only(entry: Entry) -> None:
    task = build(entry)
    torch.manual_seed(3)
    before = torch.get_rng_state()
    one = task.sample(4, generator())
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(4)
    assert equal(one, task.sample(4, generator()))


@pytest.mark.parametrize("entry", QUERY_TASKS)
def test_stream_in_pieces_equals_the_whole_stream(entry: Entry) -> None:
    task = build(entry)
    whole, pieced = task.query_stream(4, generator()), task.query_stream(4, generator())
    pieces = [
        pieced.stream(start, stop)
        for start, stop in [(0, 10), (10, 11), (11, 70), (70, 200), (200, 1224), (1224, 1500)]
    ]
    tokens = whole.stream(0, 1500)
    assert torch.equal(torch.cat(pieces, dim=1), tokens)
    assert tokens.shape == (4, 1500)
    assert tokens.max() < task.signature.vocabulary
    assert list(whole.distances) == sorted(set(whole.distances))
    queries = whole.queries()
    assert queries.inputs.shape[:2] == queries.targets.shape
    assert queries.inputs.max() < task.signature.vocabulary
    assert queries.targets.max() < task.signature.outputs


@pytest.mark.parametrize("entry", QUERY_TASKS)
def test_furthest_does_not_change_nearer_distances(entry: Entry) -> None:
    near, far = (
        build(entry, furthest=furthest).query_stream(3, generator()) for furthest in (1024, 2**20)
    )
    assert far.distances[: len(near.distances)] == near.distances
    assert far.distances[-1] == 2**20
    assert [far.read_until(distance) for distance in near.distances] == [
        near.read_until(distance) for distance in near.distances
    ]
    assert torch.equal(near.stream(0, 1000), far.stream(0, 1000))
    assert torch.equal(near.queries().inputs, far.queries().inputs)


@pytest.mark.parametrize("entry", QUERY_TASKS)
def test_far_streams_is_an_option(entry: Entry) -> None:
    assert build(entry).far_streams == 10
    assert build(entry, far_streams=3).far_streams == 3
    with pytest.raises(ValueError, match="far_streams = 0"):
        build(entry, far_streams=0)


@pytest.mark.parametrize("entry", WHOLE_SEQUENCE_TASKS)
def test_evaluation_has_the_given_number_of_sequences_at_every_distance(entry: Entry) -> None:
    task = build(entry)
    batches: list[EvaluationBatch] = list(task.evaluation_batches(20, generator()))
    labels = [evaluation.distance for evaluation in batches]
    assert labels == sorted(labels)
    assert sorted(set(labels)) == list(task.distances)
    for distance in task.distances:
        assert (
            sum(
                len(evaluation.batch.inputs)
                for evaluation in batches
                if evaluation.distance == distance
            )
            == 20
        )
    again = list(task.evaluation_batches(20, generator()))
    for evaluation, same in zip(batches, again, strict=True):
        assert_matches(task.signature, evaluation.batch)
        assert equal(evaluation.batch, same.batch)


@pytest.mark.parametrize("entry", TASKS)
def test_facts_state_the_primary_metric_and_chance(entry: Entry) -> None:
    task = build(entry)
    distances = (
        task.query_stream(1, generator()).distances
        if isinstance(task, QueryTask)
        else task.distances
    )
    assert entry.source.facts["PRIMARY"] in {"accuracy", *(f"accuracy_at_{d}" for d in distances)}
    assert 0 < entry.source.facts["CHANCE"] < 0.5
    options = {option.name: option.default for option in entry.source.options}
    given = entry.source.facts.get("CHANCE_GIVEN", {})
    assert all(options[name] in values for name, values in given.items()), (
        "the defaults satisfy the condition"
    )


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
    assert_matches(task.signature, task.sample(16, generator()))
