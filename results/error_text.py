"""One line on an exception, for messages and records."""

import re

OUT_OF_MEMORY = "OutOfMemory"
"""Type of the failure of a cell that had not enough memory."""

NO_MEMORY = (
    "can't allocate memory",
    "out of memory",
    "unable to allocate",
    "not enough memory",
    "storage size calculation overflowed",
    "integer multiplication overflow",
    "array is too big",
    "maximum allowed dimension exceeded",
)
"""Parts of the messages of torch and NumPy about memory that can't be allocated, in lower case."""

WAY_OUT = "choose smaller sizes in the options, or run fewer cells at a time (--jobs)"


def one_line(error: BaseException) -> str:
    """Return the message of an exception in one line.

    An exception without a message, such as that of a failed ``assert``, gives the name of its type.
    """
    return out_of_memory(error) or " ".join(str(error).split()) or type(error).__name__


def out_of_memory(error: BaseException) -> str:
    """Return one line with the way out if memory could not be allocated; otherwise nothing."""
    text = " ".join(str(error).split())
    if not isinstance(error, MemoryError) and not (
        isinstance(error, RuntimeError | ValueError)
        and any(phrase in text.lower() for phrase in NO_MEMORY)
    ):
        return ""
    asked = re.search(r"allocate ([\d.,]+ ?[KMGTP]?i?B(?:ytes)?)\b", text, re.IGNORECASE)
    size = f", {asked[1]} at once" if asked else ""
    return f"there is not enough memory{size}; {WAY_OUT}"
