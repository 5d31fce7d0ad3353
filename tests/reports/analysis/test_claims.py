"""Claims: the table."""

import pytest

from reports.analysis.claims import REFUTED, UNDECIDED, Claim, read_claims
from results.errors import UsageError

TABLE = """# Claims

| other | table |
|---|---|
| 1 | 2 |

| claim | benchmark | metric | row | control | at least | verdict |
|---|---|---|---|---|---|---|
| A | `delayed-recall[train_length=128]` | `accuracy` | `memnet` | `lstm` | 0.2 | open |
| B | `split-digits` | `bwt` | `mlp / memnet` | `mlp / er` | 0.01 | refuted |
"""


def test_table_of_claims_is_read() -> None:
    first, second = read_claims(TABLE)
    assert first == Claim(
        "A", "delayed-recall[train_length=128]", "accuracy", "memnet", "lstm", 0.2, UNDECIDED
    )
    assert (second.row, second.control, second.verdict) == ("mlp / memnet", "mlp / er", REFUTED)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("| open |", "| likely |", "a verdict is one of confirmed, refuted, open"),
        ("| 0.2 | open |", "| open |", "is no claim"),
        ("| claim |", "| claims |", "no table"),
    ],
)
def test_invalid_tables_are_errors(old: str, new: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_claims(TABLE.replace(old, new))
