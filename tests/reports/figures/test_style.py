"""Colours and fills of models and methods."""

import pytest

from reports.figures import style


@pytest.mark.parametrize("count", [6, 12])
def test_methods_have_distinct_fills(count: int) -> None:
    given = style.fills([f"method-{place}" for place in range(count)])
    assert len(set(given.values())) == min(count, len(style.FILLS))
    assert style.fills(["er", "naive", "memnet"]) == {
        "er": "left",
        "naive": "none",
        "memnet": "full",
    }


def test_colours_are_shared_only_when_all_are_used() -> None:
    looks = style.looks(
        ["memnet", "lstm", *(f"model-{place}" for place in range(len(style.COLOURS) - 1))]
    )
    assert len({look.colour for look in looks.values()}) == len(looks)
