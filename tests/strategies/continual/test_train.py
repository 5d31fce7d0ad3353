import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from avalanche.benchmarks.utils import AvalancheDataset
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from baselines.interface import ModelOutput, Signature
from benchmarks.streams import split_digits
from memnet.persistent.bank import bank_bytes
from results.errors import UsageError
from results.records.record import Outcome
from strategies.continual.build_stream import split_classes
from strategies.continual.classifier import MultiHeadClassifier, classifier
from strategies.continual.dataloader import Cycle, TensorLoader, columns_of
from strategies.continual.methods import er, memnet, naive
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Samples, Scenario, Schedule, Stream
from strategies.continual.train import run_stream
from tests.strategies.continual.small_gru import Gru
from tests.strategies.continual.toy_stream import toy

CPU = torch.device("cpu")


def run(
    method: Any, stream: Stream | None = None, seed: int = 0, build: Any = Gru, **options: Any
) -> Outcome:
    torch.manual_seed(seed)
    return run_stream(
        stream or toy(seed),
        build,
        method,
        method_config=method.Config(**options),
        learning_rate=1e-2,
        seed=seed,
        device=CPU,
        progress=lambda fraction: None,
    )


class Fixed(nn.Module):
    """Answers class 0 to every input."""

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.eye(4)[torch.zeros(len(inputs), dtype=torch.long)]


def test_accuracy_matrix_against_a_hand_made_case() -> None:
    stream = toy()
    model = Fixed()
    model.unused = nn.Parameter(torch.zeros(1))
    strategy = ContinualStrategy(model=model, stream=stream, learning_rate=0.1, seed=0, device=CPU)
    last = strategy.eval(stream.benchmark.test_stream)
    expected = [0.5 if 0 in share else 0.0 for share in stream.classes]
    assert strategy.evaluator.rows == [expected]
    assert list(last.values()) == expected


def test_outcome_holds_matrix_metrics_and_cost() -> None:
    fractions: list[float] = []
    torch.manual_seed(0)
    outcome = run_stream(
        toy(),
        Gru,
        naive,
        method_config=naive.Config(),
        learning_rate=1e-2,
        seed=0,
        device=CPU,
        progress=fractions.append,
    )
    matrix = outcome.curves["accuracy_matrix"]
    assert isinstance(matrix, list)
    assert [len(row) for row in matrix] == [2, 2]
    assert len(outcome.curves["initial_accuracy"]) == 2
    assert outcome.metrics["accuracy"] == pytest.approx(sum(matrix[1]) / 2)
    assert {"forgetting", "bwt", "fwt", "learning_accuracy", "aaa"} <= set(outcome.metrics)
    assert outcome.slots is None
    model = Gru(Signature(features=4, outputs=4, length=4))
    assert outcome.cost.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert outcome.cost.state_bytes == 32 * 4
    assert outcome.cost.buffer_bytes == 0
    assert outcome.cost.train_examples == 3 * 120
    assert outcome.cost.train_cpu_seconds > 0
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


@pytest.mark.parametrize("method", [naive, er, memnet])
def test_train_twice_get_identical_numbers(method: Any) -> None:
    one, two = run(method), run(method)
    assert one.metrics == two.metrics
    assert one.curves == two.curves
    assert one.slots == two.slots


def test_naive_forgets_and_replay_and_memory_forget_less() -> None:
    forgetting = {method: run(method).metrics["forgetting"] for method in (naive, er, memnet)}
    assert forgetting[naive] > 0.9
    assert forgetting[er] < 0.7
    assert forgetting[memnet] < 0.4


def test_order_of_classes_differs_by_seed_and_is_shared_by_models() -> None:
    assert len({toy(seed).classes for seed in range(8)}) > 1

    def wider(signature: Signature) -> Gru:
        return Gru(signature, width=48)

    seen: list[list[Tensor]] = []
    for build in (Gru, wider):
        stream = toy()
        torch.manual_seed(0)
        strategy = naive.build(
            naive.Config(),
            model=build(stream.signature),
            stream=stream,
            learning_rate=1e-2,
            seed=0,
            device=CPU,
        )
        batches: list[Tensor] = []
        strategy.plugins.insert(
            0,
            SimpleNamespace(
                before_training_iteration=lambda s, b=batches, **_: b.append(s.mb_y.clone())
            ),
        )
        strategy.train(stream.benchmark.train_stream[0])
        seen.append(batches)
    assert all(torch.equal(one, two) for one, two in zip(*seen, strict=True))


