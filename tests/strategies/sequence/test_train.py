"""Training on tasks: it learns, it is reproducible, and evaluation uses copies of the state."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from baselines.interface import ModelOutput, SequenceModel, Signature
from baselines.models import lstm, memnet, transformer_full
from benchmarks.tasks import adding, association, induction
from memnet.config import MemNetConfig
from results.records.record import Outcome
from strategies.sequence.evaluate import evaluate_on_copies
from strategies.sequence.learning_rate_schedule import rate_at
from strategies.sequence.task import Queries
from strategies.sequence.train import run_task

CPU = torch.device("cpu")


def learn_induction(seed: int, steps: int = 30) -> Outcome:
    config = MemNetConfig(chunk=16, dream_every=32)
    task = induction.build(induction.Config(train_length=32, furthest=256))
    torch.manual_seed(seed)
    return run_task(
        task,
        lambda signature: memnet.build(config, signature),
        steps=steps,
        batch_size=16,
        streams=64,
        learning_rate=3e-3,
        seed=seed,
        device=CPU,
        progress=lambda fraction: None,
    )


def test_memnet_learns_induction_beyond_the_training_length() -> None:
    outcome = learn_induction(seed=1)
    assert outcome.metrics["accuracy_at_256"] is not None
    assert outcome.metrics["accuracy_at_256"] > 0.9, "trained at 32"
    assert outcome.slots is not None
    assert {
        "eviction_retention",
        "occupancy",
        "write_rate",
        "reuse",
        "read_entropy",
        "read_sparsity",
        "lifetimes",
    } == set(outcome.slots)
    assert outcome.cost.state_bytes > 0
    assert outcome.cost.train_examples == 30 * 16


def test_results_depend_on_the_seed_alone() -> None:
    one, same, other = learn_induction(2, 4), learn_induction(2, 4), learn_induction(3, 4)
    assert one.metrics == same.metrics
    assert one.curves == same.curves
    assert one.curves["training_loss"] != other.curves["training_loss"]


def test_a_fixed_number_of_steps_is_validated_before_training_and_ten_times() -> None:
    learning = learn_induction(seed=0).learning
    assert learning is not None
    assert [point.step for point in learning.curve] == [0, *range(3, 31, 3)]
    assert learning.initial_accuracy == learning.curve[0].accuracy < 0.5
    assert learning.solved is None


def test_validation_does_not_change_training(monkeypatch: pytest.MonkeyPatch) -> None:
    validated = learn_induction(seed=0, steps=3)
    monkeypatch.setattr("strategies.sequence.validation.VALIDATION_SEQUENCES", 1)
    monkeypatch.setattr("strategies.sequence.validation.PARTS", 1)
    seldom = learn_induction(seed=0, steps=3)
    assert validated.metrics == seldom.metrics
    assert validated.curves == seldom.curves


def test_diverged_training_ends_with_an_error() -> None:
    class Blown(lstm.LSTM):
        steps = 0

        def objective(self, task_loss: Tensor, losses: object) -> Tensor:
            self.steps += 1
            return task_loss * (float("inf") if self.steps == 3 else 1.0)

    made: list[Blown] = []

    def build(signature: Signature) -> Blown:
        made.append(Blown(lstm.Config(width=8), signature))
        return made[0]

    task = induction.build(induction.Config(train_length=16, furthest=64))
    with pytest.raises(
        FloatingPointError,
        match=r"diverged: the loss was nan at step 4 of 9, at a .* rate of 0.003; .*rate=0.001\)",
    ):
        run_task(
            task,
            build,
            steps=9,
            batch_size=4,
            streams=4,
            learning_rate=3e-3,
            seed=0,
            device=CPU,
            progress=lambda fraction: None,
        )
    assert made[0].steps == 4


def test_a_bounded_model_is_not_evaluated_beyond_its_longest() -> None:
    task = induction.build(induction.Config(train_length=32, furthest=256))
    torch.manual_seed(0)
    outcome = run_task(
        task,
        lambda signature: transformer_full.build(
            transformer_full.Config(width=16, heads=2, layers=1, longest=150), signature
        ),
        steps=1,
        batch_size=4,
        streams=4,
        learning_rate=1e-3,
        seed=0,
        device=CPU,
        progress=lambda fraction: None,
    )
    rows = {row[0]: row[1] for row in outcome.curves["accuracy_by_distance"]}
    assert rows[64.0] is not None
    assert rows[256.0] is None
    assert outcome.metrics["accuracy"] is None


def test_the_state_of_an_lstm_is_measured() -> None:
    task = induction.build(induction.Config(train_length=32, furthest=64))
    outcome = run_task(
        task,
        lambda signature: lstm.build(lstm.Config(width=10, layers=2), signature),
        steps=1,
        batch_size=4,
        streams=4,
        learning_rate=1e-3,
        seed=0,
        device=CPU,
        progress=lambda fraction: None,
    )
    assert outcome.cost.state_bytes == 2 * 2 * 10 * 4
    assert outcome.slots is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A state that counts."""

    seen: Tensor


