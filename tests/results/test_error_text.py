"""One line on an exception."""

import numpy as np
import pytest
import torch

from results.error_text import one_line, out_of_memory


def test_an_exception_without_a_message_gives_its_type() -> None:
    assert one_line(AssertionError()) == "AssertionError"
    assert one_line(EOFError("a\n  b")) == "a b"


@pytest.mark.parametrize(
    "allocate",
    [
        lambda: torch.empty(2**50),
        lambda: torch.empty(2**40, 2**40),
        lambda: np.empty(2**50, dtype=np.uint8),
        lambda: np.empty((2**40, 2**40)),
        lambda: bytearray(2**60),
    ],
)
def test_memory_that_cannot_be_had_gives_one_line_with_the_way_out(allocate: object) -> None:
    assert callable(allocate)
    with pytest.raises((RuntimeError, ValueError, MemoryError)) as error:
        allocate()
    assert one_line(error.value).startswith("there is not enough memory")
    assert one_line(error.value).endswith("run fewer cells at a time (--jobs)")


def test_the_size_is_named() -> None:
    with pytest.raises(RuntimeError) as error:
        torch.empty(2**50)
    assert f"{2**52} bytes at once" in out_of_memory(error.value)


def test_other_errors_are_not_about_memory() -> None:
    assert not out_of_memory(RuntimeError("the memory has no slots"))
    assert not out_of_memory(KeyError("out of memory"))
