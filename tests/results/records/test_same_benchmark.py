"""Which cells evaluate the same benchmark: options, and the protocol of a task."""

from pathlib import Path

from results.records.same_benchmark import benchmark_options, same_benchmark
from tests.benchmarks.command import WITH_PLUGINS, memnet


def test_the_protocol_of_a_task_is_one_of_its_options() -> None:
    config = {"benchmark": {"steps": 4}, "training": {"learning_rate": 0.1}}
    fixed = benchmark_options("supervised", config)
    converged = benchmark_options(
        "supervised", {**config, "training": {"protocol": "converged", "cap_factor": 4}}
    )
    assert fixed == {"steps": 4, "protocol": "fixed"}
    assert not same_benchmark(fixed, converged)
    assert benchmark_options("naive", config) == {"steps": 4}


def test_a_stream_s_own_protocol_stays() -> None:
    config = {"benchmark": {"protocol": "vandeven2022"}, "training": {}}
    assert benchmark_options("naive", config) == {"protocol": "vandeven2022"}


def test_both_protocols_of_a_task_are_ranked_apart_in_one_store(tmp_path: Path) -> None:
    """A second run under the other protocol supersedes nothing."""
    words = ("wee", *WITH_PLUGINS, "--models", "scripted", "--seeds", "1")
    for protocol in ("fixed", "converged"):
        done = memnet("run", *words, "--protocol", protocol, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    table = memnet("leaderboard", "--format", "csv", cwd=tmp_path).stdout
    assert [line.split(",")[0] for line in table.splitlines()[1:]] == [
        "wee[protocol=converged]",
        "wee[protocol=fixed]",
    ]
    status = memnet("status", *words, cwd=tmp_path).stdout
    assert "0 stale" in status
    assert "superseded" not in status