def test_buffers_are_counted() -> None:
    assert run(er, mem_size=20).cost.buffer_bytes == 20 * 17 + 4 * 4
    outcome = run(memnet, mem_size=40, code=4)
    assert 0 < outcome.cost.buffer_bytes <= 40 * 17


def test_slots_without_dreams() -> None:
    """Training uses the new samples alone; the slots still answer."""
    outcome = run(memnet, encoder="learned", dreams=0, slots=20)
    assert outcome.cost.train_examples == 3 * 120
    assert outcome.slots is not None
    assert outcome.slots["occupancy"] == 1.0


def test_slot_statistics() -> None:
    slots = run(memnet, slots=20).slots
    assert slots is not None
    assert slots["occupancy"] == 1.0
    assert slots["write_rate"] == pytest.approx(30 / 120)
    assert slots["lifetimes"]["time"] == [0.0, 60.0]
    assert slots["lifetimes"]["survival"] == [1.0, 0.5]
    assert 0 < slots["read_sparsity"] < 1


def test_model_that_returns_bare_logits_is_an_error() -> None:
    class Bare(Gru):
        def forward(self, *inputs: Any, **options: Any) -> Any:
            return super().forward(*inputs, **options).logits

    with pytest.raises(ValueError, match=r"must return a ModelOutput .* it returned a Tensor"):
        run(naive, build=Bare)


def test_a_model_without_features_is_refused() -> None:
    with pytest.raises(
        UsageError,
        match="no linear layer to take features from: give it a width and a method features",
    ):
        run(memnet, build=lambda signature: Fixed(), encoder="learned")


def test_budget_too_small_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="fewer than 4 classes"):
        run(memnet, slots=3)


def test_dreams_have_the_task_of_their_class() -> None:
    stream = toy(scenario="task")
    torch.manual_seed(0)
    strategy = memnet.build(
        memnet.Config(encoder="learned", slots=20),
        model=Gru(stream.signature),
        stream=stream,
        learning_rate=1e-2,
        seed=0,
        device=CPU,
    )
    seen: list[Tensor] = []
    note = SimpleNamespace(
        before_backward=lambda s, **_: seen.append(torch.stack((s.mb_y, s.mb_task_id)))
    )
    strategy.plugins.append(note)
    for experience in stream.benchmark.train_stream:
        strategy.train(experience)
    labels, tasks = torch.cat(seen, dim=1)
    task_of = torch.tensor(
        [
            next(task for task, share in enumerate(stream.classes) if label in share)
            for label in range(4)
        ]
    )
    assert torch.equal(tasks, task_of[labels])
    assert (torch.cat(seen[-3:], dim=1)[1] == 0).any()


def test_evaluation_does_not_change_the_bank() -> None:
    stream = toy()
    torch.manual_seed(0)
    strategy = memnet.build(
        memnet.Config(),
        model=Gru(stream.signature),
        stream=stream,
        learning_rate=1e-2,
        seed=0,
        device=CPU,
    )
    strategy.train(stream.benchmark.train_stream[0])
    before = {name: tensor.clone() for name, tensor in strategy.model.bank.tensors().items()}
    strategy.eval(stream.benchmark.test_stream)
    assert all(
        torch.equal(before[name], tensor) for name, tensor in strategy.model.bank.tensors().items()
    )
    assert bank_bytes(strategy.model.bank) > 0


