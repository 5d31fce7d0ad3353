"""The speed measurements. Bounds on speed are no tests: `memnet speed streams` shows the ratios."""

import dataclasses
import json
import time
from collections.abc import Callable

import pytest

from benchmarks.cli.speed import speed
from benchmarks.speed.streams import measure
from benchmarks.speed.timing import Timing, compare
from results.errors import UsageError
from tests.benchmarks.command import memnet


def test_implementations_alternate_and_only_their_work_is_timed() -> None:
    order: list[str] = []

    def baseline(name: str, work: int) -> Callable[[], Callable[[], object]]:
        def prepare() -> Callable[[], object]:
            sum(range(2_000_000))
            order.append(name)
            return lambda: sum(range(work))

        return prepare

    one, two = compare(
        "counting", {"one": baseline("one", 500_000), "two": baseline("two", 2_000_000)}, rounds=3
    )
    assert order == ["one", "two"] * 3
    assert one.ratio == 1.0
    assert 2 < two.ratio < 8
    assert two.seconds > one.seconds


def test_all_loops_are_measured() -> None:
    began = time.process_time()
    timings = measure(samples=256, online=2, rounds=1)
    works = ("training", "evaluation", "online, early", "online, late")
    assert [(timing.work, timing.baseline) for timing in timings] == [
        (work, name) for work in works for name in ("bare", "ours", "avalanche")
    ]
    assert 0 < sum(timing.seconds for timing in timings) < time.process_time() - began


@pytest.mark.parametrize("as_json", [False, True])
def test_measurements_are_shown(
    as_json: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    timing = Timing(work="training", baseline="ours", seconds=0.1234, ratio=1.1)
    monkeypatch.setattr("benchmarks.speed.streams.measure", lambda rounds: [timing] * rounds)
    speed("streams", as_json, rounds=2)
    shown = capsys.readouterr().out
    if as_json:
        assert json.loads(shown) == [dataclasses.asdict(timing)] * 2
    else:
        assert shown.splitlines()[2:] == ["training  ours    0.123 s     1.10"] * 2


def test_unknown_measurement_is_an_error() -> None:
    done = memnet("speed", "ligth")
    assert done.returncode == 2
    assert "unknown measurement 'ligth': there is models, streams" in done.stderr


@pytest.mark.parametrize("rounds", [0, 1001, 10**20])
def test_too_many_or_no_rounds_are_an_error(rounds: int) -> None:
    with pytest.raises(UsageError, match=f"--rounds {rounds}: .* from 1 to 1,000"):
        speed("streams", rounds=rounds)
