import pytest

from benchmarks.planning.seeds import LIMIT, TUNING, parse_seeds
from results.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("3", (0, 1, 2)),
        ("1", (0,)),
        ("0-9", tuple(range(10))),
        ("4-4", (4,)),
        ("1,4,7", (1, 4, 7)),
        ("5,", (5,)),
        (" 2 ", (0, 1)),
    ],
)
def test_parse_seeds_reads_all_forms(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


def test_large_count_is_told_how_to_name_one_seed() -> None:
    with pytest.raises(UsageError, match="for the seed 3100 alone, write --seeds 3100-3100"):
        parse_seeds("3100")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "-3",
        "9-0",
        "1,1",
        "a",
        "1.5",
        "1-",
        "0-9-12",
        "1001",
        f"{LIMIT},1",
        "99999999999999999999",
        "1 2",
    ],
)
def test_invalid_seeds_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"seed"):
        parse_seeds(text)


@pytest.mark.parametrize("text", [f"{TUNING},", f"1,{TUNING}", f"{TUNING}-{TUNING + 1}"])
def test_tuning_seed_is_reserved(text: str) -> None:
    with pytest.raises(UsageError, match="reserved for tuning"):
        parse_seeds(text)
