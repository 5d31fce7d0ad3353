"""Asking: far streams, groups, and sheets fed in pieces, each against what a sum of tokens must give."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from baselines.interface import ModelOutput, SequenceModel
from baselines.models import lstm, memnet
from benchmarks.tasks import mqar, selective_copy_hard
from memnet.config import MemNetConfig
from memnet.recorder import Recorder
from strategies.sequence.evaluate import (
    FAR,
    PIECE,
    evaluate_on_copies,
    evaluate_task,
    evaluate_whole_sequences,
)
from strategies.sequence.task import (
    Batch,
    EvaluationBatch,
    Queries,
    QueryTask,
    SequenceTask,
    WholeSequenceTask,
)
from strategies.sequence.train import measured_curves, measured_metrics, train


def ignore(fraction: float) -> None:
    """Take no note of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A state that counts."""

    seen: Tensor


class Summer(SequenceModel):
    """Answers at each position with the sum of the tokens up to it, modulo 10.

    It notes what it is fed.
    """

    def __init__(self, longest: int | None = None) -> None:
        super().__init__()
        self.unused = torch.nn.Parameter(torch.zeros(1))
        self.longest = longest
        self.fed: list[tuple[int, int]] = []

    def initial_state(self, batch: int) -> Total:
        return Total(seen=torch.zeros(batch, dtype=torch.int64))

    def forward(
        self, inputs: Tensor, state: Total | None = None, *, positions: Tensor, **options: object
    ) -> ModelOutput:
        self.fed.append((inputs.shape[0], inputs.shape[1]))
        assert positions.numel() == 0 or int(positions.max()) < inputs.shape[1]
        sums = (self.initial_state(len(inputs)) if state is None else state).seen.unsqueeze(
            1
        ) + inputs.cumsum(1)
        logits = torch.nn.functional.one_hot(sums.gather(1, positions) % 10, 10).float()
        return ModelOutput(logits=logits, state=Total(seen=sums[:, -1]))


class Far:
    """Streams of ones, twos, threes and fours.

    Two questions, the second in a group; right are the sums.
    """

    def __init__(self, distances: tuple[int, ...]) -> None:
        self.distances = distances
        self.read: list[tuple[int, int]] = []

    def stream(self, start: int, stop: int) -> Tensor:
        self.read.append((start, stop))
        return torch.tensor([[1], [2], [3], [4]]).expand(4, stop - start)

    def read_until(self, distance: int) -> int:
        return distance

    def queries(self) -> Queries:
        # Right after any multiple of 10 tokens, for the rows of even sums and for all rows; else
        # wrong.
        inputs = torch.tensor([[0], [5]]).expand(4, 2, 1)
        return Queries(
            inputs=inputs,
            targets=torch.tensor([[0, 5], [0, 5], [0, 5], [9, 5]]),
            groups={"five": torch.tensor([1])},
        )


def test_beyond_far_the_first_streams_alone_go_on() -> None:
    model, query_stream = Summer(), Far((FAR - 2, 20 * 1000))
    reading = evaluate_on_copies(model, query_stream, progress=ignore, far_streams=2)
    # 8,190 and 20,000 are multiples of ten: the fourth row's first question is wrong, and it is not
    # asked far away.
    assert reading.accuracy_by_distance == [[8190.0, 0.75, 4.0], [20000.0, 1.0, 2.0]]
    assert reading.groups == {"five": [[8190.0, 1.0, 4.0], [20000.0, 1.0, 2.0]]}
    streams = [rows for rows, tokens in model.fed if tokens > 1]
    assert streams == [4] * 8 + [2] * (len(streams) - 8)
    assert len(streams) == len(query_stream.read)
    assert [start for start, _ in query_stream.read[1:]] == [
        stop for _, stop in query_stream.read[:-1]
    ], "in order, each token once"


@pytest.mark.parametrize("far_streams", [1, 3, 4, 9, None])
def test_the_number_of_far_streams_changes_nothing_up_to_far(far_streams: int | None) -> None:
    near = evaluate_on_copies(Summer(), Far((10, FAR)), progress=ignore)
    far = evaluate_on_copies(
        Summer(), Far((10, FAR, 10_000)), progress=ignore, far_streams=far_streams
    )
    assert far.accuracy_by_distance[:2] == near.accuracy_by_distance
    assert far.groups["five"][:2] == near.groups["five"]
    assert far.accuracy_by_distance[2][2] == min(far_streams or 4, 4)


@pytest.mark.parametrize(("most", "at_once"), [(10**6, [8]), (48, [6, 2]), (1, [2, 2, 2, 2])])
def test_questions_are_asked_on_as_many_forks_as_memory_holds(
    monkeypatch: pytest.MonkeyPatch, most: int, at_once: list[int]
) -> None:
    """A state takes 8 bytes here, and there are two forks of each of four streams."""
    expected = evaluate_on_copies(Summer(), Far((FAR - 2,)), progress=ignore)
    monkeypatch.setattr("strategies.sequence.evaluate.COPIES_BYTES", most)
    model = Summer()
    reading = evaluate_on_copies(model, Far((FAR - 2,)), progress=ignore)
    assert (reading.accuracy_by_distance, reading.groups) == (
        expected.accuracy_by_distance,
        expected.groups,
    )
    assert [rows for rows, tokens in model.fed if tokens == 1] == at_once


def test_a_bounded_model_is_asked_no_group_beyond_its_longest() -> None:
    reading = evaluate_on_copies(Summer(longest=10), Far((9, 10)), progress=ignore)
    assert reading.accuracy_by_distance[1] == [10.0, None, 0.0]
    assert reading.groups["five"][1] == [10.0, None, 0.0]
    assert reading.accuracy_by_distance[0][2] == 4.0


def test_groups_are_scored_apart_in_metrics_and_curves() -> None:
    reading = evaluate_on_copies(Summer(), Far((10, 20)), progress=ignore)
    metrics = measured_metrics(reading)
    assert metrics["accuracy_at_20"] == 0.75
    assert metrics["five_accuracy_at_20"] == metrics["five_accuracy"] == 1.0
    curves = measured_curves(reading)
    assert curves["accuracy_by_distance"] == [[10.0, 0.75, 4.0], [20.0, 0.75, 4.0]]
    assert curves["accuracy_by_distance_five"] == [[10.0, 1.0, 4.0], [20.0, 1.0, 4.0]]


def sums(length: int, positions: list[list[int]], mask: list[list[bool]] | None = None) -> Batch:
    """Draw digits, with their true sums as targets."""
    inputs = torch.randint(
        10, (len(positions), length), generator=torch.Generator().manual_seed(length)
    )
    where = torch.tensor(positions)
    targets = inputs.cumsum(1).gather(1, where) % 10
    return Batch(
        inputs=inputs,
        positions=where,
        targets=targets,
        mask=None if mask is None else torch.tensor(mask),
    )


def spoilt(batch: Batch, places: list[tuple[int, int]]) -> Batch:
    """Make the answers at some places wrong."""
    targets = batch.targets.clone()
    for row, place in places:
        targets[row, place] = (targets[row, place] + 1) % 10
    return replace(batch, targets=targets)


POSITIONS = [[2499, 0, 1023], [1024, 1500, 1501], [2048, 2047, 3]]
"""Not in order, on both sides of the borders of pieces, and of different number in each piece."""


def test_a_sheet_in_pieces_is_answered_as_it_would_be_whole() -> None:
    assert PIECE == 1024
    model = Summer()
    batches = [
        EvaluationBatch(distance=5, batch=sums(2500, POSITIONS)),
        EvaluationBatch(distance=7, batch=spoilt(sums(2500, POSITIONS), [(0, 0), (1, 1)])),
    ]
    reading = evaluate_whole_sequences(model, batches, distances=[5, 7], progress=ignore)
    assert reading.accuracy_by_distance == [[5.0, 1.0, 9.0], [7.0, 7 / 9, 9.0]]
    assert model.fed == [(3, 1024), (3, 1024), (3, 452)] * 2
    assert reading.state_bytes == 8


def test_places_that_are_masked_do_not_count() -> None:
    mask = [[True, False, True], [True, True, False], [False, True, True]]
    wrong = spoilt(sums(2500, POSITIONS, mask), [(0, 1), (1, 2), (2, 0)])
    assert evaluate_whole_sequences(
        Summer(), [EvaluationBatch(distance=1, batch=wrong)], distances=[1], progress=ignore
    ).accuracy_by_distance == [[1.0, 1.0, 6.0]]
    wrong = spoilt(sums(2500, POSITIONS, mask), [(0, 0), (2, 1), (2, 2)])
    assert evaluate_whole_sequences(
        Summer(), [EvaluationBatch(distance=1, batch=wrong)], distances=[1], progress=ignore
    ).accuracy_by_distance == [[1.0, 0.5, 6.0]]


def test_sheets_of_one_distance_are_scored_together_and_drawn_one_at_a_time() -> None:
    model = Summer()
    seen: list[int] = []

    def draw() -> Iterator[EvaluationBatch]:
        for number, places in enumerate([[[3]], [[3], [4], [5]]]):
            seen.append(len(model.fed))
            yield EvaluationBatch(
                distance=9, batch=spoilt(sums(8, places), [(0, 0)] if number == 0 else [])
            )

    fractions: list[float] = []
    reading = evaluate_whole_sequences(model, draw(), distances=[9, 10], progress=fractions.append)
    assert reading.accuracy_by_distance == [[9.0, 0.75, 4.0], [10.0, None, 0.0]]
    assert seen == [0, 1], "the second is drawn after the first was read"
    assert fractions == [0.5, 0.5]


def test_a_bounded_model_gets_null_for_sheets_beyond_its_longest() -> None:
    batches = [
        EvaluationBatch(distance=length, batch=sums(length, [[1], [2]])) for length in (10, 20, 21)
    ]
    model = Summer(longest=20)
    reading = evaluate_whole_sequences(model, batches, distances=[10, 20, 21], progress=ignore)
    assert reading.accuracy_by_distance == [[10.0, 1.0, 2.0], [20.0, 1.0, 2.0], [21.0, None, 0.0]]
    assert len(model.fed) == 2
    assert measured_metrics(reading)["accuracy"] is None


class Diary(Summer):
    """Tells the recorder of a slot that died at the age of 5, and of one that is as old as the sequence is long."""

    def forward(
        self,
        inputs: Tensor,
        state: Total | None = None,
        *,
        record: Recorder | None = None,
        **options: object,
    ) -> ModelOutput:
        if record is not None:
            record.tokens += inputs.shape[1]
            record.ended += [5]
            record.alive = [inputs.shape[1]]
        return super().forward(inputs, state, **options)


def test_slots_alive_at_the_end_of_each_sheet_count_as_alive() -> None:
    batches = [EvaluationBatch(distance=length, batch=sums(length, [[1]])) for length in (100, 200)]
    slots = evaluate_whole_sequences(Diary(), batches, distances=[100, 200], progress=ignore).slots
    assert slots is not None
    # Two of four slots have died, both at 5.
    assert slots["lifetimes"]["survival"][-1] == 0.5
    far = evaluate_on_copies(Diary(), Far((10, 20_000)), progress=ignore, far_streams=1).slots
    assert far is not None
    assert far["lifetimes"]["survival"][-1] == 0.5


@pytest.mark.parametrize("model", ["lstm", "memnet"])
def test_real_models_take_sheets(model: str) -> None:
    task = mqar.build(mqar.Config(length=64, pairs=4, vocabulary=64, furthest=128))
    torch.manual_seed(0)
    built = lstm.build(lstm.Config(width=8), task.signature)
    if model == "memnet":
        built = memnet.build(
            MemNetConfig(width=16, bottleneck=16, slots=8, key_width=8), task.signature
        )
    reading = evaluate_task(built, task, 4, torch.Generator().manual_seed(0), ignore)
    assert [row[0] for row in reading.accuracy_by_distance] == [64.0, 128.0]
    assert [row[2] for row in reading.accuracy_by_distance] == [16.0, 32.0]
    assert (reading.slots is not None) == (model == "memnet")
    assert reading.state_bytes > 0


class Neither(SequenceTask):
    """A task that can't be asked."""

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        raise NotImplementedError


