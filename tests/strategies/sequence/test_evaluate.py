"""Evaluation: far streams, groups and sequences in pieces, against known sums of tokens."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from baselines.interface import ModelOutput, SequenceModel, Signature
from baselines.models import lstm, memnet
from benchmarks.tasks import mqar, selective_copy_hard
from memnet.config import MemNetConfig
from memnet.recorder import Recorder
from strategies.common.checkpoint import Checkpoint, Parts
from strategies.sequence.evaluate import (
    EVALUATION_PIECE,
    FAR_DISTANCE,
    evaluate_on_copies,
    evaluate_task,
    evaluate_whole_sequences,
)
from strategies.sequence.evaluation_result import result_curves, result_metrics
from strategies.sequence.task import (
    Batch,
    EvaluationBatch,
    Queries,
    QueryTask,
    SequenceTask,
    WholeSequenceTask,
    largest_is_target,
)
from strategies.sequence.train import train


def ignore(fraction: float) -> None:
    """Ignore the progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A state that counts."""

    seen: Tensor


class Summer(SequenceModel):
    """Answers at each position with the sum of the tokens up to it, modulo 10.

    It records the shapes of its inputs.
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

    There are two queries, the second in a group; correct answers are the sums.
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
        # Correct after any multiple of 10 tokens, for all rows but the fourth, and for all rows;
        # else wrong.
        inputs = torch.tensor([[0], [5]]).expand(4, 2, 1)
        return Queries(
            inputs=inputs,
            targets=torch.tensor([[0, 5], [0, 5], [0, 5], [9, 5]]),
            groups={"five": torch.tensor([1])},
        )


def test_only_the_first_streams_are_read_beyond_the_far_distance() -> None:
    model, query_stream = Summer(), Far((FAR_DISTANCE - 2, 20 * 1000))
    result = evaluate_on_copies(model, query_stream, progress=ignore, far_streams=2)
    # 8,190 and 20,000 are multiples of ten. The fourth row's first query is answered wrongly, and
    # that row is not read beyond the far distance.
    assert result.accuracy_by_distance == [[8190.0, 0.75, 4.0], [20000.0, 1.0, 2.0]]
    assert result.groups == {"five": [[8190.0, 1.0, 4.0], [20000.0, 1.0, 2.0]]}
    streams = [rows for rows, tokens in model.fed if tokens > 1]
    assert streams == [4] * 8 + [2] * (len(streams) - 8)
    assert len(streams) == len(query_stream.read)
    assert [start for start, _ in query_stream.read[1:]] == [
        stop for _, stop in query_stream.read[:-1]
    ], "in order, each token once"


@pytest.mark.parametrize("far_streams", [1, 3, 4, 9, None])
def test_far_streams_do_not_affect_near_distances(far_streams: int | None) -> None:
    near = evaluate_on_copies(Summer(), Far((10, FAR_DISTANCE)), progress=ignore)
    far = evaluate_on_copies(
        Summer(), Far((10, FAR_DISTANCE, 10_000)), progress=ignore, far_streams=far_streams
    )
    assert far.accuracy_by_distance[:2] == near.accuracy_by_distance
    assert far.groups["five"][:2] == near.groups["five"]
    assert far.accuracy_by_distance[2][2] == min(far_streams or 4, 4)


@pytest.mark.parametrize(("most", "at_once"), [(10**6, [8]), (48, [6, 2]), (1, [2, 2, 2, 2])])
def test_copies_of_a_state_are_bounded_in_bytes(
    monkeypatch: pytest.MonkeyPatch, most: int, at_once: list[int]
) -> None:
    """A state takes 8 bytes here, and each of four streams needs two copies."""
    expected = evaluate_on_copies(Summer(), Far((FAR_DISTANCE - 2,)), progress=ignore)
    monkeypatch.setattr("strategies.sequence.evaluate.COPIES_BYTES", most)
    model = Summer()
    result = evaluate_on_copies(model, Far((FAR_DISTANCE - 2,)), progress=ignore)
    assert (result.accuracy_by_distance, result.groups) == (
        expected.accuracy_by_distance,
        expected.groups,
    )
    assert [rows for rows, tokens in model.fed if tokens == 1] == at_once


