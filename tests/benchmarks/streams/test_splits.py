"""The number of experiences of user data."""

import pytest

from benchmarks.streams._splits import experiences_of
from benchmarks.streams.from_folder import Config
from results.errors import UsageError


@pytest.mark.parametrize(
    ("classes", "expected"),
    [(2, 2), (3, 2), (4, 2), (5, 2), (6, 3), (7, 3), (9, 4), (10, 5), (11, 5), (101, 5)],
)
def test_experiences_have_two_classes_or_more(classes: int, expected: int) -> None:
    assert experiences_of(Config(), classes) == expected
    assert experiences_of(Config(experiences=7), classes) == 7


@pytest.mark.parametrize(("classes", "expected"), [(4, 2), (6, 3), (9, 3), (10, 5), (12, 4)])
def test_domains_have_equally_many_classes(classes: int, expected: int) -> None:
    assert experiences_of(Config(scenario="domain"), classes) == expected


def test_a_single_class_is_no_stream() -> None:
    with pytest.raises(UsageError, match="1 class can't be divided"):
        experiences_of(Config(), 1)
