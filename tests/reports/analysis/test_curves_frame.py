from reports.analysis.curves_frame import curves_frame
from results.records.record import Record
from tests.reports.conftest import cell, slots, task_record


def with_curve(curve: object) -> Record:
    record = task_record(cell("memnet", 0), [0.5], slots=slots(0))
    return record.model_copy(update={"curves": {"accuracy_by_distance": curve}})


def test_malformed_points_are_skipped() -> None:
    curve = [[128, 0.5, 64], [256, "x", 64], "row", [512, None, 0], [1024, 10**400, 1], [], {}]
    frame = curves_frame([with_curve(curve)], "accuracy_by_distance")
    assert frame["distance"].tolist() == [128, 512]
    assert frame["accuracy"].isna().tolist() == [False, True]


def test_lifetimes_without_a_band_have_no_columns_for_it() -> None:
    frame = curves_frame([with_curve([])], "lifetimes")
    assert frame[["time", "survival"]].to_numpy().tolist() == [
        [0.0, 1.0],
        [10.0, 0.8],
        [50.0, 0.4],
        [400.0, 0.1],
    ]
    assert "low" not in frame
