import json

import pytest
from pydantic import ValidationError

from results.errors import Damaged, Newer
from results.records.cell import Cell
from results.records.checksum import add_checksum
from results.records.record import RECORD_SCHEMA, Outcome, Record, failed, parse, succeeded
from results.records.record_parts import Cost, Failure, Learning, LearningPoint, Plugin, Provenance

CELL = Cell(
    benchmark="induction",
    model="memnet",
    method="supervised",
    seed=0,
    config={"model": {"slots": 32}},
    version={"model": "1"},
)
PROVENANCE = Provenance(
    python="3.11",
    platform="Linux",
    cpu="A",
    device="cpu",
    threads=1,
    started_at="a",
    finished_at="b",
)
OUTCOME = Outcome(
    metrics={"accuracy": 0.5, "fwt": None},
    curves={"accuracy_by_distance": [[64, 0.5, 10]]},
    slots=None,
    cost=Cost(parameters=3),
)


def document() -> dict[str, object]:
    content: dict[str, object] = json.loads(succeeded(CELL, OUTCOME, PROVENANCE).to_json())
    del content["sha256"]
    return content


def changed(**fields: object) -> str:
    """A record with changed fields and a correct checksum."""
    return add_checksum(json.dumps(document() | fields, indent=1))


def test_record_round_trips_through_json() -> None:
    record = succeeded(CELL, OUTCOME, PROVENANCE)
    assert parse(record.to_json()) == record
    assert json.loads(record.to_json())["schema"] == RECORD_SCHEMA


def test_id_depends_on_all_fields_of_the_cell_only() -> None:
    assert CELL.id == CELL.model_copy().id
    others = [
        {"seed": 1},
        {"model": "lstm"},
        {"config": {"model": {"slots": 33}}},
        {"version": {"model": "2"}},
    ]
    assert len({CELL.id, *(CELL.model_copy(update=other).id for other in others)}) == 5
    reordered = Cell.model_validate_json(
        json.dumps(dict(reversed(json.loads(CELL.model_dump_json()).items())))
    )
    assert reordered.id == CELL.id


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("field", ["metrics", "curves", "slots"])
def test_record_rejects_non_finite_numbers(number: float, field: str) -> None:
    """Nulls are accepted in the same places, at any depth."""
    nested = {
        "metrics": lambda value: {"a": value},
        "curves": lambda value: {"a": [[1, {"b": value}]]},
        "slots": lambda value: {"a": value},
    }
    assert parse(changed(**{field: nested[field](None)}))
    with pytest.raises(Damaged):
        parse(changed(**{field: nested[field](number)}))
    with pytest.raises(ValidationError):
        Record.model_validate(document() | {field: nested[field](number)})


def test_record_rejects_an_id_of_another_cell() -> None:
    with pytest.raises(Damaged, match="does not match the cell"):
        parse(changed(id="0" * 16))


@pytest.mark.parametrize("schema", [0, "1", -1, None, 1.5])
def test_record_rejects_invalid_schemas(schema: object) -> None:
    with pytest.raises(Damaged, match="schema"):
        parse(changed(schema=schema))


def test_record_rejects_a_newer_schema() -> None:
    expected = rf"schema {RECORD_SCHEMA + 1}.*reads up to {RECORD_SCHEMA}.*install a newer"
    with pytest.raises(Newer, match=expected):
        parse(changed(schema=RECORD_SCHEMA + 1, a_field_of_the_future=1))


def test_record_of_schema_1_without_checksum_is_read() -> None:
    record = parse(json.dumps(document() | {"schema": 1}))
    assert record == succeeded(CELL, OUTCOME, PROVENANCE)
    assert parse(record.to_json()) == record


def test_record_has_a_line_per_field() -> None:
    lines = succeeded(CELL, OUTCOME, PROVENANCE).to_json().splitlines()
    assert len(lines) == 2 + len(document()) + 1
    assert max(map(len, lines)) < 300


def test_record_with_learning_weights_and_plugins_round_trips() -> None:
    point = LearningPoint(step=10, examples=320, cpu_seconds=1.5, accuracy=0.95, loss=None)
    learning = Learning(initial_accuracy=0.1, curve=(point,), solved=True, examples_to_90=320)
    digest = "sha256:" + "0" * 64
    plugin = Plugin(kind="model", name="mine", version="1", digest=digest)
    provenance = PROVENANCE.model_copy(update={"plugins": (plugin,)})
    outcome = OUTCOME.model_copy(update={"learning": learning})
    record = succeeded(CELL, outcome, provenance, weights=digest)
    assert parse(record.to_json()) == record
    assert json.loads(record.to_json())["learning"]["curve"] == [[10, 320, 1.5, 0.95, None]]
    with pytest.raises(Damaged, match="weights"):
        parse(changed(weights="0" * 64))
    with pytest.raises(Damaged, match=r"learning\.curve"):
        parse(changed(learning={"curve": [[10, 320, 1.5, 1.1, None]]}))


def test_total_bytes_exclude_regenerated_parameters() -> None:
    assert Cost(buffer_bytes=10, parameter_bytes=100, regenerated_bytes=30).total_bytes == 80


def test_record_rejects_a_missing_checksum() -> None:
    with pytest.raises(Damaged, match="checksum"):
        parse(json.dumps(document()))


def test_record_rejects_every_flipped_bit() -> None:
    """All bits of a digit of a metric, and every hundredth of the others."""
    text = succeeded(CELL, OUTCOME, PROVENANCE).to_json().encode()
    digit = 8 * (text.index(b'"accuracy": 0.5') + len('"accuracy": 0.'))
    for place in [*range(digit, digit + 8), *range(0, 8 * (len(text) - 1), 101)]:
        flipped = bytearray(text)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises((Damaged, Newer)):
            parse(bytes(flipped))


def test_record_rejects_unknown_fields() -> None:
    with pytest.raises(Damaged, match="extra"):
        parse(changed(extra=1))


@pytest.mark.parametrize(
    "fields", [{"status": "failed"}, {"error": {"type": "E", "message": "m", "traceback": ""}}]
)
def test_record_rejects_status_that_contradicts_error(fields: dict[str, object]) -> None:
    with pytest.raises(Damaged, match="failed record"):
        parse(changed(**fields))


@pytest.mark.parametrize("name", ["<img>", "", "a b", "../x", "a|b", "a[b"])
def test_cell_rejects_invalid_names(name: str) -> None:
    content = json.loads(CELL.model_dump_json())
    with pytest.raises(ValidationError):
        Cell.model_validate(content | {"model": name})


def test_failed_record_contains_its_error() -> None:
    record = failed(CELL, Failure(type="ValueError", message="no"), PROVENANCE)
    assert record.status == "failed"
    assert parse(record.to_json()).error == record.error


def test_parse_raises_damaged_for_invalid_json() -> None:
    with pytest.raises(Damaged):
        parse("{")
