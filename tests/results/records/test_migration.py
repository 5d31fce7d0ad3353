import json

import pytest

from results.errors import Damaged
from results.records.checksum import add_checksum
from results.records.header import header, header_of
from results.records.record import RECORD_SCHEMA, parse
from results.records.thinning import MAX_POINTS, restricted_mean

TIME = [float(time) for time in range(1000)]
SHARE = [1 - time / 1000 for time in TIME]
LIFETIMES = {"time": TIME, "survival": SHARE, "low": SHARE, "high": SHARE}
SCHEMA_2 = {
    "schema": 2,
    "id": "bc901b7c0a5ad49c",
    "status": "ok",
    "error": None,
    "cell": {
        "benchmark": "induction",
        "model": "memnet",
        "method": "supervised",
        "seed": 0,
        "config": {"model": {"slots": 32}},
        "version": {"model": "1"},
    },
    "metrics": {"accuracy": 0.5, "accuracy_at_64": 0.5},
    "curves": {"accuracy_by_distance": [[64.0, 0.5, 10.0]], "training_loss": [[1.0, 2.5]]},
    "slots": {"occupancy": 1.0, "lifetimes": LIFETIMES},
    "cost": {"parameters": 3, "parameter_bytes": 12, "buffer_bytes": 5, "train_seconds": 1.0},
    "provenance": {
        "commit": None,
        "dirty": None,
        "packages": {},
        "python": "3.11",
        "platform": "Linux",
        "cpu": "A",
        "device": "cpu",
        "threads": 1,
        "started_at": "a",
        "finished_at": "b",
    },
}
"""A record as versions of schema 2 wrote it."""


def written(**fields: object) -> str:
    return add_checksum(json.dumps(SCHEMA_2 | fields, indent=1))


def test_record_of_schema_2_is_converted() -> None:
    record = parse(written())
    assert record.schema_version == RECORD_SCHEMA
    assert record.id == SCHEMA_2["id"]
    assert (record.metrics, record.curves) == (SCHEMA_2["metrics"], SCHEMA_2["curves"])
    assert (record.learning, record.weights, record.provenance.plugins) == (None, None, None)
    assert (record.cost.training_state_bytes, record.cost.total_bytes) == (None, 17)
    assert record.slots is not None
    thin = record.slots["lifetimes"]
    assert isinstance(thin, dict)
    assert isinstance(thin["time"], list)
    assert len(thin["time"]) <= MAX_POINTS
    assert thin["survival"] == [pytest.approx(1 - float(str(time)) / 1000) for time in thin["time"]]
    assert thin["mean"] == pytest.approx(restricted_mean(TIME, SHARE))
    assert parse(record.to_json()) == record


def test_header_of_schema_2_equals_the_parsed_record() -> None:
    assert header(written().encode()) == header_of(parse(written()))


def test_record_of_schema_2_needs_its_checksum() -> None:
    with pytest.raises(Damaged, match="checksum"):
        parse(json.dumps(SCHEMA_2))


@pytest.mark.parametrize(
    "curve", [None, "x", {}, {"time": [1]}, {"time": [0, 0], "survival": [1, 1]}, {"time": ["a"]}]
)
def test_malformed_survival_curve_stays_unchanged(curve: object) -> None:
    assert parse(written(slots={"lifetimes": curve})).slots == {"lifetimes": curve}
