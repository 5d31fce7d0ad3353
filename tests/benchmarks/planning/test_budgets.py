"""Methods at equal memory bytes."""

from types import ModuleType
from typing import Any

import pytest
import torch

from benchmarks.cli.plan_options import plan_from
from benchmarks.planning.budgets import options_and_total
from benchmarks.planning.plan import Plan
from results.errors import UsageError
from strategies.continual.counted_bytes import StoresPast, parameter_bytes
from strategies.continual.methods import (
    der_plus_plus,
    er,
    er_compressed,
    er_encoder,
    latent_replay,
    memnet,
)
from strategies.continual.train import run_stream, within_total
from tests.strategies.continual.small_gru import Gru
from tests.strategies.continual.test_train import CPU, toy


def plan(methods: str, budget: str | None = None, total: str | None = None) -> Plan:
    return plan_from(
        "split-digits", "lstm", methods, "1", None, None, budget=budget, total_budget=total
    )


def test_method_with_a_memory_has_a_variant_per_budget() -> None:
    cells = [job.cell for job in plan("naive,er,memnet", "16k,157k").jobs]
    assert [cell.method for cell in cells if cell.method.startswith("er")] == [
        "er[budget=16000]",
        "er[budget=157000]",
    ]
    assert [cell.method for cell in cells if cell.method.startswith("memnet")] in (
        [],
        ["memnet[budget=16000]", "memnet[budget=157000]"],
    )
    assert [cell.method for cell in cells if cell.method.startswith("naive")] == ["naive"]
    assert [cell.config["method"]["budget"] for cell in cells if cell.method.startswith("er")] == [
        16000,
        157000,
    ]


def test_method_without_a_memory_is_noted() -> None:
    assert plan("naive,er", "16k").notes == (
        "naive has no memory, so --budget does not apply to it",
    )
    assert plan("naive,er").notes == ()


def test_budget_without_a_method_that_supports_it_is_refused() -> None:
    with pytest.raises(
        UsageError,
        match="--budget: no selected method has a memory to bound: joint, naive",
    ):
        plan("naive,joint", "16k")
    with pytest.raises(
        UsageError, match="--total-budget is for the methods of streams, not for tasks"
    ):
        plan_from("induction", "lstm", None, "1", None, None, total_budget="16k")


def test_budget_is_added_to_the_options_of_a_variant() -> None:
    (cell,) = [job.cell for job in plan("er[shares=balanced]", "64k").jobs]
    assert cell.method == "er[budget=64000,shares=balanced]"


def test_total_budget_is_added_to_the_method_options() -> None:
    made = plan("er", total="500k")
    (cell,) = [job.cell for job in made.jobs]
    assert cell.method == "er[total_budget=500000]"
    options, total = options_and_total(cell.config["method"])
    assert total == 500_000
    er.Config(**options)
    again = made.planner.again(cell.benchmark, cell.model, cell.method, cell.seed)
    assert again.cell.id == cell.id != plan("er").jobs[0].cell.id


@pytest.mark.parametrize(
    ("methods", "budget", "message"),
    [
        ("er", "lots", "--budget lots"),
        ("er", ",", "names nothing"),
        ("naive[total_budget=9]", None, "has no option budget"),
        ("er[total_budget=x]", None, "takes a number of bytes"),
    ],
)
def test_invalid_budget_is_refused(methods: str, budget: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plan(methods, budget)


def test_total_budget_minus_parameters_equals_the_same_memory_budget() -> None:
    outcomes = []
    size = sum(
        parameter.numel() * parameter.element_size()
        for parameter in Gru(toy().signature).parameters()
    )
    for total, config in ((size + 20 * 17, er.Config()), (0, er.Config(budget=20 * 17))):
        torch.manual_seed(0)
        outcomes.append(
            run_stream(
                toy(),
                Gru,
                er,
                method_config=config,
                learning_rate=1e-2,
                seed=0,
                device=CPU,
                progress=lambda fraction: None,
                total_budget=total,
            )
        )
    bounded, plain = outcomes
    assert (
        size + 19 * 17 < bounded.cost.buffer_bytes + bounded.cost.parameter_bytes <= size + 20 * 17
    )
    assert bounded.curves == plain.curves
    with pytest.raises(UsageError, match=f"the parameters alone are {size} bytes"):
        run_stream(
            toy(),
            Gru,
            er,
            method_config=er.Config(),
            learning_rate=1e-2,
            seed=0,
            device=CPU,
            progress=lambda fraction: None,
            total_budget=9,
        )


@pytest.mark.parametrize(
    "method", [der_plus_plus, er, er_compressed, er_encoder, latent_replay, memnet]
)
@pytest.mark.parametrize("capacity", [20_000, 345_000, 400_000])
def test_parameters_and_memory_stay_within_the_total(method: ModuleType, capacity: int) -> None:
    """Includes methods whose parameters depend on the capacity, such as wider codes."""
    stream = toy()

    def build(config: Any) -> tuple[Any, Any]:
        model = Gru(stream.signature)
        return model, method.build(
            config, model=model, stream=stream, learning_rate=1e-2, seed=0, device=CPU
        )

    def size(strategy: Any) -> int:
        return parameter_bytes(strategy)  # without those that a seed regenerates

    total = size(build(method.Config())[1]) + capacity
    _, strategy = within_total(total, build, method.Config())
    (keeper,) = [plugin for plugin in strategy.plugins if isinstance(plugin, StoresPast)]
    stored = keeper.stored_bytes() if method is memnet else keeper.buffer.capacity
    assert stored > 0
    assert size(strategy) + stored <= total
