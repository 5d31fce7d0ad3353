import pytest

from results.errors import Damaged, Newer
from results.records.cell import Cell
from results.records.checksum import add_checksum
from results.records.header import header, header_of
from results.records.record import Outcome, failed, succeeded
from results.records.record_parts import Cost, Failure, Provenance

CELL = Cell(
    benchmark="induction",
    model="memnet[slots=8]",
    method="supervised",
    seed=3,
    config={"benchmark": {"steps": 9}, "model": {"slots": 8}},
    version={"a": "1"},
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
RECORDS = [
    succeeded(
        CELL,
        Outcome(metrics={"accuracy": 0.5}, cost=Cost(train_seconds=2.0, eval_seconds=0.5)),
        PROVENANCE,
    ),
    failed(CELL, Failure(type="E", message="m", traceback="t"), PROVENANCE),
]


def test_header_equals_header_of_the_parsed_record() -> None:
    """A record of schema 1, which has no checksum, is parsed and validated."""
    for one in RECORDS:
        text = one.to_json()
        assert header(text.encode()) == header_of(one)
        plain = one.model_copy(update={"schema_version": 1}).model_dump_json(
            by_alias=True, indent=1
        )
        assert header(plain.encode()) == header_of(one)
    found = header_of(RECORDS[0])
    assert (found.id, found.key, found.options, found.seconds) == (
        CELL.id,
        CELL.key,
        {"steps": 9, "protocol": "fixed"},
        2.5,
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        add_checksum('{\n "a": 1\n}'),
        add_checksum('{\n "schema": 2\n}'),
        RECORDS[0].to_json().replace("0.5", "0.6"),
    ],
)
def test_header_raises_damaged_for_other_documents(text: str) -> None:
    with pytest.raises(Damaged):
        header(text.encode())


def test_header_raises_newer_for_a_newer_schema() -> None:
    with pytest.raises(Newer, match="schema 9"):
        header(add_checksum('{\n "schema": 9\n}').encode())
