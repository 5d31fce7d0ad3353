"""Colours and fills of models and methods."""

import pytest

from baselines.registry import Kind, Registry
from reports.figures import palette


@pytest.mark.parametrize("count", [6, 12])
def test_models_have_distinct_fills(count: int) -> None:
    given = palette.fills([f"model-{place}" for place in range(count)])
    assert len(set(given.values())) == min(count, len(palette.FILLS))
    assert palette.fills(["transformer", "lstm", "mlp"]) == {
        "transformer": "left",
        "lstm": "none",
        "mlp": "full",
    }


def test_colours_are_shared_only_when_all_are_used() -> None:
    looks = palette.looks(
        ["memnet", "lstm", *(f"model-{place}" for place in range(len(palette.COLOURS) - 1))]
    )
    assert len({look.colour for look in looks.values()}) == len(looks)


KINDS: tuple[Kind, ...] = ("model", "method")


def test_reserved_looks_are_distinct_and_every_entry_has_one() -> None:
    entries = {kind: set(Registry(kind).names()) for kind in KINDS}
    for reserved, names in (
        (palette.MODEL_LOOKS, entries["model"]),
        (palette.METHODS, entries["method"]),
    ):
        assert len(set(reserved.values())) == len(reserved)
        assert names <= set(reserved)
