"""The tables of results are those of the published records, and marked as of earlier versions."""

import re
from pathlib import Path

import pytest

from docs.results_table import current, table

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made() -> str:
    return table()


@pytest.mark.parametrize("page", ["docs/results.md", "README.md"])
def test_a_page_has_the_table_of_the_records(page: str, made: str) -> None:
    """If this fails, run `python -m docs.results_table` and copy what it prints."""
    text = (ROOT / page).read_text(encoding="utf-8")
    assert re.findall(r"<!-- table -->\n(.*?)<!-- end -->", text, re.DOTALL) == [made]


def test_the_table_is_short_and_has_intervals_and_seeds(made: str) -> None:
    rows = made.splitlines()[2:]
    assert 5 <= len(rows) <= 8
    for row in rows:
        scores = row.split(" | ")[1:]
        assert len(scores) == 3
        assert all(re.search(r"\d ± 0\.\d{3} \(\d+\)|\[.*\] \(\d+\)", score) for score in scores)


def test_all_rows_of_memnet_are_of_earlier_versions() -> None:
    """The heading of the table says so. If this fails, the heading must name the versions."""
    assert current() == []
