"""The contract of tasks (`strategies.sequence.task`)."""

import warnings
from itertools import pairwise
from typing import Any

import torch

from baselines.interface import SequenceModel, Signature
from benchmarks.checks.common import options, summary
from benchmarks.checks.rule import BrokenRuleError, Case, expect, rule
from benchmarks.execution.entry_functions import build as build_entry
from results.error_text import one_line
from strategies.sequence.task import Batch, QueryTask, SequenceTask, WholeSequenceTask
from strategies.sequence.train import run_task

COUNTS = ("steps", "batch_size", "streams", "far_streams")
"""Options that are at least 1; the first three are required."""

CUTS = (0, 10, 11, 70, 200, 1224, 1500)
"""Where a stream is cut into pieces."""

BATCH = 8
"""Sequences of a batch."""


def build(case: Case, **given: Any) -> SequenceTask:
    """Build the task with these options."""
    task: SequenceTask = build_entry(case.entry, case.config(**given))
    return task


def generator(seed: int = 0) -> torch.Generator:
    """Return a generator of this seed."""
    return torch.Generator().manual_seed(seed)


def equal(one: Batch, other: Batch) -> bool:
    """Return whether two batches are equal."""
    masks = [torch.ones(1) if batch.mask is None else batch.mask for batch in (one, other)]
    pairs = [
        (one.inputs, other.inputs),
        (one.positions, other.positions),
        (one.targets, other.targets),
        masks,
    ]
    return all(torch.equal(left, right) for left, right in pairs)


def expect_match(signature: Signature, batch: Batch) -> None:
    """Check a batch against the signature that models are built for.

    Raises:
        BrokenRuleError: If they do not match.
    """
    if signature.vocabulary is not None:
        _expect_range("inputs", batch.inputs, signature.vocabulary)
        _expect_range("targets", batch.targets, signature.outputs)
    else:
        shape = tuple(batch.inputs.shape)
        expect(batch.inputs.is_floating_point(), f"inputs are of type {batch.inputs.dtype}")
        expect(
            len(shape) == 3 and shape[2] == signature.features,
            f"inputs are of shape {shape}, expected {signature.features} features",
        )
    shapes = tuple(batch.positions.shape), tuple(batch.targets.shape)
    expect(shapes[0] == shapes[1], f"positions are of shape {shapes[0]}, targets {shapes[1]}")
    _expect_range("positions", batch.positions, batch.inputs.shape[1])
    if batch.mask is not None:
        shape = tuple(batch.mask.shape)
        expect(shape == shapes[0], f"mask is of shape {shape}, expected {shapes[0]}")
        expect(batch.mask.dtype == torch.bool, f"mask is of type {batch.mask.dtype}, expected bool")
        expect(bool(batch.mask.any(1).all()), "the mask leaves a sequence without a target")


def _expect_range(what: str, values: torch.Tensor, below: int) -> None:
    expect(values.dtype == torch.int64, f"{what} are of type {values.dtype}, expected int64")
    low, high = int(values.min()), int(values.max())
    expect(0 <= low <= high < below, f"{what} are from {low} to {high}, expected 0 to {below - 1}")


@rule(
    "Config has steps, batch_size and streams, and refuses values below 1",
    "call baselines.interface.check_positive(steps=self.steps, …) in Config.__post_init__",
)
def counts_are_positive(case: Case) -> None:
    """Set each count to 0."""
    for name in COUNTS:
        if name not in case.option_names:
            expect(name == "far_streams", f"Config has no option {name}")
            continue
        try:
            build(case, **{name: 0})
        except ValueError as error:
            expect(
                f"{name} = 0 must be at least 1" in str(error),
                f"the error does not say '{name} = 0 must be at least 1': {one_line(error)}",
            )
            continue
        raise BrokenRuleError(f"{name} = 0 is accepted")


@rule(
    "the task is a QueryTask or a WholeSequenceTask",
    "subclass one of them (strategies/sequence/task.py)",
    decisive=True,
)
def kind_is_known(case: Case) -> None:
    """Check the type of the task."""
    task = build(case)
    expect(
        isinstance(task, QueryTask | WholeSequenceTask),
        f"build returned a {type(task).__name__}, a SequenceTask of neither kind",
    )