def test_a_bounded_model_has_no_group_accuracy_beyond_its_longest() -> None:
    result = evaluate_on_copies(Summer(longest=10), Far((9, 10)), progress=ignore)
    assert result.accuracy_by_distance[1] == [10.0, None, 0.0]
    assert result.groups["five"][1] == [10.0, None, 0.0]
    assert result.accuracy_by_distance[0][2] == 4.0


def test_groups_have_separate_metrics_and_curves() -> None:
    result = evaluate_on_copies(Summer(), Far((10, 20)), progress=ignore)
    metrics = result_metrics(result)
    assert metrics["accuracy_at_20"] == 0.75
    assert metrics["five_accuracy_at_20"] == metrics["five_accuracy"] == 1.0
    curves = result_curves(result)
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
    """Make the targets at some places wrong."""
    targets = batch.targets.clone()
    for row, place in places:
        targets[row, place] = (targets[row, place] + 1) % 10
    return replace(batch, targets=targets)


POSITIONS = [[2499, 0, 1023], [1024, 1500, 1501], [2048, 2047, 3]]
"""Unordered positions on both sides of piece boundaries, with different numbers per piece."""


def test_a_sequence_in_pieces_gives_the_answers_of_the_whole_sequence() -> None:
    assert EVALUATION_PIECE == 1024
    model = Summer()
    batches = [
        EvaluationBatch(distance=5, batch=sums(2500, POSITIONS)),
        EvaluationBatch(distance=7, batch=spoilt(sums(2500, POSITIONS), [(0, 0), (1, 1)])),
    ]
    result = evaluate_whole_sequences(model, batches, distances=[5, 7], progress=ignore)
    assert result.accuracy_by_distance == [[5.0, 1.0, 9.0], [7.0, 7 / 9, 9.0]]
    assert model.fed == [(3, 1024), (3, 1024), (3, 452)] * 2
    assert result.state_bytes == 8


def test_masked_positions_do_not_count() -> None:
    mask = [[True, False, True], [True, True, False], [False, True, True]]
    wrong = spoilt(sums(2500, POSITIONS, mask), [(0, 1), (1, 2), (2, 0)])
    assert evaluate_whole_sequences(
        Summer(), [EvaluationBatch(distance=1, batch=wrong)], distances=[1], progress=ignore
    ).accuracy_by_distance == [[1.0, 1.0, 6.0]]
    wrong = spoilt(sums(2500, POSITIONS, mask), [(0, 0), (2, 1), (2, 2)])
    assert evaluate_whole_sequences(
        Summer(), [EvaluationBatch(distance=1, batch=wrong)], distances=[1], progress=ignore
    ).accuracy_by_distance == [[1.0, 0.5, 6.0]]


def test_batches_of_one_distance_are_scored_together_and_drawn_on_demand() -> None:
    model = Summer()
    seen: list[int] = []

    def draw() -> Iterator[EvaluationBatch]:
        for number, places in enumerate([[[3]], [[3], [4], [5]]]):
            seen.append(len(model.fed))
            yield EvaluationBatch(
                distance=9, batch=spoilt(sums(8, places), [(0, 0)] if number == 0 else [])
            )

    fractions: list[float] = []
    result = evaluate_whole_sequences(model, draw(), distances=[9, 10], progress=fractions.append)
    assert result.accuracy_by_distance == [[9.0, 0.75, 4.0], [10.0, None, 0.0]]
    assert seen == [0, 1], "the second is drawn after the first was read"
    assert fractions == [0.5, 0.5]


def test_a_bounded_model_has_null_accuracy_beyond_its_longest() -> None:
    batches = [
        EvaluationBatch(distance=length, batch=sums(length, [[1], [2]])) for length in (10, 20, 21)
    ]
    model = Summer(longest=20)
    result = evaluate_whole_sequences(model, batches, distances=[10, 20, 21], progress=ignore)
    assert result.accuracy_by_distance == [[10.0, 1.0, 2.0], [20.0, 1.0, 2.0], [21.0, None, 0.0]]
    assert len(model.fed) == 2
    assert result_metrics(result)["accuracy"] is None


class Diary(Summer):
    """Records one slot that died at the age of 5, and one as old as the sequence."""

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


