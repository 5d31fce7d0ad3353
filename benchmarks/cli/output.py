"""Standard output and standard error that cannot stop a command.

A character outside the encoding degrades to ASCII. A failed write (closed stream, full disk, reader
gone) is remembered instead of raised, so that a run goes on; `exit_code` turns it into a non-zero
exit code at the end.
"""

import codecs
import errno
import io
import os
import sys
import unicodedata
from typing import Any

ASCII = {
    "±": "+/-",
    "×": "x",  # noqa: RUF001
    "÷": "/",
    "−": "-",  # noqa: RUF001
    "–": "-",  # noqa: RUF001
    "—": "-",
    "·": "|",
    "•": "*",
    "…": "...",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "→": "->",
    "←": "<-",
    "█": "#",
    "━": "-",
}
"""Replacements of characters missing in an encoding; others lose their accents or become ``?``."""

LOST = 1
"""Exit code of a command whose output could not be written."""


class LenientFile(io.FileIO):
    """A file descriptor whose first failed write is remembered instead of raised."""

    error: OSError | None = None

    def write(self, data: Any) -> int:
        """Write as much as possible, and report everything as written."""
        try:
            return super().write(data) or len(data)
        except OSError as error:
            self.error = self.error or error
            return len(data)


def to_ascii(error: UnicodeError) -> tuple[str, int]:
    """Replace characters that cannot be encoded. This is an error handler of `codecs`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_ascii, error.object[error.start : error.end])), error.end


def prepare_output() -> tuple[LenientFile, LenientFile]:
    """Replace standard output and standard error, and return the files under them."""
    codecs.register_error("memnet_ascii", to_ascii)
    for descriptor in (0, 1, 2):
        _occupy(descriptor)
    output, errors = LenientFile(1, "w", closefd=False), LenientFile(2, "w", closefd=False)
    sys.stdout, sys.stderr = _text(output, sys.stdout), _text(errors, sys.stderr)
    return output, errors


def exit_code(code: int, output: LenientFile, errors: LenientFile) -> int:
    """Return the exit code: that of the command, or `LOST` if it is 0 and output was lost.

    A reader that ended early (``memnet list | head -1``) is not reported.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    if output.error is not None and output.error.errno != errno.EPIPE:
        reason = output.error.strerror
        print(f"memnet: error: cannot write to standard output: {reason}", file=sys.stderr)
        sys.stderr.flush()
    return code or (LOST if output.error or errors.error else 0)


def _text(file: LenientFile, old: Any) -> io.TextIOWrapper:
    """Return a text stream with the encoding of the old one; a closed stream is None."""
    return io.TextIOWrapper(
        io.BufferedWriter(file),
        encoding=old.encoding if old is not None else "utf-8",
        errors="memnet_ascii",
        line_buffering=old is None or old.line_buffering or file.fileno() == 2,
    )


def _occupy(descriptor: int) -> None:
    """Prevent other files from taking the place of a closed standard stream.

    The null device is opened for reading, so that writes to it fail.
    """
    try:
        os.fstat(descriptor)
    except OSError:
        null = os.open(os.devnull, os.O_RDONLY)
        if null != descriptor:
            os.dup2(null, descriptor)
            os.close(null)
        os.set_inheritable(descriptor, True)


def _ascii(letter: str) -> str:
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return ASCII.get(letter) or plain or "?"
