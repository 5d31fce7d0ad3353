import json

import pytest

from results.errors import Damaged
from results.records.checksum import add_checksum, split_checksum

TEXT = '{\n "a": 0.25,\n "b": "x"\n}'


def test_checksum_is_the_last_field_of_the_document() -> None:
    document = json.loads(add_checksum(TEXT))
    assert list(document) == ["a", "b", "sha256"]
    assert add_checksum(TEXT).endswith("}\n")
    assert split_checksum(add_checksum(TEXT).encode()) == TEXT.encode()


def test_checksum_detects_every_flipped_bit() -> None:
    """A flipped bit breaks the checksum, or its form, so that none is found."""
    text = add_checksum(TEXT).encode()
    for place in range(8 * (len(text) - 1)):
        flipped = bytearray(text)
        flipped[place // 8] ^= 1 << place % 8
        try:
            assert split_checksum(bytes(flipped)) is None
        except Damaged:
            continue


def test_checksum_ignores_line_ends_only() -> None:
    assert split_checksum(add_checksum(TEXT).replace("\n", "\r\n").encode()) == TEXT.encode()
    with pytest.raises(Damaged, match="changed after it was written"):
        split_checksum(add_checksum(TEXT).replace("0.25", "0.26").encode())


def test_checksum_missing_returns_none() -> None:
    for text in (b"", b"{", TEXT.encode()):
        assert split_checksum(text) is None