@rule(
    "equal generators give equal samples, which match the signature and its length",
    "draw everything from the generator; state vocabulary, outputs and length in the signature",
)
def samples_are_seeded_and_match_the_signature(case: Case) -> None:
    """Draw samples of three seeds."""
    task = build(case)
    one, same, other = (task.sample(BATCH, generator(seed)) for seed in (1, 1, 2))
    expect(equal(one, same), "two generators of seed 1 give different samples")
    expect(not equal(one, other), "seeds 1 and 2 give equal samples")
    expect(len(one.inputs) == BATCH, f"sample({BATCH}) returned {len(one.inputs)} sequences")
    expect_match(task.signature, one)
    longest = max(task.sample(BATCH, generator(seed)).inputs.shape[1] for seed in range(10))
    length = task.signature.length
    expect(longest == length, f"the longest sample has {longest} steps, signature.length {length}")


@rule(
    "samples are drawn from the given generator alone",
    "pass generator=generator to every random function of torch, and use no other package's",
)
def samples_draw_from_the_given_generator_only(case: Case) -> None:
    """Draw the same samples at two states of the global generator."""
    task = build(case)
    torch.manual_seed(3)
    before = torch.get_rng_state()
    one = task.sample(4, generator())
    expect(torch.equal(torch.get_rng_state(), before), "sample uses torch's global generator")
    torch.manual_seed(4)
    expect(equal(one, task.sample(4, generator())), "samples depend on the global generator")


@rule(
    "a stream in pieces equals the whole stream, and its queries are of the signature",
    "let the piece that is drawn depend on start and stop alone, not on the size of pieces",
)
def stream_in_pieces_equals_the_whole_stream(case: Case) -> None:
    """Read a stream whole and in pieces."""
    task = build(case)
    if not isinstance(task, QueryTask):
        return
    whole, pieced = task.query_stream(4, generator()), task.query_stream(4, generator())
    distances = list(whole.distances)
    expect(
        bool(distances) and distances == sorted(set(distances)) and distances[0] > 0,
        f"distances are {distances}, expected rising numbers of at least 1",
    )
    length = min(CUTS[-1], whole.read_until(distances[-1]))
    cuts = [cut for cut in CUTS if cut < length] + [length]
    tokens = whole.stream(0, length)
    shape = tuple(tokens.shape)
    expect(shape == (4, length), f"stream(0, {length}) is of shape {shape}, expected (4, {length})")
    _expect_range("tokens of the stream", tokens, task.signature.vocabulary or 0)
    pieces = [pieced.stream(start, stop) for start, stop in pairwise(cuts)]
    expect(torch.equal(torch.cat(pieces, dim=1), tokens), f"pieces cut at {cuts} differ")
    queries = whole.queries()
    shapes = tuple(queries.inputs.shape[:2]), tuple(queries.targets.shape)
    expect(shapes[0] == shapes[1], f"queries are of shape {shapes[0]}, their targets {shapes[1]}")
    _expect_range("tokens of the queries", queries.inputs, task.signature.vocabulary or 0)
    _expect_range("targets of the queries", queries.targets, task.signature.outputs)


@rule(
    "the option furthest changes no nearer distance",
    "draw first what all distances share, and then what only the further ones need",
)
def furthest_does_not_change_nearer_distances(case: Case) -> None:
    """Compare streams of two values of the option, where there is one."""
    if "furthest" not in case.option_names or not isinstance(build(case), QueryTask):
        return
    near, far = (
        _query_task(case, furthest=furthest).query_stream(3, generator())
        for furthest in (1024, 2**20)
    )
    shared = list(near.distances)
    expect(list(far.distances)[: len(shared)] == shared, "distances differ")
    expect(far.distances[-1] == 2**20, f"the furthest distance is {far.distances[-1]}, not 2^20")
    for distance in shared:
        until = near.read_until(distance), far.read_until(distance)
        expect(until[0] == until[1], f"distance {distance} is read until {until[0]} and {until[1]}")
    expect(torch.equal(near.stream(0, 1000), far.stream(0, 1000)), "the streams differ")
    expect(torch.equal(near.queries().inputs, far.queries().inputs), "the queries differ")


