import csv
import io
from collections.abc import Callable

import pandas as pd
from pydantic import JsonValue

from reports.analysis.dataframes import cells_frame, records_frame, summary_frame, to_csv
from reports.analysis.selection import select
from results.store.store import Store
from tests.reports.conftest import cell, failed_record, full, manifest, task_record

Fill = Callable[..., Store]


def test_every_record_has_a_row(fill: Fill) -> None:
    records, plan = full()
    frame = records_frame(select(fill(*records, manifests=(plan,))))
    assert sorted(frame["id"]) == sorted(record.id for record in records)
    assert (frame["status"] == "failed").sum() == 1
    one = frame[
        (frame["model"] == "memnet")
        & (frame["seed"] == 1)
        & (frame["benchmark"] == "delayed-recall")
    ].iloc[0]
    assert (one["cost.parameters"], one["slots.reuse"]) == (51_200, 0.26)
    assert 0.9 < one["metric.accuracy_at_128"] <= 1


def test_stale_records_have_their_own_status(fill: Fill) -> None:
    now, before = cell("memnet", 0, version="2"), cell("memnet", 0)
    frame = records_frame(
        select(
            fill(task_record(now, [0.9]), task_record(before, [0.1]), manifests=(manifest([now]),))
        )
    )
    assert list(frame["status"]) == ["ok", "stale"]


def test_an_empty_store_has_columns(fill: Fill) -> None:
    selection = select(fill())
    assert "metric" in summary_frame(selection)
    assert "status" in records_frame(selection)


def test_csv_contains_no_formulas(fill: Fill) -> None:
    frame = records_frame(select(fill(failed_record(cell("memnet", 0), '=cmd|"/C calc"!A0'))))
    frame["=hostile"] = ["+1"]
    [row] = csv.DictReader(io.StringIO(to_csv(frame)))
    assert row["'=hostile"] == "'+1"
    assert row["error"].startswith("MemoryError: =cmd")


def test_numbers_have_six_digits_and_none_is_empty() -> None:
    text = to_csv(
        pd.DataFrame({"a": [1 / 3, None], "b": [-1e-9, float("nan")], "c": [7, "x"]}, dtype=object)
    )
    assert text == "a,b,c\n0.333333,-1e-09,7\n,,x\n"


def test_config_values_have_the_narrowest_dtype() -> None:
    configs: list[dict[str, JsonValue]] = [
        {"steps": 1, "rate": 1, "flag": True, "form": "a", "sizes": [1, 2], "huge": 2**70},
        {"steps": None, "rate": 0.5, "flag": None, "form": 3, "sizes": None, "huge": 1},
    ]
    cells = [
        one.model_copy(update={"config": {"benchmark": config}})
        for config in configs
        for one in (cell("memnet", 0),)
    ]
    frame = cells_frame([task_record(one, [0.5]) for one in cells])
    dtypes = {
        name: str(frame[f"config.benchmark.{name}"].dtype)
        for name in ("steps", "rate", "flag", "form", "sizes", "huge")
    }
    assert dtypes == {
        "steps": "Int64",
        "rate": "Float64",
        "flag": "boolean",
        "form": "string",
        "sizes": "string",
        "huge": "string",
    }
    assert frame["config.benchmark.sizes"][0] == "[1, 2]"
