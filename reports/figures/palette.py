"""Colours, markers, dashes and fills of models and methods.

Colours are Okabe & Ito's (2008, "Color Universal Design") and Tol's muted ones (2021), which
colour-blind readers can distinguish; markers and dashes carry the same distinctions in greyscale.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Dashes = tuple[float, tuple[float, ...]]
Fill = Literal["full", "left", "right", "bottom", "top", "none"]


@dataclass(frozen=True, slots=True)
class Look:
    """Colour and marker of a model."""

    colour: str
    marker: str


MODEL_LOOKS: Mapping[str, Look] = {
    "memnet": Look("#0072B2", "o"),
    "transformer": Look("#E69F00", "s"),
    "transformer-full": Look("#D55E00", "D"),
    "lstm": Look("#009E73", "^"),
    "gru": Look("#999933", "v"),
    "mamba": Look("#332288", "<"),
    "delta-rule": Look("#882255", "P"),
    "gated-delta-rule": Look("#CC79A7", "X"),
    "token-memory": Look("#56B4E9", "h"),
    "bigram": Look("#4d4d4d", "d"),
    "key-value-store": Look("#888888", "p"),
    "dnc": Look("#117733", "p"),
    "titans": Look("#AA4499", ">"),
    "rmt": Look("#661100", "d"),
    "xlstm": Look("#44AA99", "8"),
    "x-transformer": Look("#CC6677", "H"),
    "mlp": Look("#6699CC", "s"),
    "cnn": Look("#888888", "D"),
}
"""Looks reserved for these models."""

METHODS: Mapping[str, Look] = {
    "memnet": Look("#0072B2", "o"),
    "er": Look("#E69F00", "s"),
    "naive": Look("#4d4d4d", "v"),
    "joint": Look("#888888", "D"),
    "cumulative": Look("#888888", "p"),
    "ridge": Look("#009E73", "^"),
    "ridge-slots": Look("#44AA99", "8"),
    "der-plus-plus": Look("#D55E00", "D"),
    "icarl": Look("#332288", "<"),
    "er-ace": Look("#882255", "P"),
    "er-lossy": Look("#CC79A7", "X"),
    "er-encoder": Look("#56B4E9", "h"),
    "er-compressed": Look("#CC6677", "H"),
    "latent-replay": Look("#117733", ">"),
    "ewc": Look("#999933", "d"),
    "si": Look("#AA4499", "^"),
    "lwf": Look("#661100", "s"),
    "slda": Look("#6699CC", "D"),
    "gdumb": Look("#999933", "X"),
    "a-gem": Look("#44AA99", "<"),
    "generative-replay": Look("#AA4499", "h"),
    "generative-classifier": Look("#117733", "P"),
}
"""Looks reserved for these methods, which distinguish the rows of a stream."""

COLOURS = (
    "#CC79A7",
    "#882255",
    "#56B4E9",
    "#332288",
    "#999933",
    "#4d4d4d",
    "#117733",
    "#CC6677",
    "#44AA99",
    "#AA4499",
    "#661100",
    "#6699CC",
)
MARKERS = ("v", "P", "X", "<", "p", "h", "d", ">")
"""Markers, and above colours, of all other models; unused colours come first."""

SOLID: Dashes = (0.0, ())
DASHED: Mapping[str, Dashes] = {
    "mlp": SOLID,
    "cnn": SOLID,
    "memnet": SOLID,
    "lstm": (0.0, (1.2, 1.6)),
    "transformer": (0.0, (5.0, 2.0)),
}
"""Dashes reserved for these models, on streams; a task's lines are solid."""

DASHES: tuple[Dashes, ...] = (
    (0.0, (6.0, 1.6, 1.2, 1.6)),
    (0.0, (3.0, 1.2)),
    (0.0, (6.0, 1.4, 1.2, 1.4, 1.2, 1.4)),
    (0.0, (2.0, 3.0)),
    (0.0, (8.0, 1.4, 3.0, 1.4)),
    (0.0, (4.0, 4.0)),
)
"""Dashes of all other models, chosen by name."""

FILLED: Mapping[str, Fill] = {
    "mlp": "full",
    "cnn": "full",
    "memnet": "full",
    "lstm": "none",
    "transformer": "left",
}
"""Marker fills of these models, on streams."""

FILLS: tuple[Fill, ...] = ("right", "top", "bottom", "left", "none")
"""Marker fills of all other models, chosen by name."""


def looks(entries: Iterable[str], reserved: Mapping[str, Look] = MODEL_LOOKS) -> dict[str, Look]:
    """Return a look for every model, or for every method.

    Names with a reserved look have it. The others are chosen by a hash of the name, unused colours
    first, then unused looks.
    """
    names = sorted(set(entries))
    chosen = {name: reserved[name] for name in names if name in reserved}
    for name in names:
        if name not in chosen:
            first = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
            order = [
                Look(COLOURS[(first + step) % len(COLOURS)], MARKERS[(first + turn) % len(MARKERS)])
                for turn in range(len(MARKERS))
                for step in range(len(COLOURS))
            ]
            used_colours, taken = {look.colour for look in chosen.values()}, set(chosen.values())
            free = (look for look in order if look.colour not in used_colours)
            chosen[name] = next(free, None) or next(
                (look for look in order if look not in taken), order[0]
            )
    return chosen


def fills(models: Iterable[str]) -> dict[str, Fill]:
    """Return the marker fill of every model on streams, for points without lines.

    More than six models share fills.
    """
    chosen: dict[str, Fill] = {name: FILLED[name] for name in models if name in FILLED}
    for name in sorted(set(models) - set(chosen)):
        first = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
        order = [FILLS[(first + step) % len(FILLS)] for step in range(len(FILLS))]
        chosen[name] = next((fill for fill in order if fill not in chosen.values()), order[0])
    return chosen


def dashes(models: Iterable[str]) -> dict[str, Dashes]:
    """Return the dashes of every model on streams, chosen by a hash of the name."""
    names = sorted(set(models))
    chosen = {name: DASHED[name] for name in names if name in DASHED}
    for name in names:
        if name not in chosen:
            first = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % len(DASHES)
            order = [DASHES[(first + step) % len(DASHES)] for step in range(len(DASHES))]
            chosen[name] = next(
                (pattern for pattern in order if pattern not in chosen.values()), order[0]
            )
    return chosen