@pytest.mark.parametrize("method", [naive, memnet])
def test_predictions_do_not_depend_on_batch_size_or_order(method: Any) -> None:
    stream = split_digits.build(split_digits.Config(epochs=1), seed=100, data_root=Path("nowhere"))
    torch.manual_seed(0)
    strategy = method.build(
        method.Config(),
        model=Gru(stream.signature),
        stream=stream,
        learning_rate=5e-3,
        seed=0,
        device=CPU,
    )
    strategy.train(stream.benchmark.train_stream[0])
    strategy.model.eval()
    inputs = columns_of(stream.benchmark.test_stream[0].dataset)[0]
    whole = strategy.model(inputs)
    torch.testing.assert_close(
        torch.cat([strategy.model(row[None]) for row in inputs]), whole, atol=1e-4, rtol=1e-4
    )
    back = torch.arange(len(inputs)).flip(0)
    torch.testing.assert_close(strategy.model(inputs[back]), whole[back], atol=1e-4, rtol=1e-4)


def test_columns_follow_splits_and_concatenations() -> None:
    one, two = (
        AvalancheDataset([TensorDataset(torch.arange(5.0) + 10 * n, torch.full((5,), n))])
        for n in range(2)
    )
    joined = one.subset([4, 0, 2]).concat(two).subset([5, 0, 1, 3, 2])
    columns = columns_of(joined)
    assert columns is not None
    stacked = [torch.stack([torch.as_tensor(item[place]) for item in joined]) for place in range(2)]
    assert all(torch.equal(column, other) for column, other in zip(columns, stacked, strict=True))


def test_transformed_data_use_the_loader_of_avalanche() -> None:
    plain = AvalancheDataset([TensorDataset(torch.zeros(3, 1), torch.zeros(3, dtype=torch.long))])
    from avalanche.benchmarks.utils.transform_groups import TransformGroups

    doubled = AvalancheDataset(
        [plain], transform_groups=TransformGroups({"train": lambda value: value + 1, "eval": None})
    )
    assert columns_of(plain) is not None
    assert columns_of(doubled) is None


def test_a_loader_gives_every_sample_once_in_a_new_order() -> None:
    feed = TensorLoader((torch.arange(10),), 4, torch.Generator().manual_seed(0))
    passes = [torch.cat([batch[0] for batch in feed]) for _ in range(2)]
    assert len(feed) == 3
    assert all(sorted(order.tolist()) == list(range(10)) for order in passes)
    assert not torch.equal(*passes)


def test_a_cycle_repeats_all_places() -> None:
    cycle = Cycle(4, torch.Generator().manual_seed(0))
    taken = torch.cat([cycle.take(3) for _ in range(4)])
    assert torch.bincount(taken).tolist() == [3, 3, 3, 3]


class Burdened(Gru):
    """A GRU with an auxiliary loss on an otherwise unused parameter."""

    def __init__(self, signature: Signature) -> None:
        super().__init__(signature)
        self.burden = nn.Parameter(torch.ones(1))

    def forward(self, *arguments: Any, **options: Any) -> Any:
        return dataclasses.replace(
            super().forward(*arguments, **options), losses={"burden": self.burden.square().sum()}
        )


def test_auxiliary_losses_affect_training_and_not_evaluation() -> None:
    torch.manual_seed(0)
    stream = toy(epochs=1)
    model = Burdened(stream.signature)
    strategy = naive.build(
        naive.Config(), model=model, stream=stream, learning_rate=1e-2, seed=0, device=CPU
    )
    strategy.eval(stream.benchmark.test_stream)
    assert float(model.burden.detach()) == 1.0
    strategy.train(stream.benchmark.train_stream[0])
    assert float(model.burden.detach()) < 0.99


def four(scenario: Scenario, seed: int = 0) -> Stream:
    """Return a stream of four classes in two experiences; a class has its own brightness."""
    samples = Samples(
        inputs=(torch.arange(12) % 4).float().reshape(12, 1, 1), labels=torch.arange(12) % 4
    )
    return split_classes(
        samples,
        samples,
        classes=4,
        experiences=2,
        schedule=Schedule(),
        sample_bytes=5,
        seed=seed,
        scenario=scenario,
    )


