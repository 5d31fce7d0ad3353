"""Slots per class over the experiences of a stream."""

import numpy as np
from matplotlib.figure import Figure

from reports.analysis.memory_trace import TraceTable, contents_at, sleeps
from reports.figures.memory.kinds import PALETTE
from reports.figures.plot import Plot, render
from reports.figures.style import INK, styled

MAX_CLASSES = 10
"""Maximum number of classes with a colour and a name of their own."""


def draw(table: TraceTable) -> Plot | None:
    """Draw the number of slots of each class after each experience; None without writes."""
    if table.of("place", 0).empty:
        return None
    times = sleeps(table)
    tokens = table.tokens(0)
    counts = np.array([_counts(table, tokens, time) for time in times])
    with styled():
        figure = Figure(figsize=(6.4, 3.8), layout="constrained")
        axes = figure.subplots()
        place = np.arange(1, len(times) + 1)
        below = np.zeros(len(times))
        for label in range(counts.shape[1]):
            name = table.name(label) if label < MAX_CLASSES else None
            axes.bar(
                place, counts[:, label], bottom=below, color=PALETTE[label % len(PALETTE)],
                alpha=0.75, label=name, width=0.8,
            )  # fmt: skip
            for x, base, count in zip(place, below, counts[:, label], strict=True):
                if len(times) <= 12 and count > 0.03 * counts.sum(1).max():
                    axes.text(
                        float(x), base + count / 2, table.name(label), ha="center", va="center",
                        fontsize=7, color=INK,
                    )  # fmt: skip
            below = below + counts[:, label]
        axes.set_xlabel("experience")
        axes.set_ylabel("slots")
        if len(times) <= 12:
            axes.set_xticks(place)
        last = counts[-1][counts[-1] > 0]
        return render(
            figure,
            name="memory-classes",
            title="Slots per class",
            caption="Number of slots that hold samples of each class after each experience. Look "
            "for classes of early experiences that give up slots to new ones, in equal shares.",
            description=f"After the last of {len(times)} experiences {len(last)} classes have "
            f"between {int(last.min())} and {int(last.max())} slots.",
        )


def _counts(table: TraceTable, tokens: dict[int, int], time: int) -> list[int]:
    classes = max(tokens.values()) + 1
    counts = [0] * classes
    for contents in contents_at(table, 0, 0, time).values():
        for content in contents:
            counts[tokens[content]] += 1
    return counts