def test_slots_alive_at_the_end_of_a_sequence_count_as_alive() -> None:
    batches = [EvaluationBatch(distance=length, batch=sums(length, [[1]])) for length in (100, 200)]
    slots = evaluate_whole_sequences(Diary(), batches, distances=[100, 200], progress=ignore).slots
    assert slots is not None
    # Two of four slots have died, both at 5.
    assert slots["lifetimes"]["survival"][-1] == 0.5
    far = evaluate_on_copies(Diary(), Far((10, 20_000)), progress=ignore, far_streams=1).slots
    assert far is not None
    assert far["lifetimes"]["survival"][-1] == 0.5


@pytest.mark.parametrize("model", ["lstm", "memnet"])
def test_real_models_run_whole_sequence_evaluation(model: str) -> None:
    task = mqar.build(mqar.Config(length=64, pairs=4, vocabulary=64, furthest=128))
    torch.manual_seed(0)
    built = lstm.build(lstm.Config(width=8), task.signature)
    if model == "memnet":
        built = memnet.build(
            MemNetConfig(width=16, bottleneck=16, slots=8, key_width=8), task.signature
        )
    result = evaluate_task(built, task, 4, torch.Generator().manual_seed(0), ignore)
    assert [row[0] for row in result.accuracy_by_distance] == [64.0, 128.0]
    assert [row[2] for row in result.accuracy_by_distance] == [16.0, 32.0]
    assert (result.slots is not None) == (model == "memnet")
    assert result.state_bytes > 0


class Neither(SequenceTask):
    """A task of neither kind."""

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        raise NotImplementedError


def test_a_task_of_neither_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="Neither can't be evaluated: make it a QueryTask"):
        evaluate_task(Summer(), Neither(), 1, torch.Generator(), ignore)


def lenient(self: SequenceTask, logits: Tensor, targets: Tensor) -> Tensor:
    """Accept every answer."""
    return torch.ones_like(targets, dtype=torch.bool)


@pytest.mark.parametrize("way", ["queries", "whole"])
def test_the_task_defines_correct_answers(way: str) -> None:
    class Queried(QueryTask):
        far_streams = 1
        correct = lenient

        def sample(self, batch: int, generator: torch.Generator) -> Batch:
            raise NotImplementedError

        def query_stream(self, batch: int, generator: torch.Generator) -> Far:
            return Far((1, 20_000))

    class Whole(WholeSequenceTask):
        distances = (3,)
        correct = lenient

        def sample(self, batch: int, generator: torch.Generator) -> Batch:
            raise NotImplementedError

        def evaluation_batches(
            self, batch: int, generator: torch.Generator
        ) -> Iterator[EvaluationBatch]:
            yield EvaluationBatch(distance=3, batch=spoilt(sums(5, [[1]]), [(0, 0)]))

    result = evaluate_task(
        Summer(), Queried() if way == "queries" else Whole(), 1, torch.Generator(), ignore
    )
    assert [row[1] for row in result.accuracy_by_distance] == (
        [1.0, 1.0] if way == "queries" else [1.0]
    )
    assert result.accuracy_by_distance[-1][2] == 1.0, "far_streams is used"


def test_masked_positions_do_not_affect_training() -> None:
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
            train(
                model, task, steps=3, batch_size=4, learning_rate=1e-2, seed=0, progress=ignore
            ).losses
        )
    assert curves[0] == curves[1]


class Careless(Summer):
    """Breaks the model interface in one of the likely ways."""

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


