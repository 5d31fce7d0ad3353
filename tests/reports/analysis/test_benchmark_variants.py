from collections.abc import Callable

import pytest

from reports.analysis.benchmark_variants import variant_names
from reports.analysis.selection import Selection, select
from reports.analysis.summary import summarise
from reports.tables.leaderboard import render
from results.records.cell import Cell
from results.records.record import Record
from results.store.store import Store
from tests.reports.conftest import STREAM as DIGITS
from tests.reports.conftest import cell, manifest, stream_record

Fill = Callable[..., Store]


def digits_cell(
    seed: int = 0, model: str = "memnet", method: str = "er", **options: object
) -> Cell:
    plain = cell(model, seed, benchmark="split-digits", method=method)
    return plain.model_copy(update={"config": {**plain.config, "benchmark": options}})


def record(of: Cell, accuracy: float = 0.5) -> Record:
    return stream_record(of, [[accuracy, accuracy], [accuracy, accuracy]])


def names_of(*cells: Cell) -> list[str]:
    found = variant_names(record(one) for one in cells)
    return [found[one.id] for one in cells]


def test_a_single_variant_has_the_plain_name() -> None:
    assert names_of(digits_cell(0, epochs=2), digits_cell(1, epochs=2)) == ["split-digits"] * 2


def test_variants_are_named_by_a_minimal_set_of_options() -> None:
    plain = digits_cell(protocol="default", scenario="class", batch_size=32)
    published = digits_cell(protocol="vandeven2022", scenario="class", batch_size=128)
    by_task = digits_cell(protocol="vandeven2022", scenario="task", batch_size=128)
    assert names_of(plain, published) == [
        "split-digits[protocol=default]",
        "split-digits[protocol=vandeven2022]",
    ]
    assert names_of(published, by_task) == [
        "split-digits[scenario=class]",
        "split-digits[scenario=task]",
    ]
    assert names_of(plain, published, by_task) == [
        "split-digits[protocol=default,scenario=class]",
        "split-digits[protocol=vandeven2022,scenario=class]",
        "split-digits[protocol=vandeven2022,scenario=task]",
    ]


def test_an_option_that_some_records_do_not_have_is_ignored() -> None:
    assert names_of(digits_cell(epochs=2), digits_cell(epochs=2, online=0)) == ["split-digits"] * 2


