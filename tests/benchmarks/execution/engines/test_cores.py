import os
from pathlib import Path

import pytest

from benchmarks.execution.engines.cores import usable_cores


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("100000 100000", 1),
        ("50000 100000", 1),
        ("max 100000", None),
        ("nonsense", None),
        (None, None),
    ],
)
def test_usable_cores_respects_the_quota_of_a_container(
    tmp_path: Path, text: str | None, limit: int | None
) -> None:
    quota = tmp_path / "cpu.max"
    if text is not None:
        quota.write_text(text)
    assert usable_cores(quota) == (limit or len(os.sched_getaffinity(0)))