def test_in_the_domain_scenario_a_label_is_the_place_in_the_experience() -> None:
    stream = four("domain", seed=3)
    assert stream.signature.outputs == 2
    for classes, experience in zip(stream.classes, stream.benchmark.train_stream, strict=True):
        inputs, labels, tasks = columns_of(experience.dataset)
        assert [classes[place] for place in labels.tolist()] == inputs.flatten().tolist()
        assert not tasks.any()
    assert any(
        list(share) != sorted(share) for seed in range(8) for share in four("domain", seed).classes
    )


def test_in_the_task_scenario_answers_are_the_classes_of_the_experience() -> None:
    stream = four("task")
    assert stream.heads is not None
    assert stream.heads.sum(1).tolist() == [2, 2]
    assert stream.heads.any(0).all()
    for place, experience in enumerate(stream.benchmark.test_stream):
        _, labels, tasks = columns_of(experience.dataset)
        assert set(tasks.tolist()) == {place}
        assert stream.heads[place, labels].all()
    assert four("class").heads is None


class Stubborn(Fixed):
    """Prefers class 0, then 1, 2 and 3, for every input."""

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.tensor([4.0, 3.0, 2.0, 1.0]).expand(len(inputs), 4) * torch.ones(
            1, requires_grad=True
        )


def test_the_model_or_the_strategy_masks_other_tasks() -> None:
    stream = four("task")
    expected = [0.5, 0.5]  # the lower one of each experience's two classes
    plain = Stubborn()
    plain.unused = nn.Parameter(torch.zeros(1))
    heads = MultiHeadClassifier(Gru(stream.signature), stream.heads)
    heads.model.forward = lambda inputs, **_: ModelOutput(
        logits=Stubborn()(inputs).unsqueeze(1), state=None
    )
    for model in (plain, heads):
        strategy = ContinualStrategy(
            model=model, stream=stream, learning_rate=0.1, seed=0, device=CPU
        )
        strategy.eval(stream.benchmark.test_stream)
        assert strategy.evaluator.rows == [expected]
    by_task = heads(torch.zeros(1, 1, 1))
    assert {
        task: tuple((logits > -1e3).nonzero()[:, 1].tolist()) for task, logits in by_task.items()
    } == dict(enumerate(stream.classes))


def test_only_the_head_of_the_sample_s_task_gets_a_gradient() -> None:
    stream = four("task")
    model = classifier(Gru(stream.signature), stream)
    assert isinstance(model, MultiHeadClassifier)
    nn.functional.cross_entropy(
        model(torch.ones(2, 1, 1), torch.tensor([1, 1])), torch.tensor([stream.classes[1][0]] * 2)
    ).backward()
    moved = model.model.out.weight.grad.abs().sum(1) > 0
    assert moved.nonzero().flatten().tolist() == list(stream.classes[1])


@pytest.mark.parametrize("scenario", ["domain", "task"])
@pytest.mark.parametrize("method", [naive, er, memnet])
def test_methods_learn_in_other_scenarios(method: Any, scenario: Scenario) -> None:
    outcome = run(method, toy(scenario=scenario))
    assert outcome.metrics["learning_accuracy"] > 0.9


def test_iterations_use_full_mini_batches_of_successive_orders() -> None:
    feed = TensorLoader((torch.arange(10),), 4, torch.Generator().manual_seed(0), iterations=5)
    batches = [batch[0] for batch in feed]
    assert [len(batch) for batch in batches] == [4] * len(feed) == [4] * 5
    for first in (0, 2):
        assert len(set(torch.cat(batches[first : first + 2]).tolist())) == 8
    assert [
        len(batch[0])
        for batch in TensorLoader((torch.arange(3),), 4, torch.Generator(), iterations=2)
    ] == [3, 3]


def test_a_schedule_of_iterations_is_followed_and_counted() -> None:
    fractions: list[float] = []
    torch.manual_seed(0)
    stream = toy(schedule=Schedule(batch_size=8, iterations=7))
    outcome = run_stream(
        stream,
        Gru,
        naive,
        method_config=naive.Config(),
        learning_rate=1e-2,
        seed=0,
        device=CPU,
        progress=fractions.append,
    )
    assert outcome.cost.train_examples == 2 * 7 * 8
    assert len(fractions) == 14
    assert Schedule(epochs=3, batch_size=10).steps(25) == 9
