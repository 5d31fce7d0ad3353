import json

import pytest
from pydantic import ValidationError

from results.errors import Damaged, Newer
from results.records.cell import Cell
from results.records.checksum import add_checksum
from results.records.record import (
    SCHEMA,
    Cost,
    Failure,
    Outcome,
    Provenance,
    Record,
    failed,
    parse,
    succeeded,
)

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
    """A record with other fields, and a checksum that fits them."""
    return add_checksum(json.dumps(document() | fields, indent=1))


def test_a_record_survives_its_json() -> None:
    record = succeeded(CELL, OUTCOME, PROVENANCE)
    assert parse(record.to_json()) == record
    assert json.loads(record.to_json())["schema"] == SCHEMA


def test_the_id_is_the_cell_and_nothing_else() -> None:
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
def test_numbers_that_are_none_are_refused(number: float, field: str) -> None:
    """Nulls pass where these do not, at any depth."""
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


def test_an_id_that_does_not_follow_from_the_cell_is_refused() -> None:
    with pytest.raises(Damaged, match="does not follow"):
        parse(changed(id="0" * 16))


@pytest.mark.parametrize("schema", [0, "1", -1, None, 1.5])
def test_a_schema_that_never_was_is_refused(schema: object) -> None:
    with pytest.raises(Damaged, match="schema"):
        parse(changed(schema=schema))


def test_a_schema_of_the_future_is_refused_by_name() -> None:
    with pytest.raises(Newer, match=r"schema 3.*reads up to 2.*install a newer"):
        parse(changed(schema=3, a_field_of_the_future=1))


def test_a_record_of_schema_1_which_had_no_checksum_is_read() -> None:
    record = parse(json.dumps(document() | {"schema": 1}))
    assert record == succeeded(CELL, OUTCOME, PROVENANCE)
    assert parse(record.to_json()) == record


def test_a_record_that_has_lost_its_checksum_is_refused() -> None:
    with pytest.raises(Damaged, match="checksum"):
        parse(json.dumps(document()))


def test_every_flipped_bit_is_seen() -> None:
    """All bits of a digit of the result, and every hundredth of the rest."""
    text = succeeded(CELL, OUTCOME, PROVENANCE).to_json().encode()
    digit = 8 * (text.index(b'"accuracy": 0.5') + len('"accuracy": 0.'))
    for place in [*range(digit, digit + 8), *range(0, 8 * (len(text) - 1), 101)]:
        flipped = bytearray(text)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises((Damaged, Newer)):
            parse(bytes(flipped))


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(Damaged, match="extra"):
        parse(changed(extra=1))


@pytest.mark.parametrize(
    "fields", [{"status": "failed"}, {"error": {"type": "E", "message": "m", "traceback": ""}}]
)
def test_status_and_error_agree(fields: dict[str, object]) -> None:
    with pytest.raises(Damaged, match="failed record"):
        parse(changed(**fields))


@pytest.mark.parametrize("name", ["<img>", "", "a b", "../x", "a|b", "a[b"])
def test_names_are_plain(name: str) -> None:
    content = json.loads(CELL.model_dump_json())
    with pytest.raises(ValidationError):
        Cell.model_validate(content | {"model": name})


def test_a_failed_record_holds_its_error() -> None:
    record = failed(CELL, Failure(type="ValueError", message="no"), PROVENANCE)
    assert record.status == "failed"
    assert parse(record.to_json()).error == record.error


def test_what_is_not_json_is_damaged() -> None:
    with pytest.raises(Damaged):
        parse("{")
