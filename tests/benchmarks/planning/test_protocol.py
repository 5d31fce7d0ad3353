"""Protocols of streams and tasks."""

import pytest
from pydantic import JsonValue

from benchmarks.cli.plan_options import plan_from
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.jobs import Job
from benchmarks.planning.protocol import SOLVERS
from benchmarks.planning.versions import stop_rule_version
from results.errors import UsageError


def jobs(
    *settings: str,
    name: str = "split-mnist",
    protocol: str | None = "vandeven2022",
    models: str | None = None,
) -> tuple[Job, ...]:
    return plan_from(name, models, "naive", "1", list(settings), None, protocol=protocol).jobs


def test_protocol_sets_options_learning_rate_and_models() -> None:
    (job,) = jobs()
    options = job.cell.config["benchmark"]
    assert job.cell.model == "mlp"
    assert (
        options["experiences"],
        options["iterations"],
        options["batch_size"],
        options["form"],
    ) == (5, 2000, 128, "flat")
    assert job.cell.config["training"]["learning_rate"] == 0.001
    assert options["scenario"] == "class"


def test_protocol_is_an_option_and_other_options_override_it() -> None:
    (job,) = jobs("protocol=vandeven2022", protocol=None)
    assert job.cell.id == jobs()[0].cell.id
    (other,) = jobs("iterations=10", "training.learning_rate=0.01", "scenario=task", models="lstm")
    assert other.cell.model == "lstm"
    assert other.cell.config["training"]["learning_rate"] == 0.01
    assert (
        other.cell.config["benchmark"]["iterations"],
        other.cell.config["benchmark"]["batch_size"],
    ) == (10, 128)


def test_default_models_run_without_a_protocol() -> None:
    assert {job.cell.model for job in jobs(protocol=None)} == {"memnet", "transformer", "lstm"}


def test_unknown_protocol_is_refused() -> None:
    with pytest.raises(
        UsageError, match=r"unknown protocol of stream 'split-mnist' 'vandeven'.*vandeven2022"
    ):
        jobs(protocol="vandeven")
    with pytest.raises(UsageError, match="protocol"):
        plan_from("induction", None, None, "1", None, None, protocol="vandeven2022")


def task_training(
    task: str, models: str, protocol: str | None, *settings: str
) -> dict[str, dict[str, JsonValue]]:
    plan = plan_from(task, models, None, "1", list(settings), None, protocol=protocol)
    return {job.cell.model: job.cell.config["training"] for job in plan.jobs}


@pytest.mark.parametrize("task", Catalog.read().tasks.names())
def test_every_task_has_the_protocols_fixed_and_converged(task: str) -> None:
    plans = [
        plan_from(task, "memnet", None, "1", [], None, protocol=protocol)
        for protocol in (None, "fixed", "converged")
    ]
    default, fixed, converged = (plan.jobs[0].cell for plan in plans)
    assert default.id == fixed.id, "the default protocol is in no id"
    assert "protocol" not in fixed.config["training"]
    expected = {**fixed.config["training"], "protocol": "converged", "cap_factor": 4}
    assert converged.config["training"] == expected
    assert converged.config["benchmark"] == fixed.config["benchmark"]
    assert converged.id != fixed.id
    assert converged.version == {**fixed.version, "stop_rule": stop_rule_version()}
    assert "stop_rule" not in fixed.version, "ids of the default protocol do not change"


def test_solvers_of_the_literature_have_a_larger_cap() -> None:
    models = "memnet,mamba,delta-rule,gated-delta-rule,transformer-full,transformer,lstm"
    larger = {
        task: {
            model
            for model, training in task_training(task, models, "converged").items()
            if training["cap_factor"] == 16
        }
        for task in ("induction", "selective-copy", "mqar", "mqar-hard", "copy")
    }
    assert larger == {
        "induction": {"mamba", "transformer-full"},
        "selective-copy": {"mamba"},
        "mqar": {"delta-rule", "gated-delta-rule", "transformer-full"},
        "mqar-hard": set(),
        "copy": set(),
    }
    variant = task_training("induction", "mamba[width=32]", "converged")
    assert [training["cap_factor"] for training in variant.values()] == [16]


def test_a_protocol_of_a_task_can_be_set_as_an_option() -> None:
    assert task_training("copy", "lstm", None, "protocol=converged") == task_training(
        "copy", "lstm", "converged"
    )


def test_an_unknown_protocol_of_a_task_is_refused() -> None:
    with pytest.raises(UsageError, match=r"unknown protocol of task 'copy' 'convergd'.*converged"):
        task_training("copy", "lstm", "convergd")
    with pytest.raises(UsageError, match="unknown protocol of stream 'split-mnist' 'converged'"):
        jobs(protocol="converged")


def test_every_solver_is_a_model_and_every_task_exists() -> None:
    catalog = Catalog.read()
    assert set(SOLVERS) <= set(catalog.tasks.names())
    assert {model for models in SOLVERS.values() for model in models} <= set(catalog.models.names())
