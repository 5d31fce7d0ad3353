"""Methods at equal bytes."""

import pytest
import torch

from benchmarks.budgets import options_and_total
from benchmarks.cli.planning import plan_from
from benchmarks.plan import Plan
from results.errors import UsageError
from strategies.continual.learn import learn
from strategies.continual.methods import er
from tests.strategies.continual.gru import Gru
from tests.strategies.continual.test_continual import CPU, toy


def plan(methods: str, budget: str | None = None, total: str | None = None) -> Plan:
    return plan_from("split-digits", "lstm", methods, "1", None, None, budget=budget, total_budget=total)


def test_every_method_that_keeps_something_has_a_variant_per_budget() -> None:
    cells = [job.cell for job in plan("naive,er,memnet", "16k,157k").jobs]
    assert [cell.method for cell in cells if cell.method.startswith("er")] == ["er[budget=16000]", "er[budget=157000]"]
    assert [cell.method for cell in cells if cell.method.startswith("memnet")] in (
        [],
        ["memnet[budget=16000]", "memnet[budget=157000]"],
    )
    assert [cell.method for cell in cells if cell.method.startswith("naive")] == ["naive"]
    assert [cell.config["method"]["budget"] for cell in cells if cell.method.startswith("er")] == [16000, 157000]


def test_a_budget_goes_with_other_options_of_a_variant() -> None:
    (cell,) = [job.cell for job in plan("er[shares=balanced]", "64k").jobs]
    assert cell.method == "er[budget=64000,shares=balanced]"


def test_a_total_stands_beside_the_method_s_options() -> None:
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
    [("er", "lots", "--budget lots"), ("er", ",", "names nothing"), ("naive[total_budget=9]", None, "has no option budget"),
     ("er[total_budget=x]", None, "takes a number of bytes")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(methods: str, budget: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plan(methods, budget)


def test_what_the_parameters_leave_of_a_total_is_kept_and_nothing_else_changes() -> None:
    outcomes = []
    size = sum(parameter.numel() * parameter.element_size() for parameter in Gru(toy().signature).parameters())
    for total, config in ((size + 20 * 17, er.Config()), (0, er.Config(budget=20 * 17))):
        torch.manual_seed(0)
        outcomes.append(
            learn(
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
    assert size + 19 * 17 < bounded.cost.buffer_bytes + bounded.cost.parameter_bytes <= size + 20 * 17
    assert bounded.curves == plain.curves
    with pytest.raises(UsageError, match=f"the parameters alone are {size} bytes"):
        learn(
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
