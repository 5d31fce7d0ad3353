import csv
import io
import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reports.tables.leaderboard import FORMATS, render
from reports.tables.ranks import NOT_TESTED, REASON
from results.errors import UsageError
from results.store.store import Store, write_whole
from tests.reports.conftest import (
    STREAM,
    TASK,
    cell,
    failed_record,
    full,
    manifest,
    small,
    stream_record,
    task_record,
)

Fill = Callable[..., Store]

GOLDEN = Path(__file__).parent / "golden"


def golden_store(root: Path) -> Store:
    """A task of ten seeds, two of them failed, with a significant lead, a tie and a variant.

    And a stream with buffers.
    """
    generator = np.random.default_rng(11)
    levels = {"memnet": 0.95, "my_model[a=1]": 0.7, "lstm": 0.699, "gru": 0.4}
    cells = [cell(model, seed) for model in levels for seed in range(10)]
    records = [
        failed_record(one)
        if (one.model, one.seed) in {("gru", 3), ("gru", 7)}
        else task_record(
            one, [round(levels[one.model] + generator.normal(0, 0.01), 4) for _ in range(2)]
        )
        for one in cells
    ]
    streams = [
        cell("mlp", seed, benchmark="split-digits", method=method)
        for method in ("er", "naive")
        for seed in range(3)
    ]
    for one in streams:
        retained = {"er": 0.8, "naive": 0.02}[one.method] + one.seed / 100
        records.append(
            stream_record(
                one, [[0.98, 0.1], [retained, 0.97]], buffer=157_000 if one.method == "er" else 0
            )
        )
    store = Store.open(root, create=True)
    for record in records:
        store.write(record)
    store.write_manifest(manifest([*cells, *streams], TASK, STREAM))
    return store


@pytest.fixture
def store(fill: Fill) -> Store:
    records, plan = small()
    return fill(*records, manifests=(plan,))


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_golden(tmp_path: Path, format: str) -> None:
    """To update: `python -m tests.reports.tables.test_leaderboard`; then read the diff."""
    assert (
        render(golden_store(tmp_path), format).encode()
        == (GOLDEN / f"leaderboard.{format}").read_bytes()
    )


def test_numbers_by_hand(store: Store) -> None:
    """memnet: 0.95 and 0.85, so 0.9 ± 12.706 · 0.05 = 0.635 (Student's t, one degree of freedom).

    lstm: 0.5 and 0.3, so 0.4 ± 12.706 · 0.1 = 1.271. Both intervals are clipped to [0, 1].
    """
    text = render(store, "md")
    found = re.findall(r"[0-9.]+ \\\[[0-9.]+, [0-9.]+\\\]", text)
    assert [one.replace("\\", "") for one in found] == [
        "0.900 [0.265, 1.000]",
        "0.400 [0.000, 1.000]",
    ]
    assert "±" not in text


def test_latex_escapes_names(fill: Fill) -> None:
    store = fill(task_record(cell("my_model[a=1]", 0), [0.5]))
    assert r"my\_model, a=1" in render(store, "latex")


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_records_give_the_same_bytes(fill: Fill, format: str) -> None:
    records, plan = full()
    first = fill(*records, manifests=(plan,), name="first")
    second = fill(*reversed(records), manifests=(plan,), name="second")
    assert render(first, format) == render(second, format)


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_store_has_an_empty_table(fill: Fill, format: str) -> None:
    assert "benchmark" in render(fill(), format) or format == "html"


def test_failed_seeds_show(fill: Fill) -> None:
    cells = [cell("memnet", seed) for seed in range(3)]
    records = [task_record(cells[0], [0.5]), task_record(cells[1], [0.7]), failed_record(cells[2])]
    store = fill(*records, manifests=(manifest(cells, TASK),))
    assert "|     2/3 |" in render(store, "md")
    [row] = csv.DictReader(io.StringIO(render(store, "csv")))
    assert (row["mean"], row["seeds_ok"], row["seeds_failed"], row["seeds_planned"]) == (
        "0.6",
        "2",
        "1",
        "3",
    )


def test_a_row_without_a_score_comes_last_and_has_no_rank(fill: Fill) -> None:
    store = fill(
        task_record(cell("a-bounded", 0), [0.9, None]), task_record(cell("b-worst", 0), [0.1, 0.0])
    )
    rows = json.loads(render(store, "json"))["rows"]
    assert [(row["model"], row["rank"], row["tested"], row["mean"]) for row in rows] == [
        ("b-worst", None, False, 0.05),
        ("a-bounded", None, None, None),
    ]
    assert [(row["low"], row["high"]) for row in rows] == [(None, None)] * 2
    assert "| —" in render(store, "md").replace("  ", "")


def test_ranks_follow_from_significance(fill: Fill) -> None:
    """With one seed no row has a rank; five consistent seeds separate them."""
    levels = (("a", 0.9), ("b", 0.5), ("c", 0.5))
    one = fill(*(task_record(cell(model, 0), [score]) for model, score in levels), name="one")
    generator = np.random.default_rng(0)
    five = fill(
        *(
            task_record(cell(model, seed), [score + generator.normal(0, 0.01)])
            for model, score in levels
            for seed in range(5)
        ),
        name="five",
    )
    assert [
        [row["rank"] for row in json.loads(render(store, "json"))["rows"]] for store in (one, five)
    ] == [[None] * 3, [1, 2, 2]]
    assert all(NOT_TESTED in render(one, form) for form in ("md", "latex", "html"))
    assert all(REASON in render(one, form) for form in ("md", "latex", "html"))
    assert not any(NOT_TESTED in render(five, form) for form in FORMATS)


def test_no_row_at_chance_is_bold(fill: Fill) -> None:
    records = [
        task_record(cell(model, seed), [score])
        for model, score in (("gru", 0.0004), ("lstm", 0.0002), ("memnet[size=2]", 0.9))
        for seed in range(3)
    ]
    assert "textbf" not in render(fill(*records), "latex")


def test_the_primary_metric_of_the_plan_ranks(fill: Fill) -> None:
    cells = [cell("near", 0), cell("far", 0)]
    member = TASK.model_copy(update={"primary": "accuracy_at_256"})
    store = fill(
        task_record(cells[0], [1.0, 0.1]),
        task_record(cells[1], [0.1, 0.2]),
        manifests=(manifest(cells, member),),
    )
    rows = json.loads(render(store, "json"))["rows"]
    assert [(row["model"], row["metric"], row["mean"]) for row in rows] == [
        ("far", "accuracy_at_256", 0.2),
        ("near", "accuracy_at_256", 0.1),
    ]


def test_settings_are_shown_if_names_are_ambiguous(fill: Fill) -> None:
    plain = render(fill(task_record(cell("memnet", 0), [0.5])), "md")
    both = render(
        fill(
            task_record(cell("memnet", 0), [0.5]),
            task_record(cell("memnet", 0, version="2"), [0.6]),
            name="both",
        ),
        "md",
    )
    assert "setting" not in plain
    assert "setting" in both
    assert both.count("| memnet ") == 2


def test_an_unknown_format_is_an_error(store: Store) -> None:
    with pytest.raises(UsageError, match=r"'xml'.*md, csv, json, latex, html"):
        render(store, "xml")


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in FORMATS:
            write_whole(GOLDEN / f"leaderboard.{name}", render(golden_store(Path(folder)), name))
