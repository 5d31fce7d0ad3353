"""The stop rule by hand, and training to convergence."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from baselines.interface import ModelOutput, SequenceModel, Signature
from baselines.models import lstm, memnet
from baselines.registry import Registry
from benchmarks.tasks import adding, copy, selective_copy_hard
from memnet.config import MemNetConfig
from results.records.record import Outcome
from strategies.common.checkpoint import Checkpoint
from strategies.sequence.convergence import (
    Convergence,
    StopRule,
    cap_of,
    decay_steps,
    rate_at,
)
from strategies.sequence.task import Batch, SequenceTask
from strategies.sequence.train import run_task, train
from strategies.sequence.validation import Validation, validation

CPU = torch.device("cpu")


def after(rule: StopRule, accuracies: Sequence[float], losses: Sequence[float]) -> StopRule:
    """Let a rule observe validations at every 25th step."""
    for place, (accuracy, loss) in enumerate(zip(accuracies, losses, strict=True), start=1):
        rule.observe(25 * place, Validation(accuracy=accuracy, loss=loss))
    return rule


FALLING = [2.0 * 0.9**n for n in range(60)]


def test_three_solved_validations_in_a_row_end_a_training() -> None:
    accuracies = [0.5, 0.99, 0.99, 0.98, 0.99, 1.0, 0.995, 0.2]
    rule = after(StopRule(1000), accuracies[:6], FALLING[:6])
    assert (rule.fired, rule.reason) == (None, None)
    after(rule := StopRule(1000), accuracies, FALLING[:8])
    assert (rule.fired, rule.reason) == (175, "solved")
    assert rule.last_step == 175 + 18, "a tenth of 175 steps is 17.5, rounded to even"


def test_a_task_solved_early_is_trained_for_its_own_steps() -> None:
    rule = after(StopRule(1000, least=200), [1.0] * 7, FALLING[:7])
    assert (rule.fired, rule.reason) == (None, None)
    rule.observe(200, Validation(accuracy=0.98, loss=0.1))
    assert rule.fired is None, "the last validation is not solved"
    for step in (225, 250, 275):
        rule.observe(step, Validation(accuracy=1.0, loss=0.1))
    assert (rule.fired, rule.reason) == (275, "solved")


def test_a_plateau_is_half_of_the_cap_without_one_percent_of_improvement() -> None:
    rule = StopRule(1000)
    assert rule.patience == 20
    after(rule, [0.1] * 20, [2.0, *[1.981] * 19])
    assert rule.fired is None, "nineteen validations without an improvement"
    rule.observe(525, Validation(accuracy=0.1, loss=1.979))
    assert rule.fired is None, "an improvement from 2.0 by more than 1%"
    for step in range(550, 1001, 25):
        rule.observe(step, Validation(accuracy=0.1, loss=1.97))
    assert (rule.fired, rule.reason) == (1000, "cap"), "nineteen again, and the cap"
    long = after(StopRule(2000), [0.1] * 60, [*FALLING[:20], *[FALLING[19]] * 40])
    assert (long.fired, long.reason) == (1500, "plateau"), "forty validations after step 500"


def test_accuracy_that_rises_while_the_loss_does_not_is_no_plateau() -> None:
    accuracies = [0.1] * 15 + [0.16] * 24
    rule = after(StopRule(1000), accuracies[:35], [2.7] * 35)
    assert rule.fired is None, "it gained 0.06 at step 400, and 19 validations followed"
    rule.observe(900, Validation(accuracy=0.16, loss=2.7))
    assert (rule.fired, rule.reason) == (900, "plateau")
    noise = after(StopRule(1000), [0.08, 0.12] * 15, [2.7] * 30)
    assert (noise.fired, noise.reason) == (525, "plateau"), "a gain of 0.04 is within the noise"


@pytest.mark.parametrize(("steps", "factor"), [(150, 4), (150, 16), (300, 4), (600, 4), (5000, 4)])
def test_a_model_that_learns_suddenly_is_not_stopped_in_its_long_plateau(
    steps: int, factor: int
) -> None:
    """Flat at the chance level for half the cap, then solved within five validations."""
    cap = cap_of(steps, factor)
    flat = cap // 2 // 25
    losses = [2.71 + 0.02 * (-1) ** place for place in range(flat)] + [2.0, 0.9, *[0.01] * 6]
    accuracies = [0.07] * flat + [0.3, 0.8, *[1.0] * 6]
    rule = after(StopRule(cap), accuracies, losses)
    assert (rule.fired, rule.reason) == (25 * (flat + 5), "solved")
    assert 25 * rule.patience >= 2 * steps
    never = after(StopRule(cap), [0.07] * (cap // 25), [2.71] * (cap // 25))
    assert never.reason == "plateau"
    assert never.last_step < cap


def test_the_cap_ends_a_training_that_still_improves() -> None:
    rule = after(StopRule(1000), [0.5] * 39, FALLING[:39])
    assert rule.fired is None
    assert rule.last_step == 1100
    rule.observe(1000, Validation(accuracy=0.5, loss=0.0))
    assert (rule.fired, rule.reason, rule.last_step) == (1000, "cap", 1100)


def test_a_loss_that_is_not_finite_is_no_improvement() -> None:
    rule = after(StopRule(1000), [0.04] * 20, [float("nan")] * 20)
    assert (rule.fired, rule.reason) == (500, "plateau")


def test_the_cap_is_a_multiple_of_the_task_s_steps_and_at_least_1000() -> None:
    assert (cap_of(150, 4), cap_of(300, 4), cap_of(150, 16)) == (1000, 1200, 2400)


def test_the_rate_rises_stays_and_falls_over_a_tenth_of_the_steps() -> None:
    assert [rate_at(step, 4, None) for step in (0, 1, 3, 4, 10_000)] == [0.25, 0.5, 1.0, 1.0, 1.0]
    falling = [rate_at(step, 4, 40) for step in range(38, 46)]
    assert decay_steps(40) == 4
    assert falling == pytest.approx([1.0, 1.0, 0.8, 0.6, 0.4, 0.2, 0.0, 0.0])
    assert rate_at(10, 20, 10) == pytest.approx(0.5 * 0.5), "solved during the warm-up"


class Repeats(SequenceTask):
    """Answers are the tokens themselves; of four positions, a mask may leave two."""

    def __init__(self, masked: bool = False) -> None:
        self.signature = Signature(vocabulary=4, outputs=4, length=8)
        self.masked = masked

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        inputs = torch.randint(4, (batch, 8), generator=generator)
        positions = torch.arange(0, 8, 2).expand(batch, 4)
        targets = inputs.gather(1, positions)
        mask = torch.tensor([True, False, False, True]).expand(batch, 4) if self.masked else None
        return Batch(inputs=inputs, positions=positions, targets=targets, mask=mask)


class Half(SequenceModel):
    """Is certain of the token at even halves of positions, and answers 0 at the others."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = torch.nn.Parameter(torch.zeros(1))
        self.fed: list[int] = []

    def initial_state(self, batch: int) -> Tensor:
        return torch.zeros(batch, 1)

    def forward(self, inputs: Tensor, state: Any = None, *, positions: Tensor, **_: Any) -> Any:
        assert not self.training
        self.fed.append(len(inputs))
        tokens = inputs.gather(1, positions) * (positions < 4)
        logits = 100.0 * torch.nn.functional.one_hot(tokens, 4).float()
        return ModelOutput(logits=logits, state=self.initial_state(len(inputs)))


