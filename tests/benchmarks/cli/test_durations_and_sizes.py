import pytest

from benchmarks.cli.durations_and_sizes import duration, size
from results.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("1.5", 1.5), ("90s", 90), ("10m", 600), ("2h", 7200), ("1D", 86400)],
)
def test_duration_returns_seconds(text: str, seconds: float) -> None:
    assert duration("--timeout", text) == seconds


@pytest.mark.parametrize(
    ("text", "count"),
    [("1000", 1000), ("500M", 5 * 10**8), ("4g", 4 * 10**9), ("1.5GB", 15 * 10**8), ("2k", 2000)],
)
def test_size_returns_bytes(text: str, count: int) -> None:
    assert size("--memory", text) == count


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "nan", "inf", "1.2.3", "m", "4 apples", "1e3", "10mm"]
)
def test_invalid_text_is_refused_with_the_allowed_forms(text: str) -> None:
    with pytest.raises(UsageError, match=r"--timeout .*90, 10m, 2h"):
        duration("--timeout", text)
    with pytest.raises(UsageError, match=r"--memory .*500M, 4G"):
        size("--memory", text)
