import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.execution.devices import device_name
from results.records.record import Record, failed
from results.records.record_parts import Failure
from results.validation.recompute import recomputed
from results.validation.submissions import Submission
from results.validation.untrusted_json import MAX_BYTES, printable
from results.validation.validate import MAX_REASONS, known_records, validate
from tests.results.validation.tampered_records import (
    BYTES,
    DOCUMENTS,
    PROVENANCE,
    Document,
    right,
    right_stream,
    written,
)

PUBLISHED = Path(__file__).parents[3] / "results" / "published"


def put(folder: Path, *records: Record) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{record.id}.json" for record in records]
    for path, record in zip(paths, records, strict=True):
        path.write_text(record.to_json())
    return paths


def refused(paths: list[Path], known: list[Submission] | None = None) -> list[str]:
    return [
        finding.reason for finding in validate(paths, known or []) if finding.severity == "refused"
    ]


def assert_refused(path: Path, reason: str) -> None:
    reasons = refused([path])
    assert any(re.search(reason, one) for one in reasons), reasons
    assert all(one.isprintable() and len(one) <= 300 for one in reasons)


@pytest.mark.parametrize(
    "record",
    [
        right(),
        right_stream(),
        failed(right().cell, Failure(type="E", message="a\n\tb"), PROVENANCE),
    ],
)
def test_validate_accepts_valid_records(tmp_path: Path, record: Record) -> None:
    assert refused(put(tmp_path, record)) == []


def test_validate_accepts_records_of_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "NVIDIA H100 80GB HBM3")
    device = device_name(torch.device("cuda:0"))
    record = right()
    record = record.model_copy(
        update={"provenance": record.provenance.model_copy(update={"device": device})}
    )
    assert refused(put(tmp_path, record)) == []


def test_the_published_records_are_accepted() -> None:
    records = known_records(PUBLISHED)
    assert len(records) >= 37
    assert refused([one.path for one in records], records) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_validate_rejects_tampered_documents(tmp_path: Path, name: str) -> None:
    change, reason = DOCUMENTS[name]
    document: Document = json.loads(right().to_json())
    change(document)
    path = tmp_path / f"{right().id}.json"
    path.write_bytes(written(document))
    assert_refused(path, reason)


@pytest.mark.parametrize("name", BYTES)
def test_validate_rejects_tampered_bytes(tmp_path: Path, name: str) -> None:
    change, reason = BYTES[name]
    path = tmp_path / f"{right().id}.json"
    path.write_bytes(change(right().to_json().encode()))
    assert_refused(path, reason)


def test_tampered_records_are_many() -> None:
    assert len(DOCUMENTS) + len(BYTES) >= 100


def test_validate_rejects_large_files_without_reading(tmp_path: Path) -> None:
    """A sparse file of a hundred megabytes, so that the test needs no disk."""
    path = tmp_path / f"{right().id}.json"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    assert_refused(path, f"100,000,000 bytes; a record has at most {MAX_BYTES:,}")