@pytest.mark.parametrize(
    ("part", "values", "shown"),
    [
        ("benchmark", ("1", "2"), ("benchmark version=1", "benchmark version=2")),
        ("training", ("1", "2"), ("training version=1", "training version=2")),
        (
            "data",
            (f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"),
            ("data digest=aaaaaaaa", "data digest=bbbbbbbb"),
        ),
    ],
)
def test_rows_of_other_versions_or_other_data_are_not_ranked_together(
    fill: Fill, part: str, values: tuple[str, str], shown: tuple[str, str]
) -> None:
    cells = [
        one.model_copy(update={"version": {**one.version, part: value}})
        for model, value in zip(("memnet", "lstm"), values, strict=True)
        for one in (digits_cell(0, model),)
    ]
    store = fill(*map(record, cells), manifests=(manifest(cells, DIGITS),))
    selection = select(store)
    assert [(entry.subject.name, entry.model) for entry in selection.entries] == [
        (f"split-digits[{name}]", model)
        for name, model in zip(shown, ("memnet", "lstm"), strict=True)
    ]
    assert [(row.rank, row.tested) for row in summarise(selection)] == [(None, False)] * 2
    for format in ("md", "html"):
        assert all(name in render(store, format) for name in shown)
    assert all(name.replace("=", " ") in render(store, "latex") for name in shown), "in words"


def test_rows_of_another_stop_rule_are_not_ranked_together() -> None:
    """The first version of the rule was not named in cells."""
    fixed = cell("lstm", 0, benchmark="t")
    options = {**fixed.config, "training": {"learning_rate": 0.003, "protocol": "converged"}}
    first = fixed.model_copy(update={"config": options})
    second = first.model_copy(update={"version": {**first.version, "stop_rule": "2"}})
    of = [stream_record(one, [[0.5]]) for one in (fixed, first, second)]
    assert [variant_names(of[:2])[one.id] for one in of[:2]] == [
        "t[protocol=fixed]",
        "t[protocol=converged]",
    ]
    found = variant_names(of)
    assert [found[one.id] for one in of[1:]] == [
        "t[protocol=converged,stop rule version=1]",
        "t[protocol=converged,stop rule version=2]",
    ]


def test_rows_of_other_versions_of_the_model_are_ranked_together() -> None:
    old, new = (
        digits_cell().model_copy(update={"version": {"benchmark": "1", "model": model}})
        for model in "12"
    )
    assert names_of(old, new) == ["split-digits"] * 2


def test_variants_are_ranked_separately_and_share_the_summary(fill: Fill) -> None:
    cells = [
        digits_cell(seed, scenario=name, model=name)
        for name in ("class", "task")
        for seed in range(3)
    ]
    waiting = digits_cell(3, scenario="task", model="task")
    plan = manifest([*cells, waiting], DIGITS)
    selection = select(
        fill(
            *(record(one, 0.9 if one.model == "task" else 0.4) for one in cells), manifests=(plan,)
        )
    )
    assert [subject.name for subject in selection.subjects] == [
        "split-digits[scenario=class]",
        "split-digits[scenario=task]",
    ]
    assert {(subject.benchmark, subject.chance) for subject in selection.subjects} == {
        ("split-digits", 0.1)
    }
    assert [(entry.model, entry.seeds) for entry in selection.of(selection.subjects[0])] == [
        ("class", "3/3")
    ]
    assert [(entry.model, entry.seeds) for entry in selection.of(selection.subjects[1])] == [
        ("task", "3/4")
    ]


def scenario(name: str, seeds: int = 3, **options: object) -> list[Cell]:
    return [digits_cell(seed, scenario=name, **options) for seed in range(seeds)]


def row_names(selection: Selection) -> list[tuple[str, str]]:
    return sorted((entry.subject.name, entry.seeds) for entry in selection.entries)


def test_a_variant_is_not_stale_if_only_another_is_planned(fill: Fill) -> None:
    """The first variant's plan was overwritten; its records identify it."""
    by_class, by_task = scenario("class"), scenario("task")
    selection = select(
        fill(*map(record, [*by_class, *by_task]), manifests=(manifest(by_task, DIGITS),))
    )
    assert row_names(selection) == [
        ("split-digits[scenario=class]", "3/3"),
        ("split-digits[scenario=task]", "3/3"),
    ]
    assert selection.stale == ()


def test_a_variant_planned_again_with_a_new_option_is_stale(fill: Fill) -> None:
    before, now = scenario("class"), scenario("class", online=0)
    selection = select(fill(*map(record, [*before, *now]), manifests=(manifest(now, DIGITS),)))
    assert (row_names(selection), len(selection.stale)) == ([("split-digits", "3/3")], 3)


def test_pending_seeds_belong_to_the_row_without_them(fill: Fill) -> None:
    """One of two variants in a plan is finished: pending cells belong to the other."""
    done, waiting = scenario("class"), scenario("task")
    plan = manifest([*done, *waiting], DIGITS)
    assert row_names(select(fill(*map(record, done), manifests=(plan,)))) == [
        ("split-digits", "0/3"),
        ("split-digits", "3/3"),
    ]
    begun = select(fill(*map(record, [*done, waiting[0]]), manifests=(plan,), name="begun"))
    assert row_names(begun) == [
        ("split-digits[scenario=class]", "3/3"),
        ("split-digits[scenario=task]", "1/3"),
    ]


def test_the_chance_level_is_shown_only_for_the_options_it_holds_for(fill: Fill) -> None:
    cells = [digits_cell(scenario=name, model=name) for name in ("class", "task")]
    benchmark = DIGITS.model_copy(update={"chance_given": {"scenario": ("class",)}})
    selection = select(fill(*map(record, cells), manifests=(manifest(cells, benchmark),)))
    assert {subject.name: subject.chance for subject in selection.subjects} == {
        "split-digits[scenario=class]": 0.1,
        "split-digits[scenario=task]": None,
    }