@pytest.mark.parametrize(("way", "rule"), [("positions", "`positions`"), ("state", "batch-first")])
def test_the_error_names_the_broken_rule_of_the_model_interface(way: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        evaluate_on_copies(Careless(way), Far((4,)), progress=ignore)


class RandomStream:
    """Streams of random tokens with queries about nothing: the answers show the state.

    Tokens depend on their position alone, not on the pieces in which they are drawn.
    """

    def __init__(self, distances: tuple[int, ...]) -> None:
        self.distances = distances
        self.tokens = torch.randint(16, (3, 3000), generator=torch.Generator().manual_seed(1))

    def stream(self, start: int, stop: int) -> Tensor:
        return self.tokens[:, start:stop]

    def read_until(self, distance: int) -> int:
        return distance

    def queries(self) -> Queries:
        inputs = torch.arange(16).expand(3, 16).unsqueeze(2)
        return Queries(inputs=inputs, targets=torch.zeros(3, 16, dtype=torch.int64))


def full_memnet(chunk: int) -> SequenceModel:
    """Return a MemNet with so few slots that they are always evicted."""
    torch.manual_seed(0)
    config = MemNetConfig(width=16, bottleneck=16, slots=4, key_width=8, chunk=chunk)
    return memnet.build(config, Signature(vocabulary=16, outputs=16, length=64))


def answers_at(model: SequenceModel, distances: tuple[int, ...]) -> dict[int, Tensor]:
    """Return the logits of all queries at each distance, exactly."""
    logits: list[Tensor] = []

    def keep(answers: Tensor, targets: Tensor) -> Tensor:
        logits.append(answers.clone())
        return largest_is_target(answers, targets)

    evaluate_on_copies(model, RandomStream(distances), progress=ignore, correct=keep)
    return dict(zip(sorted(distances), logits, strict=True))


@pytest.mark.parametrize("chunk", [64, 48, 1050])
def test_a_distance_within_a_segment_does_not_affect_later_ones(chunk: int) -> None:
    model = full_memnet(chunk)
    distances = (5, 30, 33, 101, 1030, 1100)
    together = answers_at(model, distances)
    for distance in distances:
        assert torch.equal(together[distance], answers_at(model, (distance,))[distance]), distance


def test_a_model_of_segments_reads_whole_segments_and_copies_read_the_rest() -> None:
    class Segmented(Summer):
        streaming = "segment"
        segment = 48

    model, exact = Segmented(), Summer()
    stream = Far((30, 50, 1100))
    result = evaluate_on_copies(model, stream, progress=ignore)
    assert result == evaluate_on_copies(exact, Far((30, 50, 1100)), progress=ignore)
    assert stream.read == [(0, 30), (30, 50), (50, 1024), (1024, 1100)], "as for other models"
    assert [tokens for _, tokens in model.fed if tokens > 1] == [30, 48, 2, 960, 48, 44]
    assert [tokens for _, tokens in exact.fed if tokens > 1] == [30, 20, 974, 76]


@pytest.mark.parametrize("chunk", [48, 80])
def test_pieces_of_whole_sequences_are_whole_segments(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("strategies.sequence.evaluate.EVALUATION_PIECE", 100)
    model = full_memnet(chunk)
    inputs = torch.randint(16, (2, 300), generator=torch.Generator().manual_seed(2))
    positions = torch.arange(300).expand(2, 300)
    answers: list[Tensor] = []

    def keep(logits: Tensor, targets: Tensor) -> Tensor:
        answers.append(logits)
        return largest_is_target(logits, targets)

    with torch.inference_mode():
        whole = model.eval()(inputs, positions=positions).logits
    batch = Batch(inputs=inputs, positions=positions, targets=torch.zeros_like(positions))
    evaluate_whole_sequences(
        model,
        [EvaluationBatch(distance=1, batch=batch)],
        distances=[1],
        progress=ignore,
        correct=keep,
    )
    torch.testing.assert_close(torch.cat(answers, dim=1), whole)


@pytest.mark.parametrize("cut", [30, 101, 1024])
def test_an_evaluation_resumes_within_a_segment(cut: int, tmp_path: Path) -> None:
    model, distances, parts = full_memnet(48), (30, 101, 1030, 1100), Parts(stateful={})

    def stop(fraction: float) -> None:
        if fraction * 1100 >= cut:
            raise KeyboardInterrupt

    fed = count_tokens(model)
    whole = evaluate_on_copies(model, RandomStream(distances), progress=ignore)
    first = Checkpoint(tmp_path / "file", every=0.0)
    first.save(parts, {})
    with pytest.raises(KeyboardInterrupt):
        evaluate_on_copies(model, RandomStream(distances), progress=stop, checkpoint=first)
    second = Checkpoint(tmp_path / "file")
    assert second.resume(parts) is not None
    total = sum(fed)
    fed.clear()
    resumed = evaluate_on_copies(model, RandomStream(distances), progress=ignore, checkpoint=second)
    assert resumed == whole
    assert cut == 30 or sum(fed) < total, "it does not start again"


def count_tokens(model: SequenceModel) -> list[int]:
    """Return a list that receives the length of each input of the model."""
    fed: list[int] = []
    model.register_forward_pre_hook(lambda module, inputs: fed.append(inputs[0].shape[1]))
    return fed
