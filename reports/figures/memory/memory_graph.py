"""The graph of a memory before and after a dream."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from reports.analysis.memory_trace import TraceTable
from reports.figures.plot import Plot, render
from reports.figures.style import INK, MUTED, styled

MAX_LINKS = 24
"""Maximum number of links that are drawn per panel, the strongest ones."""
NEW = "#D55E00"
Pair = tuple[int, int]


def draw(table: TraceTable, memory: int = 0) -> Plot | None:
    """Draw each head's graph before and after the dream that added most links; None without one."""
    dreams = {head: _dream(table, memory, head) for head in table.heads}
    chosen = {head: time for head, time in dreams.items() if time is not None}
    if not chosen:
        return None
    added = 0
    with styled():
        figure = Figure(figsize=(8.4, 4.1 * len(chosen)), layout="constrained")
        panels = figure.subplots(len(chosen), 2, squeeze=False)
        for line, (head, time) in zip(panels, chosen.items(), strict=True):
            before = _links(table, memory, head, "graph", time)
            after = _links(table, memory, head, "graph_dreamt", time)
            known = _pairs(_rows(table, memory, head, "graph", time))
            found = _pairs(after) - known
            added += len(found)
            slots = sorted({slot for pair in _pairs(before) | _pairs(after) for slot in pair})
            places = {
                slot: (math.sin(math.tau * at / len(slots)), math.cos(math.tau * at / len(slots)))
                for at, slot in enumerate(slots)
            }
            names = _names(table, memory, head, time)
            for axes, links, new, name in (
                (line[0], before, set[Pair](), "before"),
                (line[1], after, found, "after"),
            ):
                _panel(axes, links, places, names, new)
                axes.set_title(f"head {head + 1}, {name} the dream at token {time}")
        return render(
            figure,
            name="memory-graph",
            title="The graph before and after a dream",
            caption="Nodes are slots, named by what they hold; an arrow leads to what was written "
            "afterwards, and its width is the strength of the link. Only the strongest links are "
            "drawn. Orange arrows are links that the dream added: look for those that close a "
            "chain, so that two hops before the dream are one hop after it.",
            description=f"Graphs of {len(chosen)} heads before and after a dream, which added "
            f"{added} of the links drawn.",
        )


def _rows(table: TraceTable, memory: int, head: int, event: str, time: int) -> pd.DataFrame:
    rows = table.of(event, memory, head)
    return rows[rows["time"] == time]


def _links(table: TraceTable, memory: int, head: int, event: str, time: int) -> pd.DataFrame:
    return _rows(table, memory, head, event, time).nlargest(MAX_LINKS, "weight")


def _pairs(links: pd.DataFrame) -> set[Pair]:
    return set(zip(links["slot"].tolist(), links["other_slot"].tolist(), strict=True))


def _names(table: TraceTable, memory: int, head: int, time: int) -> dict[int, str]:
    """Return what each linked slot holds; before the dream, if it is merged in it."""
    tokens, names = table.tokens(memory), dict[int, str]()
    for event in ("graph_dreamt", "graph"):
        rows = _rows(table, memory, head, event, time)
        for slot, content in (("slot", "content"), ("other_slot", "other_content")):
            pairs = zip(rows[slot].tolist(), rows[content].tolist(), strict=True)
            names |= {place: table.label(one, tokens, head) for place, one in pairs}
    return names


def _dream(table: TraceTable, memory: int, head: int) -> int | None:
    """Return the time of the dream that added most of the links drawn."""
    times = sorted(table.of("graph_dreamt", memory, head)["time"].unique().tolist())

    def added(time: int) -> int:
        before = _pairs(_rows(table, memory, head, "graph", time))
        return len(_pairs(_links(table, memory, head, "graph_dreamt", time)) - before)

    return max(times, key=added, default=None)


def _panel(
    axes: Axes,
    links: pd.DataFrame,
    places: dict[int, tuple[float, float]],
    names: dict[int, str],
    new: set[Pair],
) -> None:
    top = float(links["weight"].max()) if len(links) else 1.0
    ends = (links[name].tolist() for name in ("slot", "other_slot", "weight"))
    for start, end, weight in zip(*ends, strict=True):
        pair, share = (start, end), math.sqrt(weight / top)
        axes.add_patch(
            FancyArrowPatch(
                places[pair[0]],
                places[pair[1]],
                connectionstyle="arc3,rad=0.12",
                arrowstyle="-|>",
                mutation_scale=9,
                shrinkA=13,
                shrinkB=13,
                linewidth=0.4 + 2.2 * share,
                color=NEW if pair in new else INK,
                alpha=0.9 if pair in new else 0.25 + 0.6 * share,
            )
        )
    for slot, (x, y) in places.items():
        label = names.get(slot, "")
        axes.text(
            x, y, label or "·", ha="center", va="center", fontsize=8, color=INK if label else MUTED,
            bbox={"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": MUTED},
        )  # fmt: skip
    axes.set_xlim(-1.35, 1.35)
    axes.set_ylim(-1.25, 1.25)
    axes.set_axis_off()
