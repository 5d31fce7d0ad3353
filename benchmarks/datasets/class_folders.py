"""Finds the classes and the pictures of a folder, and its training and test folders.

`benchmarks.datasets.user_pictures` loads the pictures. Names are compared in Unicode form NFC.
Imports no torch.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.datasets.folder_content import entries_of, files_below, nfc
from results.errors import UsageError

SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".bmp", ".gif", ".pbm", ".pgm", ".ppm", ".pnm",
    ".tif", ".tiff", ".webp",
)  # fmt: skip

PART_NAMES: Mapping[str, tuple[str, ...]] = {
    "training": ("train", "training"),
    "test": ("test", "testing", "tests", "eval", "evaluation", "heldout", "holdout"),
    "validation": ("val", "valid", "validation", "dev"),
}
"""Names of folders by the part of the data that they hold, without case and punctuation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture file.

    Attributes:
        label: Class name, in Unicode form NFC.
        name: Path within the data, with ``/`` and in Unicode form NFC.
        path: Where it is read from.
    """

    label: str
    name: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The pictures of a folder.

    Attributes:
        classes: Class names, sorted; a class's label is its index.
        train: Training pictures, by class and name.
        test: Test pictures, or None if the folder has none of their own.
        notes: How the folder was understood, one line each.
    """

    classes: tuple[str, ...]
    train: tuple[Picture, ...]
    test: tuple[Picture, ...] | None
    notes: tuple[str, ...]

    @property
    def parts(self) -> tuple[tuple[Picture, ...], ...]:
        """The training pictures, and the test pictures if there are any."""
        return (self.train,) if self.test is None else (self.train, self.test)


def read_layout(folder: Path) -> Layout:
    """Find the classes and the pictures of a folder.

    Args:
        folder: It holds a folder of pictures per class, or a training and a test folder that do.

    Raises:
        UsageError: If the folder is ambiguous, a class is empty or unknown, a link leads nowhere
            or in a circle, or there are fewer than 2 or more than 256 classes.
    """
    unread: Counter[str] = Counter()
    parts, notes = _parts(folder)
    found = [_pictures(part, folder, unread) for part in parts]
    if parts != [folder]:
        unread.update(_kind(entry) for entry in entries_of(folder) if entry.is_file())
    if unread:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(unread.items()))
        notes.append(f"{folder}: files that are not in a class folder or not pictures: {kinds}")
    classes = tuple(sorted({picture.label for picture in found[0]}))
    if not 2 <= len(classes) <= 256:
        raise UsageError(
            f"{parts[0]} holds {len(classes)} class folders of pictures ({', '.join(SUFFIXES)}): "
            "there must be at least two classes, and at most 256"
        )
    for part, pictures in zip(parts[1:], found[1:], strict=True):
        if unknown := sorted({picture.label for picture in pictures} - set(classes)):
            raise UsageError(
                f"{part} holds classes without training samples: {', '.join(unknown)}; "
                f"there are {', '.join(classes)}"
            )
    test = found[1] if len(found) > 1 else None
    return Layout(classes=classes, train=found[0], test=test, notes=tuple(notes))


def role(name: str) -> str | None:
    """Return the part of the data that a folder's name states, or None."""
    letters = re.sub(r"[^a-z]", "", name.casefold())
    for key, names in PART_NAMES.items():
        if re.sub(r"(set|data|split|images|imgs|pictures)$", "", letters) in names:
            return key
    return None


def _parts(folder: Path) -> tuple[list[Path], list[str]]:
    """Return the training and the test folder, or the folder itself, and notes on the choice."""
    folders = [entry for entry in entries_of(folder) if entry.is_dir()]
    by_role: dict[str, list[Path]] = {key: [] for key in PART_NAMES}
    others: list[Path] = []
    for entry in folders:
        by_role.get(role(entry.name) or "", others).append(entry)
    train, *rest = by_role.values()
    held_out = [entry for entries in rest for entry in entries]
    alone = len(folders) == len(train) == 1
    if not (train and held_out) and not alone:
        if held_out and not others:
            raise UsageError(
                f"{folder} holds {_names(held_out)} and no training folder: add one called train"
            )
        named = [entry.name for entry in (*train, *held_out)]
        return [folder], [f"{folder}: {name} is read as a class" for name in named]
    for key, entries in by_role.items():
        if len(entries) > 1:
            raise UsageError(
                f"{folder} holds {_names(entries)}, which all mean the {key} samples: leave one"
            )
    if full := [entry for entry in others if _holds_pictures(entry)]:
        raise UsageError(
            f"{folder} holds {_names([*train, *held_out])}, and next to them {_names(full)}: "
            "move these pictures into the class folders of one of the parts, or out of the data"
        )
    if alone:
        return [train[0]], [
            f"{folder}: {train[0].name} is the training part; a fifth of every class is held out"
        ]
    notes = [f"{folder}: trained on {train[0].name}, evaluated on {held_out[0].name}"]
    notes += [f"{folder}: {entry.name} is not used" for entry in (*held_out[1:], *others)]
    return [train[0], held_out[0]], notes


def _pictures(part: Path, root: Path, unread: Counter[str]) -> tuple[Picture, ...]:
    """Return the pictures of a part by class and name, and count other files by suffix."""
    folders: dict[str, Path] = {}
    for entry in entries_of(part):
        if not entry.is_dir():
            unread[_kind(entry)] += 1
            continue
        label = nfc(entry.name)
        if label in folders:
            raise UsageError(
                f"{part} holds two folders called '{label}', in two Unicode forms: rename one"
            )
        folders[label] = entry
    found = []
    for label, folder in sorted(folders.items()):
        inner = {role(entry.name) for entry in entries_of(folder) if entry.is_dir()}
        if "training" in inner and len(inner - {None}) > 1:
            raise UsageError(
                f"{folder} holds training and test folders below a class: "
                f"put the class folders into {part / 'train'} and {part / 'test'}"
            )
        here = []
        for path in files_below(folder):
            if path.suffix.lower() in SUFFIXES:
                name = nfc(path.relative_to(root).as_posix())
                here.append(Picture(label=label, name=name, path=path))
            else:
                unread[_kind(path)] += 1
        if not here:
            raise UsageError(
                f"{folder} holds no pictures ({', '.join(SUFFIXES)}): add some, or remove it"
            )
        found += sorted(here, key=lambda one: one.name)
    return tuple(found)


def _holds_pictures(folder: Path) -> bool:
    return any(path.suffix.lower() in SUFFIXES for path in files_below(folder))


def _names(entries: Sequence[Path]) -> str:
    return ", ".join(entry.name for entry in entries)


def _kind(file: Path) -> str:
    return file.suffix.lower() or file.name
