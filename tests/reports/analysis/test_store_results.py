"""Records of stores as pandas frames."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import memnet
from results.store.store import Store
from tests.reports.conftest import cell, failed_record, stream_record, task_record

Fill = Callable[..., Store]


def test_a_frame_has_a_row_per_cell_with_real_dtypes(fill: Fill) -> None:
    store = fill(task_record(cell("memnet", 0), [0.5]), failed_record(cell("lstm", 1)))
    frame = memnet.load_results(store.root).frame()
    assert frame["store"].tolist() == [str(store.root)] * 2
    assert dict(zip(frame["model"], frame["status"], strict=True)) == {
        "memnet": "ok",
        "lstm": "failed",
    }
    assert frame["seed"].dtype == "Int64"
    assert frame["model"].dtype == "string"
    assert frame["cost.parameters"].dtype == "Int64"
    assert frame["cost.train_seconds"].dtype == "Float64"
    assert frame["metric.accuracy"].dtype == "Float64"
    assert frame["metric.accuracy"].isna().sum() == 1
    assert {"config.training.learning_rate", "version.benchmark", "provenance.commit"} <= set(frame)
    assert not [name for name in frame if frame[name].dtype == object]


def test_a_curve_has_a_row_per_point(fill: Fill) -> None:
    first, second = cell("memnet", 0), cell("lstm", 1)
    results = memnet.load_results(
        fill(task_record(first, [0.5, 0.25]), task_record(second, [1.0, 0.75])).root
    )
    curve = results.curves("accuracy_by_distance")
    assert curve.columns.tolist() == [
        *("store", "id", "benchmark", "model", "method", "seed", "distance", "accuracy", "count")
    ]
    accuracies = curve.groupby("model")["accuracy"].apply(list).to_dict()
    assert accuracies == {"memnet": [0.5, 0.25], "lstm": [1.0, 0.75]}
    assert curve["distance"].dtype == "float64"


def test_an_accuracy_matrix_is_read_by_experience(fill: Fill) -> None:
    record = stream_record(cell("memnet", 0), [[0.5, 0.0], [0.25, 1.0]])
    curve = memnet.load_results(fill(record).root).curves("accuracy_matrix")
    wide = curve.pivot(index="trained_experience", columns="tested_experience", values="accuracy")
    assert wide.to_numpy().tolist() == [[0.5, 0.0], [0.25, 1.0]]


def test_an_unknown_curve_is_refused_with_the_known_ones(fill: Fill) -> None:
    results = memnet.load_results(fill(task_record(cell("memnet", 0), [0.5])).root)
    with pytest.raises(memnet.UsageError, match=r"'losses': there is accuracy_by_distance"):
        results.curves("losses")


def test_several_stores_are_joined_and_equal_records_count_once(fill: Fill) -> None:
    shared = task_record(cell("memnet", 0), [0.5])
    first = fill(shared, name="first").root
    second = fill(shared, task_record(cell("memnet", 1), [0.75]), name="second").root
    results = memnet.load_results(first, second)
    assert results.frame()["store"].tolist() == [str(first), str(second)]
    assert results.frame()["seed"].tolist() == [0, 1]
    assert results.curves("accuracy_by_distance")["store"].unique().tolist() == [
        str(first),
        str(second),
    ]


def test_two_records_of_one_cell_are_refused(fill: Fill) -> None:
    of = cell("memnet", 0)
    first, second = (
        fill(task_record(of, [score]), name=name)
        for name, score in (("first", 0.5), ("second", 0.6))
    )
    files = re.escape(f"{first.path(of.id)} and {second.path(of.id)}")
    with pytest.raises(memnet.UsageError, match=f"{files} are different records of one cell"):
        memnet.load_results(first.root, second.root)


def test_no_store_and_a_folder_that_is_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(memnet.UsageError, match="no store"):
        memnet.load_results()
    with pytest.raises(memnet.UsageError, match="there is no store at"):
        memnet.load_results(tmp_path / "nowhere")


def test_an_empty_store_gives_an_empty_frame(tmp_path: Path) -> None:
    Store.open(tmp_path, create=True)
    frame = memnet.load_results(tmp_path).frame()
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) == 0
    assert "model" in frame


def test_published_names_the_packages_own_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert memnet.load_results("published", cells=[]).stores == (("published", ()),)