class Counter(SequenceModel):
    """Answers with the sum of the tokens it has read, modulo 10."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def initial_state(self, batch: int) -> Tally:
        return Tally(seen=torch.zeros(batch, dtype=torch.int64))

    def forward(
        self, inputs: Tensor, state: Tally | None = None, *, positions: Tensor, **options: object
    ) -> ModelOutput:
        seen = (self.initial_state(len(inputs)) if state is None else state).seen + inputs.sum(1)
        return ModelOutput(
            logits=torch.nn.functional.one_hot(seen % 10, 10)
            .float()[:, None]
            .expand(-1, positions.shape[1], -1),
            state=Tally(seen=seen),
        )


class Ruler:
    """Streams of ones and twos.

    Its targets are correct at distance 3.
    """

    distances = (3, 1500)

    def __init__(self) -> None:
        self.pieces: list[tuple[int, int]] = []

    def stream(self, start: int, stop: int) -> Tensor:
        self.pieces.append((start, stop))
        return torch.tensor([[1], [2]]).expand(2, stop - start)

    def read_until(self, distance: int) -> int:
        return distance

    def queries(self) -> Queries:
        return Queries(
            inputs=torch.ones(2, 3, 2, dtype=torch.int64),
            targets=torch.tensor([[5], [8]]).expand(2, 3),
        )


def test_queries_are_answered_on_copies_and_pieces_are_drawn_in_order() -> None:
    ruler = Ruler()
    result = evaluate_on_copies(Counter(), ruler, progress=lambda fraction: None)
    # 3·1 + 2 give 5 and 3·2 + 2 give 8: correct; 1500·1 + 2 and 1500·2 + 2 give 2: wrong. It would
    # differ if a stream had read a query, or if a row had received the copy of another.
    assert result.accuracy_by_distance == [[3.0, 1.0, 6.0], [1500.0, 0.0, 6.0]]
    assert ruler.pieces == [(0, 3), (3, 1024), (1024, 1500)]
    assert result.state_bytes == 8


def test_the_learning_rate_rises_and_falls() -> None:
    rates = [rate_at(step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(1.0)
    assert rates.index(max(rates)) in (9, 10)
    assert rates[-1] == pytest.approx(0.1, abs=0.01)
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_a_task_has_the_signature_of_its_options() -> None:
    assert induction.build(induction.Config()).signature == Signature(
        vocabulary=16, outputs=16, length=256
    )


def test_groups_of_queries_are_in_the_outcome() -> None:
    task = association.build(association.Config(furthest=64))
    outcome = run_task(
        task,
        lambda signature: lstm.build(lstm.Config(width=8), signature),
        steps=1,
        batch_size=2,
        streams=4,
        learning_rate=1e-3,
        seed=0,
        device=CPU,
        progress=lambda fraction: None,
    )
    assert list(outcome.metrics) == [
        "accuracy",
        "accuracy_at_64",
        "one_hop_accuracy",
        "one_hop_accuracy_at_64",
    ]
    assert set(outcome.curves) == {
        "accuracy_by_distance",
        "accuracy_by_distance_one_hop",
        "training_loss",
    }
    assert [row[2] for row in outcome.curves["accuracy_by_distance"]] == [12.0]
    assert [row[2] for row in outcome.curves["accuracy_by_distance_one_hop"]] == [24.0]


def test_a_regression_uses_its_own_loss_and_criterion() -> None:
    task = adding.build(adding.Config(train_length=4, furthest=8))
    torch.manual_seed(0)
    outcome = run_task(
        task,
        lambda signature: lstm.build(lstm.Config(width=32), signature),
        steps=300,
        batch_size=32,
        streams=300,
        learning_rate=1e-2,
        seed=0,
        device=CPU,
        progress=lambda fraction: None,
    )
    assert outcome.metrics["accuracy_at_4"] is not None
    assert outcome.metrics["accuracy_at_4"] > 3 * adding.CHANCE
    losses = [row[1] for row in outcome.curves["training_loss"]]
    assert losses[-1] < 0.1 * losses[0]