def test_validate_rejects_other_files(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    assert_refused(pipe, "not a regular file")
    assert_refused(tmp_path, "not a regular file")
    assert_refused(tmp_path / "absent.json", "No such file")
    assert_refused(Path("a\0b.json"), "cannot be read")
    assert_refused(Path("x" * 5000), "cannot be read")


def test_validate_rejects_other_file_names(tmp_path: Path) -> None:
    path = tmp_path / "best.json"
    path.write_text(right().to_json())
    assert_refused(path, "its name must be the id")


def test_validate_recomputes_streams(tmp_path: Path) -> None:
    record = right_stream()
    [path] = put(
        tmp_path, record.model_copy(update={"metrics": {**record.metrics, "forgetting": 0.0}})
    )
    assert_refused(path, r"forgetting is 0, and the curves give 0\.4")
    [path] = put(
        tmp_path,
        record.model_copy(
            update={"metrics": {**record.metrics, "wc_accuracy": 0.9, "probe_accuracy": 0.9}}
        ),
    )
    assert_refused(path, "wc_accuracy is 0.9, and the curves give 0.55")
    assert_refused(path, "probe_accuracy is 0.9")
    wrong = {
        "not an accuracy between": [[0.9, 1.1], [0.5, 0.8]],
        "ragged": [[0.9], [0.5, 0.8]],
        "matrix": "x",
    }
    for reason, matrix in wrong.items():
        [path] = put(
            tmp_path,
            record.model_copy(update={"curves": {**record.curves, "accuracy_matrix": matrix}}),
        )
        assert_refused(path, reason)


def test_validate_recomputes_joint_training(
    tmp_path: Path,
) -> None:
    record = right_stream()
    once: dict[str, Any] = {
        "accuracy_matrix": [[0.9, 0.8]],
        "probe_matrix": [[0.8, 0.8]],
        "accuracy_within": [[10.0, 0.9, 0.8]],
    }
    curves = {**record.curves, **once}
    metrics = recomputed(curves)
    [path] = put(tmp_path, record.model_copy(update={"curves": curves, "metrics": metrics}))
    assert refused([path]) == []
    [path] = put(
        tmp_path,
        record.model_copy(update={"curves": curves, "metrics": {**metrics, "forgetting": 0.0}}),
    )
    assert_refused(path, "forgetting is 0, and the curves give null")


def test_validate_limits_the_problems_of_a_record(tmp_path: Path) -> None:
    record = right()
    [path] = put(
        tmp_path, record.model_copy(update={"metrics": {f"m{place}": 1.0 for place in range(500)}})
    )
    assert len(refused([path])) == MAX_REASONS


def test_validate_rejects_missing_seeds(tmp_path: Path) -> None:
    paths = put(tmp_path, right(0), right(1), right(3))
    [reason] = refused(paths)
    assert "induction · memnet · supervised has no seeds 2" in reason
    assert refused(put(tmp_path / "far", right(4_000_000_000)))[0].count(",") < 12
    for count, words in ((1, "1 seed"), (2, "2 seeds")):
        notes = [finding.reason for finding in validate(paths[:count])]
        assert notes == [f"induction · memnet · supervised has {words}; an official row has 10"]


def test_validate_counts_published_seeds(tmp_path: Path) -> None:
    there = put(tmp_path / "records", right(0), right(1), right(2))
    known = known_records(tmp_path)
    assert len(known) == len(there)
    assert refused(put(tmp_path / "submitted", right(3)), known) == []
    assert refused(there, known) == []


def test_validate_rejects_duplicates(tmp_path: Path) -> None:
    one, two = put(tmp_path / "a", right(0)), put(tmp_path / "b", right(0))
    assert "duplicate" in refused([*one, *two])[0]
    cost = right(0).cost.model_copy(update={"train_seconds": 11.0})
    put(tmp_path / "records", right(0).model_copy(update={"cost": cost}))
    assert "has the same cell with the same metrics" in refused(one, known_records(tmp_path))[0]


def test_validate_accepts_copies_of_published_records(tmp_path: Path) -> None:
    put(tmp_path / "records", right(0), right(2))
    [path] = put(tmp_path / "sent", right(0))
    [problem] = validate([path], known_records(tmp_path))
    assert (problem.severity, "identical" in problem.reason) == ("note", True)


@pytest.mark.parametrize(
    ("text", "severity", "reason"),
    [
        ('{"name": "quick", "benchmarks": [], "cells": []}', "manifest", "'quick' with 0 cells"),
        ('{"name": "<b>", "benchmarks": [], "cells": []}', "refused", "manifest is damaged: name"),
        ('{"schema": 99, "benchmarks": [], "cells": []}', "refused", "has schema 99"),
    ],
)
def test_validate_recognises_manifests(
    tmp_path: Path, text: str, severity: str, reason: str
) -> None:
    path = tmp_path / "quick.json"
    path.write_text(text)
    [problem] = validate([path])
    assert problem.severity == severity
    assert reason in problem.reason


def test_validate_rejects_drift(tmp_path: Path) -> None:
    """Any difference of the same cell; a mean outside the prediction interval of the row."""
    put(
        tmp_path / "records",
        *(
            right(seed, accuracy=accuracy)
            for seed, accuracy in enumerate((0.75, 0.7, 0.8, 0.7, 0.75, 0.8))
        ),
    )
    known = known_records(tmp_path)
    assert "drift: accuracy is" in refused(put(tmp_path / "same", right(0, accuracy=0.2)), known)[0]
    assert refused(put(tmp_path / "near", right(6, accuracy=0.85)), known) == []
    far = put(tmp_path / "far", *(right(seed, accuracy=0.0) for seed in range(6, 10)))
    assert "drift: induction · memnet · supervised has accuracy 0.500" in refused(far, known)[0]


def test_validate_rejects_different_sizes_in_a_row(tmp_path: Path) -> None:
    assert (
        "1,000 and 2,000 parameters"
        in refused(put(tmp_path, right(0), right(1, parameters=2000)))[0]
    )


def test_validate_notes_another_config_of_a_row(tmp_path: Path) -> None:
    put(tmp_path / "records", right(0))
    findings = validate(put(tmp_path / "submitted", right(0, length=256)), known_records(tmp_path))
    assert [finding.severity for finding in findings] == ["note", "note"]
    assert "another config or version" in findings[1].reason


def test_known_records_leaves_files_in_place(tmp_path: Path) -> None:
    [path] = put(tmp_path / "records", right(0))
    path.with_name("broken.json").write_text("{")
    assert len(known_records(tmp_path)) == 1
    assert sorted(file.name for file in path.parent.iterdir()) == sorted([path.name, "broken.json"])


def test_printable_is_safe_for_a_terminal() -> None:
    assert printable("a\x1b[31m\nb\u202e") == "a\\u001b[31m b\\u202e"
    assert len(printable("x" * 1000)) == 300


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_validate_never_crashes_on_bytes(tmp_path: Path, data: st.DataObject) -> None:
    """Cut, doubled, swapped and replaced pieces of a record never raise an exception."""
    raw = bytearray(right().to_json().encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw)))
        piece = data.draw(
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from([b"[", b"}", b'"', b"null", b"1e400", b"-", b"\\u0000", b"{}"]),
            )
        )
        raw[start : start + data.draw(st.integers(0, 12))] = piece
    path = tmp_path / f"{right().id}.json"
    path.write_bytes(bytes(raw))
    validate([path])


NAMES = [
    "accuracy_by_distance",
    "accuracy_within",
    "accuracy_matrix",
    "initial_accuracy",
    "training_loss",
    "lifetimes",
    "occupancy",
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(NAMES), json_values)
def test_validate_never_crashes_on_values(tmp_path: Path, name: str, value: object) -> None:
    """Any JSON value in place of a curve or a statistic, with a correct checksum."""
    document: Document = json.loads(right().to_json())
    document["slots" if name in ("lifetimes", "occupancy") else "curves"][name] = value
    path = tmp_path / f"{right().id}.json"
    path.write_bytes(written(document))
    validate([path])
