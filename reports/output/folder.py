"""The folder that a site goes into, and which of the files in it are of our making.

A user's own are never replaced.

What we write is listed in ``files.txt``, before it is written, so that a build that was cut short
leaves nothing that the next one would take for the user's. What stands there from before there was
a list, or that none held, is known by the sign that our pages bear.
"""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from results.errors import UsageError
from results.store.store import write_whole

LISTING = "files.txt"
"""Names the files of a site, so that the next build may replace them, and can take away those that it no longer writes."""

FRONT, COMPARISON, CARD = "index.html", "comparison.html", "README.md"
"""The pages that tell whose the files beside them are."""

SIGNATURES = {
    ".html": "Made by <code>memnet report</code>",
    CARD: "made by `memnet publish`",
    "report.md": "# MemNet bench report",
}
"""What stands in a page of ours, a card and a Markdown report."""

REMOVABLE = re.compile(r"(benchmarks|cells|figures|models)/(?!comparison\.)[a-z0-9-]+\.[a-z]{3,4}")
"""Files that a build may take away: a comparison is none of a build's, and whatever else the listing says is not of our making."""

MAX_NAMED_FILES = 3
"""Most files that a refusal names."""


def prepare(out: Path, names: Iterable[str]) -> None:
    """Make sure that writing these files replaces nothing but files of ours, and list them.

    Args:
        out: The folder, which need not exist.
        names: Files that may be written, by their path in it.

    Raises:
        UsageError: If one is there that no report wrote.
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
            f"{out} holds files that no report wrote, and that this one would replace: {', '.join(others[:MAX_NAMED_FILES])}{more}; "
            "give another folder by --out, or move them away"
        )
    _list(out, new | listed)


def settle(out: Path, written: Iterable[str]) -> None:
    """Take away pages and figures that an earlier build wrote and this one did not, and list what there is now.

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
    """Read the list.

    A user's own file of that name is none, for it lacks the page that each of ours has.
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
    """Whether a file that no list holds is ours.

    By the sign in itself, or in the page that it belongs to.

    Args:
        out: The folder.
        name: The file.
        whole: Whether there is no list, so that our front page speaks for all that it leads to.
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
