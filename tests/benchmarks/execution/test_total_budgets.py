"""Networks at equal total bytes."""

from pathlib import Path
from typing import Any

import pytest
import torch

from baselines.registry import Registry
from benchmarks.cli.plan_options import plan_from
from benchmarks.execution import total_budgets
from benchmarks.execution.run_cell import configuration
from benchmarks.planning.budgets import options_and_total, takes_budget
from benchmarks.planning.plan import Plan
from benchmarks.planning.variant import with_options
from results.errors import UsageError
from strategies.continual.train import run_stream

FLAT = ["form=flat", "epochs=1"]
QUICK = {"gdumb": {"passes": 1}}
METHODS = [entry.name for entry in Registry("method") if takes_budget(entry)]


def plan(models: str, methods: str, total: str | None, options: list[str] | None = None) -> Plan:
    return plan_from(
        "split-digits", models, methods, "1", options or FLAT, None, total_budget=total
    )


def mlp_bytes(width: int) -> int:
    return 4 * ((64 + 1) * width + (width + 1) * width + (width + 1) * 10)


def test_the_largest_network_within_half_of_the_budget_is_taken() -> None:
    widths = [400, 296, 200, 144, 96, 72, 48, 32, 24, 8]
    for total in (30_000, 100_000, 500_000, 2_000_000):
        (cell,) = [job.cell for job in plan("mlp", "er", str(total)).jobs]
        width = next(one for one in widths if 2 * mlp_bytes(one) <= total)
        name = "mlp" if width == 400 else f"mlp[width={width}]"
        assert (cell.model, cell.method) == (name, f"er[total_budget={total}]")
        assert cell.config["model"]["width"] == width


def test_a_shrunk_network_is_noted_and_is_no_size_of_the_model() -> None:
    made = plan("mlp", "er", "100k")
    assert made.notes == (
        "split-digits: mlp with er[total_budget=100000] is shrunk to mlp[width=72] with "
        "er[total_budget=100000]",
    )
    assert made.roles["model", "mlp[width=72]"] == "budget"
    (cell,) = [job.cell for job in made.jobs]
    again = made.planner.again(cell.benchmark, cell.model, cell.method, cell.seed)
    assert again.cell.id == cell.id
    assert plan("mlp[width=72]", "er", "100k").jobs[0].cell.id == cell.id


def test_a_named_total_budget_keeps_the_network() -> None:
    (cell,) = [job.cell for job in plan("mlp", "er[total_budget=2000000]", None).jobs]
    assert (cell.model, cell.method) == ("mlp", "er[total_budget=2000000]")
    assert not plan("mlp", "er[total_budget=1000]", None).to_fit


LEARNED = "memnet[encoder=learned]"


def test_a_method_that_does_not_fit_is_left_out_with_the_smallest_budget_that_does() -> None:
    made = plan("mlp", f"er,{LEARNED},naive", "20k")
    assert [job.cell.method for job in made.jobs] == ["er[total_budget=20000]", "naive"]
    (note,) = [note for note in made.notes if "left out" in note]
    assert note.startswith(
        "split-digits: mlp with memnet[encoder=learned,total_budget=20000] is left out: it needs"
    )
    least = int(note.rpartition("=")[2])
    assert plan("mlp", LEARNED, str(least)).jobs
    with pytest.raises(UsageError, match=f"it needs at least total_budget={least}$"):
        plan("mlp", LEARNED, str(least - 1))


def test_plans_without_a_total_budget_build_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(total_budgets, "_stream", None)
    assert plan("mlp", "er,naive", None).jobs


def test_options_of_a_variant_are_replaced() -> None:
    assert with_options("er", {}) == "er"
    assert with_options("er[shares=balanced]", {"budget": 9}) == "er[budget=9,shares=balanced]"
    assert with_options("mlp[width=400]", {"width": 8}) == "mlp[width=8]"


@pytest.mark.parametrize("method", METHODS)
def test_a_run_stays_within_its_total_budget(method: str) -> None:
    (job,) = plan("mlp", method, "150k", [*FLAT, "batch_size=64"]).jobs
    options, total = options_and_total(job.cell.config["method"])
    assert job.method is not None
    config: Any = configuration(job.method.load(), {**options, **QUICK.get(method, {})})
    stream = total_budgets._stream(job, Path("nowhere"))
    torch.manual_seed(0)
    cost = run_stream(
        stream,
        lambda signature: total_budgets.model_builder(job)(signature),
        job.method.load(),
        method_config=config,
        learning_rate=0.001,
        seed=0,
        device=torch.device("cpu"),
        progress=lambda fraction: None,
        total_budget=total,
    ).cost
    assert total == 150_000
    assert 0.5 * total < cost.total_bytes <= total
