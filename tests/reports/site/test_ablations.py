"""Ablations: which rows are compared, the loss of a change, and where it is shown."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reports.analysis.selection import select
from reports.output.build import build
from reports.site.ablations import NO_LOSS, ablation_table, ablations, verdicts
from results.store.store import Store
from tests.reports.conftest import TASK, cell, manifest, stream_record, task_record

Fill = Callable[..., Store]

SCORES = {
    "memnet": (0.90, 0.92, 0.94, 0.92, 0.92),
    "memnet[hebbian=false]": (0.50, 0.53, 0.53, 0.52, 0.52),
    "memnet[serial=false]": (0.90, 0.93, 0.93, 0.92, 0.92),
    "memnet[hebbian=false,hops=1]": (0.60, 0.63, 0.63, 0.62, 0.63),
    "lstm": (0.20, 0.20, 0.20, 0.20, 0.20),
}


@pytest.fixture
def store(fill: Fill) -> Store:
    cells = [cell(model, seed) for model in SCORES for seed in range(5)]
    old = [cell("memnet[hops=1]", seed, version="0") for seed in range(5)]
    records = [task_record(one, [SCORES[one.model][one.seed]]) for one in cells] + [
        task_record(one, [0.1]) for one in old
    ]
    return fill(*records, manifests=(manifest([*cells, *old], TASK),))


def test_rows_that_differ_in_one_option_are_paired_by_seed(store: Store) -> None:
    found = {(one.before.model, one.option): one for one in ablations(select(store))}
    # The variant of an old version has no base of that version. The variant with two options is
    # compared with the one that has only the first.
    assert set(found) == {
        ("memnet", "hebbian=false"),
        ("memnet", "serial=false"),
        ("memnet[hebbian=false]", "hops=1"),
    }
    graph = found["memnet", "hebbian=false"].loss
    # The differences are 0.40, 0.39, 0.41, 0.40 and 0.40.
    assert float(graph.mean) == pytest.approx(0.4)
    assert float(graph.high - graph.mean) == pytest.approx(
        2.7764 * (2 * 0.01**2 / 4) ** 0.5 / 5**0.5, rel=1e-4
    )
    assert found["memnet", "hebbian=false"].costs
    assert not found["memnet", "serial=false"].costs
    assert found["memnet[hebbian=false]", "hops=1"].is_gain


def test_verdicts_name_losses_and_gains(store: Store) -> None:
    sentences = verdicts(ablations(select(store)))
    assert "memnet with hebbian off loses 0.400 on delayed-recall." in sentences
    assert f"memnet with serial off loses {NO_LOSS}." in sentences
    assert (
        f"memnet, hebbian off with hops 1 loses {NO_LOSS}; it gains 0.102 on delayed-recall."
        in sentences
    )


def test_ablations_of_few_seeds_are_not_tested(fill: Fill) -> None:
    records = [
        task_record(cell(model, seed), [SCORES[model][seed]])
        for model in ("memnet", "memnet[hebbian=false]")
        for seed in range(4)
    ]
    [sentence] = verdicts(ablations(select(fill(*records))))
    assert sentence == (
        "memnet with hebbian off loses nothing significant; not tested on 1 benchmark with fewer "
        "than 5 common seeds, where the largest loss is 0.400 on delayed-recall."
    )


def test_unpaired_seeds_do_not_count(fill: Fill) -> None:
    records = [task_record(cell("memnet", seed), [0.9]) for seed in (0, 1)] + [
        task_record(cell("memnet[serial=false]", 1), [0.4])
    ]
    [found] = ablations(select(fill(*records)))
    assert int(found.loss.count) == 1
    assert not found.costs
    assert not found.is_gain
    assert ablation_table([found]).rows[0].cells[:7] == (
        "memnet",
        "serial off",
        "delayed-recall",
        "0.900 ± 0.000",
        "0.400",
        "0.500",
        "1",
    )


def test_options_of_methods_are_options_too(fill: Fill) -> None:
    rows = (("er", 0.9), ("er[shares=even]", 0.7))
    records = [
        stream_record(
            cell("lstm", seed, benchmark="split-digits", method=method),
            [[1.0, 0.1], [level, level]],
        )
        for method, level in rows
        for seed in (0, 1)
    ]
    [found] = ablations(select(fill(*records)))
    assert (found.name, found.option) == ("lstm · er", "shares=even")
    assert float(found.loss.mean) == pytest.approx(0.2)


def test_the_page_and_the_markdown_show_ablations(store: Store, tmp_path: Path) -> None:
    front = build(store, tmp_path / "out").read_text(encoding="utf-8")
    assert 'href="ablations.html"' in front
    for name in ("ablations.html", "report.md"):
        content = (tmp_path / "out" / name).read_text(encoding="utf-8")
        assert "Ablations" in content
        assert "hebbian off loses 0.400 on delayed" in content.replace("\\", "")
    table = ablation_table(ablations(select(store)))
    assert all(len(row.cells) == len(table.columns) for row in table.rows)


def test_a_store_without_variants_shows_no_ablations(fill: Fill, tmp_path: Path) -> None:
    page = build(fill(task_record(cell("memnet", 0), [0.9])), tmp_path / "out")
    assert "Ablations" not in page.read_text(encoding="utf-8")
    assert not (tmp_path / "out" / "ablations.html").exists()
