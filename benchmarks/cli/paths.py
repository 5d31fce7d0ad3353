"""Checks paths that are given as options, before anything is read or written."""

import os
from collections.abc import Callable
from pathlib import Path

from results.errors import UsageError

MAX_LEVELS = 255
"""Most levels of a folder: creating a path of more takes a call per level."""

MAX_FOLDER_BYTES = 3_800
"""Most bytes of a folder's path: Linux allows 4,096 with the names of the files in it."""


def usable_path(option: str, text: str | Path) -> Path:
    """Return a path whose folder can be looked up; the path itself need not exist.

    Args:
        option: Name of the option, for the error message.
        text: Its value; ``~`` is expanded.

    Raises:
        UsageError: If the text is empty, or the path is too long, a link loop, below a file or in
            a folder that may not be read.
    """
    if not str(text).strip():
        raise UsageError(f"{option} '{text}' is empty: name a path, or leave it out")
    try:
        path = Path(text).expanduser()
        path.stat()
    except FileNotFoundError:
        pass
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{option} {text}: {reason}; name another path") from error
    return path


def usable_folder(option: str, text: str | Path) -> Path:
    """Return the path of a folder, which need not exist.

    Raises:
        UsageError: If the path is not usable, is not a folder, or leaves no room for the names of
            files in it.
    """
    path = usable_path(option, text)
    if path.exists() and not path.is_dir():
        raise UsageError(f"{option} {text}: this is not a folder; name another path")
    whole = path.absolute()
    if len(whole.parts) > MAX_LEVELS or len(os.fsencode(whole)) > MAX_FOLDER_BYTES:
        raise UsageError(
            f"{option} {str(text)[:40]}…: a path of {len(os.fsencode(whole))} bytes and "
            f"{len(whole.parts)} levels leaves no room for files in it; name a shorter one"
        )
    return path


def folder(option: str) -> Callable[[str | Path], Path]:
    """Return the parser of an option that takes a folder."""
    return lambda text: usable_folder(option, text)


def file(option: str) -> Callable[[str | Path], Path]:
    """Return the parser of an option that takes a file."""
    return lambda text: usable_path(option, text)


def check_working_directory() -> None:
    """Check that the working directory exists.

    Raises:
        UsageError: If it was deleted.
    """
    try:
        os.getcwd()  # noqa: PTH109  (Path.cwd() is the same call)
    except OSError as error:
        raise UsageError(
            f"the working directory cannot be used ({error.strerror}): change to another one"
        ) from error
