import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.execution.run_cell import described
from results.records.record import Failure, Record, failed
from results.validation.recompute import recomputed
from results.validation.submissions import Submission
from results.validation.untrusted_json import BYTES as MOST
from results.validation.untrusted_json import printable
from results.validation.validate import LINES, inspect, known_records, validate
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
def test_what_is_right_is_accepted(tmp_path: Path, record: Record) -> None:
    assert refused(put(tmp_path, record)) == []


def test_a_record_made_on_a_gpu_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "NVIDIA H100 80GB HBM3")
    device = described(torch.device("cuda:0"))
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
def test_a_tampered_document_is_refused_with_its_reason(tmp_path: Path, name: str) -> None:
    change, reason = DOCUMENTS[name]
    document: Document = json.loads(right().to_json())
    change(document)
    path = tmp_path / f"{right().id}.json"
    path.write_bytes(written(document))
    assert_refused(path, reason)


@pytest.mark.parametrize("name", BYTES)
def test_tampered_bytes_are_refused_with_their_reason(tmp_path: Path, name: str) -> None:
    change, reason = BYTES[name]
    path = tmp_path / f"{right().id}.json"
    path.write_bytes(change(right().to_json().encode()))
    assert_refused(path, reason)


def test_fifty_ways_at_least() -> None:
    assert len(DOCUMENTS) + len(BYTES) >= 100


def test_a_file_beyond_size_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """A hundred megabytes with a hole in them, so that the test costs no disk."""
    path = tmp_path / f"{right().id}.json"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    assert_refused(path, f"100,000,000 bytes; a record has at most {MOST:,}")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    assert_refused(pipe, "not a file")
    assert_refused(tmp_path, "not a file")
    assert_refused(tmp_path / "absent.json", "No such file")
    assert_refused(Path("a\0b.json"), "can't be read")
    assert_refused(Path("x" * 5000), "can't be read")


def test_a_file_is_named_by_its_id(tmp_path: Path) -> None:
    path = tmp_path / "best.json"
    path.write_text(right().to_json())
    assert_refused(path, "a record's is named by its id")


def test_a_stream_is_recomputed_from_its_matrix(tmp_path: Path) -> None:
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
        "no accuracy between": [[0.9, 1.1], [0.5, 0.8]],
        "ragged": [[0.9], [0.5, 0.8]],
        "matrix": "x",
    }
    for reason, matrix in wrong.items():
        [path] = put(
            tmp_path,
            record.model_copy(update={"curves": {**record.curves, "accuracy_matrix": matrix}}),
        )
        assert_refused(path, reason)


def test_what_was_trained_once_on_everything_is_believed_of_its_accuracy_alone(
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


def test_one_that_is_wrong_in_everything_gets_few_lines(tmp_path: Path) -> None:
    record = right()
    [path] = put(
        tmp_path, record.model_copy(update={"metrics": {f"m{place}": 1.0 for place in range(500)}})
    )
    assert len(refused([path])) == LINES


def test_seeds_are_complete(tmp_path: Path) -> None:
    paths = put(tmp_path, right(0), right(1), right(3))
    [reason] = refused(paths)
    assert "induction · memnet · supervised lacks seeds 2" in reason
    assert refused(put(tmp_path / "far", right(4_000_000_000)))[0].count(",") < 12
    notes = [finding.reason for finding in validate(paths[:2])]
    assert notes == ["induction · memnet · supervised has 2 seeds; an official row has 10"]


def test_seeds_that_are_there_already_count(tmp_path: Path) -> None:
    there = put(tmp_path / "records", right(0), right(1), right(2))
    known = known_records(tmp_path)
    assert len(known) == len(there)
    assert refused(put(tmp_path / "sent", right(3)), known) == []
    assert refused(there, known) == []


def test_duplicates_are_refused(tmp_path: Path) -> None:
    one, two = put(tmp_path / "a", right(0)), put(tmp_path / "b", right(0))
    assert "duplicate" in refused([*one, *two])[0]
    put(tmp_path / "records", right(0))
    assert "holds the same cell with the same metrics" in refused(one, known_records(tmp_path))[0]


def test_drift_is_refused(tmp_path: Path) -> None:
    """Of the same cell any difference.

    Of other seeds of the row, a mean outside what the row's seeds let expect.
    """
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


def test_the_seeds_of_a_row_are_of_one_size(tmp_path: Path) -> None:
    assert (
        "1,000 and 2,000 parameters"
        in refused(put(tmp_path, right(0), right(1, parameters=2000)))[0]
    )


def test_another_setting_of_a_name_is_told(tmp_path: Path) -> None:
    put(tmp_path / "records", right(0))
    findings = validate(put(tmp_path / "sent", right(0, length=256)), known_records(tmp_path))
    assert [finding.severity for finding in findings] == ["note", "note"]
    assert "another config or version" in findings[1].reason


def test_known_records_are_left_as_they_are(tmp_path: Path) -> None:
    [path] = put(tmp_path / "records", right(0))
    path.with_name("broken.json").write_text("{")
    assert len(known_records(tmp_path)) == 1
    assert sorted(file.name for file in path.parent.iterdir()) == sorted([path.name, "broken.json"])


def test_what_is_shown_is_safe_for_a_terminal() -> None:
    assert printable("a\x1b[31m\nb\u202e") == "a\\u001b[31m b\\u202e"
    assert len(printable("x" * 1000)) == 300


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_no_bytes_make_it_crash(tmp_path: Path, data: st.DataObject) -> None:
    """Pieces of a record cut, doubled, swapped and replaced: refused or accepted, never an exception."""
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
def test_no_value_makes_it_crash(tmp_path: Path, name: str, value: object) -> None:
    """Whatever JSON stands where a curve or a statistic is looked for, sealed as it should be."""
    document: Document = json.loads(right().to_json())
    document["slots" if name in ("lifetimes", "occupancy") else "curves"][name] = value
    path = tmp_path / f"{right().id}.json"
    path.write_bytes(written(document))
    inspect(path)
    validate([path])