def test_validation_counts_correct_answers_and_averages_the_loss() -> None:
    model, draws = Half().train(), torch.Generator().manual_seed(0)
    found = validation(model, Repeats(), 400, 64, draws)
    assert model.training, "it returns to its mode"
    assert model.fed == [64] * 7
    assert found.accuracy == pytest.approx(0.5 + 0.5 * 0.25, abs=0.03)
    assert found.loss == pytest.approx(100 * (1 - found.accuracy), rel=1e-4)
    masked = validation(model, Repeats(masked=True), 400, 64, draws)
    assert masked.accuracy == pytest.approx(0.5 + 0.5 * 0.25, abs=0.05)
    assert masked.loss == pytest.approx(100 * (1 - masked.accuracy), rel=1e-4)


def converge(
    task: SequenceTask,
    model: str = "lstm",
    checkpoint: Checkpoint | None = None,
    cut_at: float = 2.0,
    learning_rate: float = 1e-2,
) -> tuple[Outcome, SequenceModel]:
    """Train to convergence; with a ``cut_at`` below 1, end at that fraction."""
    built: list[SequenceModel] = []

    def build(signature: Signature) -> SequenceModel:
        if model == "lstm":
            built.append(lstm.build(lstm.Config(width=32), signature))
        else:
            config = MemNetConfig(width=16, bottleneck=16, slots=8, key_width=8)
            built.append(memnet.build(config, signature))
        return built[0]

    def progress(fraction: float) -> None:
        assert 0 <= fraction <= 1
        if fraction >= cut_at:
            raise KeyboardInterrupt

    torch.manual_seed(0)
    outcome = run_task(
        task,
        build,
        steps=10,
        batch_size=16,
        streams=2,
        learning_rate=learning_rate,
        seed=1,
        device=CPU,
        progress=progress,
        cap_factor=4,
        checkpoint=checkpoint,
    )
    return outcome, built[0]


@pytest.fixture
def short_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strategies.sequence.convergence.MIN_CAP", 60)


def small_copy() -> SequenceTask:
    return copy.build(copy.Config(train_length=4, furthest=8))


