"""Options that do not fit together are refused before any cell runs, through the real command."""

from pathlib import Path

import pytest

from tests.benchmarks.command import memnet
from tests.end_to_end.test_usage_errors import WEE, assert_refused

DIGITS = ("run", "split-digits", "--models", "lstm")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (*DIGITS, "--methods", "naive,ewc", "--set", "online=10"),
            "split-digits with lstm and ewc: ",
        ),
        ((*WEE, "--set", "batch_size=0"), "wee: batch_size = 0 must be at least 1"),
        ((*WEE, "--set", "training.learning_rate=0"), "it takes a positive number"),
        ((*WEE, "--set", "training.learning_rate=nan"), "it takes a positive number"),
    ],
)
def test_combination_is_refused_before_any_cell(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = memnet(*arguments, cwd=tmp_path)
    assert_refused(done.returncode, done.stderr, message)
    assert list(tmp_path.iterdir()) == []