def _query_task(case: Case, **given: Any) -> QueryTask:
    task = build(case, **given)
    assert isinstance(task, QueryTask)
    return task


@rule(
    "whole sequences: each distance has the given number of sequences, in rising order",
    "yield EvaluationBatch objects of the distances in `distances`, drawn from the generator",
)
def evaluation_batches_are_complete(case: Case) -> None:
    """Draw evaluation batches twice."""
    task, count = build(case), 20
    if not isinstance(task, WholeSequenceTask):
        return
    batches = list(task.evaluation_batches(count, generator()))
    labels = [one.distance for one in batches]
    expect(labels == sorted(labels), f"distances are {labels}, expected rising")
    expect(
        sorted(set(labels)) == list(task.distances),
        f"batches have distances {sorted(set(labels))}, `distances` is {list(task.distances)}",
    )
    for distance in task.distances:
        found = sum(len(one.batch.inputs) for one in batches if one.distance == distance)
        expect(found == count, f"distance {distance} has {found} sequences of {count}")
    again = list(task.evaluation_batches(count, generator()))
    for one, same in zip(batches, again, strict=True):
        expect_match(task.signature, one.batch)
        expect(equal(one.batch, same.batch), "two generators of seed 0 give different batches")


@rule(
    "PRIMARY is measured with default options, and CHANCE is its value under guessing",
    'write PRIMARY = "accuracy_at_D", D one of the distances, and CHANCE = a number, or None',
)
def primary_metric_and_chance_are_stated(case: Case) -> None:
    """Compare the facts with the distances."""
    task, facts = build(case), case.entry.source.facts
    distances = (
        task.distances
        if isinstance(task, WholeSequenceTask)
        else _query_task(case).query_stream(1, generator()).distances
    )
    known = ["accuracy", *(f"accuracy_at_{distance}" for distance in distances)]
    expect(
        facts.get("PRIMARY") in known,
        f"PRIMARY is {facts.get('PRIMARY')!r}, expected one of {', '.join(known)}",
    )
    chance = facts.get("CHANCE", "missing")
    given = isinstance(chance, float | int) and 0 <= chance < 1
    expect(chance is None or given, f"CHANCE is {chance!r}, expected a number from 0 to 1, or None")
    defaults = {option.name: option.default for option in case.entry.source.options}
    for name, values in facts.get("CHANCE_GIVEN", {}).items():
        expect(
            defaults.get(name) in values,
            f"CHANCE_GIVEN allows {name} = {values}, and the default is {defaults.get(name)}",
        )


@rule(
    "a small model trains on the task and is evaluated",
    "run memnet run TASK --plugin FILE.py --models lstm --set steps=2 to see the traceback",
)
def a_small_model_runs(case: Case) -> None:
    """Train a small LSTM for two steps, and evaluate it."""
    from baselines.models import lstm

    def small(signature: Signature) -> SequenceModel:
        return lstm.build(lstm.Config(width=8), signature)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statistics of two streams
        outcome = run_task(
            build(case),
            small,
            steps=2,
            batch_size=2,
            streams=2,
            learning_rate=1e-3,
            seed=0,
            device=torch.device("cpu"),
            progress=lambda fraction: None,
        )
    expect("accuracy" in outcome.metrics, f"the metrics are {', '.join(outcome.metrics)}")


TASK_RULES = (
    summary,
    options,
    kind_is_known,
    counts_are_positive,
    samples_are_seeded_and_match_the_signature,
    samples_draw_from_the_given_generator_only,
    stream_in_pieces_equals_the_whole_stream,
    furthest_does_not_change_nearer_distances,
    evaluation_batches_are_complete,
    primary_metric_and_chance_are_stated,
    a_small_model_runs,
)
"""The rules of tasks."""