def test_a_task_is_asked_in_one_of_the_two_ways() -> None:
    with pytest.raises(TypeError, match="Neither can't be asked: make it a QueryTask"):
        evaluate_task(Summer(), Neither(), 1, torch.Generator(), ignore)


def lenient(self: SequenceTask, logits: Tensor, targets: Tensor) -> Tensor:
    """Call every answer right."""
    return torch.ones_like(targets, dtype=torch.bool)


@pytest.mark.parametrize("way", ["probe", "exam"])
def test_the_task_judges_its_answers(way: str) -> None:
    class Probed(QueryTask):
        far_streams = 1
        correct = lenient

        def sample(self, batch: int, generator: torch.Generator) -> Batch:
            raise NotImplementedError

        def query_stream(self, batch: int, generator: torch.Generator) -> Far:
            return Far((1, 20_000))

    class Examined(WholeSequenceTask):
        distances = (3,)
        correct = lenient

        def sample(self, batch: int, generator: torch.Generator) -> Batch:
            raise NotImplementedError

        def evaluation_batches(
            self, batch: int, generator: torch.Generator
        ) -> Iterator[EvaluationBatch]:
            yield EvaluationBatch(distance=3, batch=spoilt(sums(5, [[1]]), [(0, 0)]))

    reading = evaluate_task(
        Summer(), Probed() if way == "probe" else Examined(), 1, torch.Generator(), ignore
    )
    assert [row[1] for row in reading.accuracy_by_distance] == (
        [1.0, 1.0] if way == "probe" else [1.0]
    )
    assert reading.accuracy_by_distance[-1][2] == 1.0, "and says how many streams go far"