def test_a_solved_task_stops_early_and_reports_how_it_was_learned() -> None:
    torch.manual_seed(0)
    task = Repeats()
    model = lstm.build(lstm.Config(width=32), task.signature)
    trained = train(
        model,
        task,
        steps=10,
        batch_size=16,
        learning_rate=1e-2,
        seed=1,
        progress=lambda fraction: None,
        cap_factor=4,
    )
    learning = trained.learning
    assert learning is not None
    assert learning.solved
    fired = [point.step for point in learning.curve if point.accuracy >= 0.99][2]
    assert trained.steps == fired + decay_steps(fired) < 1000
    assert learning.curve[0].step == 0
    assert learning.initial_accuracy == learning.curve[0].accuracy < 0.6
    assert learning.examples_to_90 is not None
    assert learning.examples_to_90 <= 16 * fired
    assert trained.state_bytes == 2 * 32 * 4
    steps = [point.step for point in learning.curve]
    assert steps == [*range(0, fired + 1, 25), *steps[fired // 25 + 1 :]]
    assert steps[-1] == trained.steps


@pytest.mark.usefixtures("short_caps")
@pytest.mark.parametrize("name", ["lstm", "memnet"])
def test_an_interrupted_training_to_convergence_gives_the_same_record(
    name: str, tmp_path: Path
) -> None:
    """Interrupted in the constant phase, in the decay and in the evaluation."""
    whole, expected = converge(small_copy(), name)
    path = tmp_path / "file"
    for cut_at in (0.8 * 10 / 66, 0.8 * 30 / 66, 0.8 * 62 / 66, 0.9):
        with pytest.raises(KeyboardInterrupt):
            converge(small_copy(), name, Checkpoint(path, every=0.0), cut_at)
    resumed, model = converge(small_copy(), name, Checkpoint(path, every=0.0))
    assert all(
        torch.equal(tensor, expected.state_dict()[key])
        for key, tensor in model.state_dict().items()
    )
    assert (resumed.metrics, resumed.curves, resumed.slots) == (
        whole.metrics,
        whole.curves,
        whole.slots,
    )
    assert timeless(resumed) == timeless(whole)
    assert resumed.cost.train_examples == whole.cost.train_examples == 16 * 66
    assert resumed.cost.training_state_bytes == whole.cost.training_state_bytes


def timeless(outcome: Outcome) -> list[Any]:
    """Return the learning curve without CPU seconds."""
    assert outcome.learning is not None
    curve = [point._replace(cpu_seconds=0.0) for point in outcome.learning.curve]
    return [outcome.learning.initial_accuracy, outcome.learning.solved, curve]


@pytest.mark.usefixtures("short_caps")
def test_cpu_seconds_of_validation_are_not_training_time() -> None:
    outcome, _ = converge(small_copy())
    assert outcome.learning is not None
    seconds = [point.cpu_seconds for point in outcome.learning.curve]
    assert seconds == sorted(seconds)
    assert 0 <= seconds[-1] <= outcome.cost.train_cpu_seconds
    assert outcome.learning.solved is False


def test_training_data_do_not_depend_on_the_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strategies.sequence.convergence.MIN_CAP", 25)
    seen: list[list[Tensor]] = []

    class Noted(Repeats):
        def sample(self, batch: int, generator: torch.Generator) -> Batch:
            drawn = super().sample(batch, generator)
            if torch.is_grad_enabled():
                seen[-1].append(drawn.inputs)
            return drawn

    for cap_factor in (None, 1):
        seen.append([])
        task = Noted()
        torch.manual_seed(0)
        train(
            lstm.build(lstm.Config(width=8), task.signature),
            task,
            steps=20,
            batch_size=4,
            learning_rate=1e-3,
            seed=0,
            progress=lambda fraction: None,
            cap_factor=cap_factor,
        )
    assert len(seen[0]) == 20
    assert all(torch.equal(one, other) for one, other in zip(*seen, strict=False))


@pytest.mark.usefixtures("short_caps")
@pytest.mark.parametrize("entry", list(Registry("task")), ids=lambda entry: entry.name)
def test_every_task_can_be_validated(entry: Any) -> None:
    module = entry.load()
    task = module.build(module.Config())
    model = lstm.build(lstm.Config(width=8), task.signature)
    found = validation(model, task, 4, 2, torch.Generator().manual_seed(0))
    assert 0 <= found.accuracy <= 1
    assert 0 < found.loss < 100


def test_masked_and_regression_tasks_converge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strategies.sequence.convergence.MIN_CAP", 25)
    for task in (
        adding.build(adding.Config(train_length=4, furthest=8)),
        selective_copy_hard.build(selective_copy_hard.Config(train_length=32, furthest=32)),
    ):
        outcome, _ = converge(task)
        assert outcome.learning is not None
        assert [point.step for point in outcome.learning.curve] == [0, 25, 40, 44]


def test_the_state_of_convergence_is_restored() -> None:
    def fresh() -> Convergence:
        return Convergence(Repeats(), steps=10, factor=4, warm_up=2, batch_size=16, seed=0)

    first, model = fresh(), Half()
    first.validate(model, 0, 0.0)
    first.validate(model, 25, 1.0)
    second = fresh()
    second.load_state_dict(first.state_dict())
    for one in (first, second):
        one.validate(model, 50, 2.0)
    assert first.points == second.points
    assert first.rule.state_dict() == second.rule.state_dict()
