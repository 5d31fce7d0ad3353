import json

import pytest

from results.errors import Damaged
from results.records.checksum import add_checksum, split_checksum

TEXT = '{\n "a": 0.25,\n "b": "x"\n}'


def test_a_sealed_document_is_json_with_one_field_more() -> None:
    document = json.loads(add_checksum(TEXT))
    assert list(document) == ["a", "b", "sha256"]
    assert add_checksum(TEXT).endswith("}\n")
    assert split_checksum(add_checksum(TEXT).encode()) == TEXT.encode()


def test_every_bit_counts() -> None:
    """A flipped bit breaks the checksum, the JSON, or the form of the seal, so that the document no longer has one."""
    sealed = add_checksum(TEXT).encode()
    for place in range(8 * (len(sealed) - 1)):
        flipped = bytearray(sealed)
        flipped[place // 8] ^= 1 << place % 8
        try:
            assert split_checksum(bytes(flipped)) is None
        except Damaged:
            continue


def test_line_ends_may_change_and_nothing_else() -> None:
    assert split_checksum(add_checksum(TEXT).replace("\n", "\r\n").encode()) == TEXT.encode()
    with pytest.raises(Damaged, match="changed after it was written"):
        split_checksum(add_checksum(TEXT).replace("0.25", "0.26").encode())


def test_what_has_no_seal_is_said_to_have_none() -> None:
    for text in (b"", b"{", TEXT.encode()):
        assert split_checksum(text) is None
