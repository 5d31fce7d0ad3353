import os
from pathlib import Path

import pytest

from benchmarks.cli.engine_options import EngineOptions, make_engine
from benchmarks.execution.engines.limits import Limits

OPTIONS = EngineOptions(
    engine="local",
    jobs=None,
    device="cpu",
    data_root=Path("nowhere"),
    address=None,
    gpus_per_cell=0,
)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system has no affinity")
def test_the_default_number_of_jobs_follows_the_affinity() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        _, jobs = make_engine(OPTIONS, limits=Limits())
    finally:
        os.sched_setaffinity(0, before)
    assert jobs == 1


def test_a_memory_limit_does_not_need_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS."""
    monkeypatch.setattr(Path, "exists", lambda path: False)
    make_engine(OPTIONS, limits=Limits(memory=10**9))
