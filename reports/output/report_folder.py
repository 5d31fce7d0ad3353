"""Manages the folder of a site: it replaces or deletes only files that a report wrote.

``files.txt`` lists our files. It is written before them, so the next build recognises all files of
an interrupted build. Files that are not listed, such as those of an earlier version, are recognised
by the signature in our pages.
"""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from results.errors import UsageError
from results.store.store import write_whole

LISTING = "files.txt"
"""Lists the files of a site.

The next build may replace them, and deletes those that it no longer writes.
"""

FRONT, COMPARISON, CARD = "index.html", "comparison.html", "README.md"
"""The pages whose signature identifies the files next to them."""

SIGNATURES = {
    ".html": "Made by <code>memnet report</code>",
    CARD: "made by `memnet publish`",
    "report.md": "# MemNet bench report",
}
"""Text that identifies an HTML page, a card and a Markdown report as ours."""

REMOVABLE = re.compile(
    r"(benchmarks|cells|figures|methods|models|rows)/(?!comparison\.)[a-z0-9-]+\.[a-z]{3,4}"
)
"""Files that a build may delete.

A comparison is not part of a build, and other listed files are not ours. Earlier builds wrote
``cells``.
"""

MAX_NAMED_FILES = 3
"""Maximum number of files that an error message names."""


def prepare(out: Path, names: Iterable[str]) -> None:
    """Check that only our files would be replaced, and list the new ones.

    Args:
        out: The folder, which need not exist.
        names: Files that may be written, by their path in the folder.

    Raises:
        UsageError: If a file that no report wrote would be replaced.
        OSError: If the list can't be written.
    """
    listed, new = _listed(out), set(names)
    existing = sorted(
        (name for name in {*new, LISTING} if os.path.lexists(out / name)),
        key=lambda name: (name.count("/"), name),
    )
    others = [
        name
        for name in existing
        if name not in listed and not _is_ours(out, name, whole=not listed)
    ]
    if others:
        more = f" and {len(others) - MAX_NAMED_FILES} more" if len(others) > MAX_NAMED_FILES else ""
        raise UsageError(
            f"{out} contains files that no report wrote and that this one would replace: "
            f"{', '.join(others[:MAX_NAMED_FILES])}{more}; "
            "give another folder by --out, or move them"
        )
    _list(out, new | listed)


def settle(out: Path, written: Iterable[str]) -> None:
    """Delete pages and figures that an earlier build wrote and this one did not; update the list.

    Raises:
        OSError: If the folder can't be written.
    """
    now = set(written)
    remaining = set()
    for name in _listed(out) - now - {LISTING}:
        if REMOVABLE.fullmatch(name):
            with suppress(FileNotFoundError):
                (out / name).unlink()
        elif os.path.lexists(out / name):
            remaining.add(name)
    _list(out, now | remaining)


def _listed(out: Path) -> set[str]:
    """Return the listed names.

    A user's own file of the same name does not count, since it lists none of our pages.
    """
    path = out / LISTING
    names = (
        set(path.read_text(encoding="utf-8", errors="replace").splitlines())
        if path.is_file()
        else set()
    )
    pages = names & {FRONT, COMPARISON}
    return (
        {name for name in names if not {"..", ""} & {*name.split("/")}} | {LISTING}
        if pages
        else set()
    )


def _list(out: Path, names: Iterable[str]) -> None:
    write_whole(
        out / LISTING, "".join(f"{name}\n" for name in sorted({*names} - {LISTING})), durable=False
    )


def _is_ours(out: Path, name: str, *, whole: bool) -> bool:
    """Return whether an unlisted file is ours.

    The signature in the file decides, or that in the page to which the file belongs.

    Args:
        out: The folder.
        name: The file.
        whole: Whether there is no list, so that our front page identifies all files it links to.
    """
    if name == LISTING:
        return False
    if name.endswith(".html") or name in SIGNATURES:
        return _has_signature(out, name)
    if name in (".nojekyll", "records.parquet"):
        return _has_signature(out, CARD)
    of_comparison = name.startswith(
        ("comparison.", "figures/comparison.", "assets/")
    ) and _has_signature(out, COMPARISON)
    return of_comparison or (whole and _has_signature(out, FRONT))


def _has_signature(out: Path, page: str) -> bool:
    signature = SIGNATURES[".html" if page.endswith(".html") else page]
    return (out / page).is_file() and signature in (out / page).read_text(
        encoding="utf-8", errors="replace"
    )