def test_masked_places_teach_nothing() -> None:
    config = selective_copy_hard.Config(train_length=32, furthest=32)

    class Garbled(selective_copy_hard.SelectiveCopyHard):
        def sample(self, batch: int, generator: torch.Generator) -> Batch:
            drawn = super().sample(batch, generator)
            return replace(drawn, targets=torch.where(drawn.mask, drawn.targets, 0))

    curves = []
    for task in (selective_copy_hard.build(config), Garbled(config)):
        torch.manual_seed(0)
        model = lstm.build(lstm.Config(width=8), task.signature)
        curves.append(
            train(model, task, steps=3, batch_size=4, learning_rate=1e-2, seed=0, progress=ignore)
        )
    assert curves[0] == curves[1]


class Careless(Summer):
    """Breaks the contract in one of the ways that a newcomer may."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way

    def forward(
        self, inputs: Tensor, state: Total | None = None, *, positions: Tensor, **options: object
    ) -> ModelOutput:
        if self.way == "positions":
            positions = torch.arange(inputs.shape[1]).expand(inputs.shape[0], -1)
        output = super().forward(inputs, state, positions=positions, **options)
        return (
            replace(output, state=Total(seen=output.state.seen.sum()))
            if self.way == "state"
            else output
        )


@pytest.mark.parametrize(("way", "says"), [("positions", "`positions`"), ("state", "batch-first")])
def test_a_model_that_breaks_the_contract_is_told_which_rule(way: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        evaluate_on_copies(Careless(way), Far((4,)), progress=ignore)
