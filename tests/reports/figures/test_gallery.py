from collections.abc import Callable

import numpy as np
import pytest

from reports.analysis.curves import distances, lifetimes, matrices, slot_numbers
from reports.analysis.selection import Selection, select
from reports.analysis.subjects import Subject
from reports.figures import accuracy_by_distance, gallery, palette, style
from reports.figures.plot import Plot
from results.store.store import Store
from tests.reports.conftest import cell, full, stream_record, task_record

Fill = Callable[..., Store]


def plots(selection: Selection, subject: Subject) -> list[Plot]:
    return gallery.plots(subject, selection.of(subject), style.style_of(selection))


@pytest.fixture(scope="module")
def selection(tmp_path_factory: pytest.TempPathFactory) -> Selection:
    records, plan = full()
    store = Store.open(tmp_path_factory.mktemp("runs"), create=True)
    for record in records:
        store.write(record)
    store.write_manifest(plan)
    return select(store)


@pytest.fixture(scope="module")
def drawn(selection: Selection) -> list[Plot]:
    """All figures of a report, drawn once because that takes seconds."""
    return [plot for subject in selection.subjects for plot in plots(selection, subject)]


def test_a_model_s_look_does_not_depend_on_others() -> None:
    alone, together = palette.looks(["memnet"]), palette.looks(["dnc", "lstm", "memnet", "mamba"])
    assert alone["memnet"] == together["memnet"] == palette.MODEL_LOOKS["memnet"]
    assert palette.looks(["mamba"])["mamba"] == palette.looks(["lstm", "mamba"])["mamba"]


def test_no_two_models_look_alike() -> None:
    names = [f"model-{place}" for place in range(40)]
    looks = palette.looks([*names, *palette.MODEL_LOOKS])
    assert len(set(looks.values())) == len(looks) == 40 + len(palette.MODEL_LOOKS)
    assert len(set(palette.dashes(["mlp", "lstm", "transformer", "a", "b"]).values())) == 5


def test_a_task_and_a_stream_have_their_figures(drawn: list[Plot]) -> None:
    assert [plot.name for plot in drawn] == [
        "delayed-recall-accuracy-by-distance",
        "delayed-recall-costs",
        "delayed-recall-comparisons",
        "delayed-recall-profiles",
        "delayed-recall-slot-statistics",
        "split-digits-average-accuracy",
        "split-digits-forgetting-curves",
        "split-digits-accuracy-matrices",
        "split-digits-costs",
        "split-digits-comparisons",
        "split-digits-profiles",
        "split-digits-slot-statistics",
    ]


def test_a_figure_is_reproducible_and_has_a_description(
    selection: Selection, drawn: list[Plot]
) -> None:
    task = selection.subjects[0]
    again = accuracy_by_distance.draw(
        task, selection.of(task), style.style_of(selection), drawn[0].name
    )
    assert again == drawn[0]
    assert "memnet goes from 0.9" in again.description
    assert again.png.startswith(b"\x89PNG")
    assert "<dc:date>" not in again.svg


def test_malformed_curves_are_skipped(fill: Fill) -> None:
    nonsense = [
        [128, 0.5, 1],
        [256, "x", 1],
        "row",
        [512],
        [None, 1.0, 1],
        [-3, 1.0, 1],
        [1024, 10**400, 1],
        [2048, None, 0],
    ]
    record = task_record(
        cell("memnet", 0),
        [0.5],
        slots={"occupancy": "full", "reuse": 0.5, "lifetimes": {"time": [1, 2], "survival": [1]}},
    )
    record = record.model_copy(
        update={
            "curves": {"accuracy_by_distance": nonsense, "accuracy_matrix": [[0.1], [0.1, 0.2]]}
        }
    )
    [entry] = select(fill(record)).entries
    x, y = distances(entry)
    assert list(x) == [128, 2048]
    np.testing.assert_array_equal(y, [[0.5, np.nan]])
    assert matrices(entry) is None
    assert lifetimes(record) is None
    assert (slot_numbers(entry, "occupancy"), slot_numbers(entry, "reuse")) == ([], [0.5])


def test_odd_shapes_are_drawn(fill: Fill) -> None:
    """The joint bound has one row, a bounded model no accuracy, and slots no lifetimes."""
    records = [
        stream_record(cell("mlp", 0, benchmark="s", method="joint"), [[0.9, 0.8]]),
        stream_record(cell("mlp", 0, benchmark="s", method="naive"), [[0.9, 0.1], [0.2, 0.9]]),
        task_record(cell("bounded", 0, benchmark="t"), [None, None]),
        task_record(cell("slots", 0, benchmark="t"), [0.5, 0.4], slots={"occupancy": 0.5}),
    ]
    selection = select(fill(*records))
    names = [plot.name for subject in selection.subjects for plot in plots(selection, subject)]
    kinds = {
        "s": ("average-accuracy", "forgetting-curves", "accuracy-matrices", "costs"),
        "t": ("accuracy-by-distance", "costs", "slot-statistics"),
    }
    assert names == [f"{subject}-{kind}" for subject, found in kinds.items() for kind in found]


def test_labels_of_distances() -> None:
    assert [
        accuracy_by_distance.distance_label(value) for value in (64, 1000, 1024, 1536, 2**20)
    ] == ["64", "1,000", "1k", "1,536", "1M"]
