"""Published protocols of a stream."""

import pytest

from benchmarks.cli.plan_options import plan_from
from benchmarks.planning.jobs import Job
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
