"""Slots over time: what each slot holds, when it is read, and when it loses its content."""

from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from reports.analysis.memory_trace import Holding, TraceTable, holdings
from reports.figures.memory.kinds import colours, legend
from reports.figures.plot import Plot, render
from reports.figures.style import INK, MUTED, styled

ROW_HEIGHT, MAX_HEIGHT = 0.24, 11.0
"""Height of a slot's row, and largest height of all rows, in inches."""
LABEL_SIZE, MIN_LABEL_SIZE = 7.0, 3.5
"""Font size of labels, and the least at which they are drawn."""
MIN_READ = 0.15
"""Least read weight that is drawn."""
EVICTED_EDGE, MERGED_EDGE = "#a8321a", "#882255"
MIN_LABEL_WIDTH = 0.011
"""Width of a letter as a share of the time axis; a label needs room for all of its letters."""


def draw(table: TraceTable, memory: int = 0) -> Plot:
    """Draw a panel per head: a row per slot, a bar per content, dark where it is read."""
    heads, end = table.heads, table.end(memory)
    all_held = {head: holdings(table, memory, head) for head in heads}
    rows = {head: max((one.slot for one in held), default=0) + 1 for head, held in all_held.items()}
    kinds = sorted({table.kind(one.content, memory) for held in all_held.values() for one in held})
    with styled():
        height = min(ROW_HEIGHT, MAX_HEIGHT / sum(rows.values()))
        size = min(LABEL_SIZE, LABEL_SIZE * height / ROW_HEIGHT)
        figure = Figure(figsize=(11.0, height * sum(rows.values()) + 1.6), layout="constrained")
        panels = figure.subplots(
            len(heads), 1, sharex=True, squeeze=False,
            gridspec_kw={"height_ratios": [rows[head] for head in heads]},
        )[:, 0]  # fmt: skip
        for head, axes in zip(heads, panels, strict=True):
            _bars(axes, table, memory, head, all_held[head], kinds, size)
            _reads(axes, table, memory, head)
            _frame(axes, table, memory, rows[head], end)
            axes.set_title(f"head {head + 1}")
        panels[-1].set_xlabel("position in the sequence (tokens of open gates and of queries)")
        legend(figure, kinds)
        return render(
            figure,
            name="memory-slots",
            title="Slots over time",
            caption="A row is a slot, a bar is a content, named by the token that was written "
            "(A→B: the slot binds a token to the one after it). Bars start where the gate opened. "
            "Dark marks are reads: the darker, the more weight (from 0.15 on). A cross is an "
            "eviction, a triangle a merge in a dream, and a bar that follows directly on another "
            "replaced it. Vertical lines are answers. Look for slots that are read exactly "
            "at the answers, and for what had to go when all slots were full.",
            description=_description(table, all_held),
        )


def _bars(
    axes: Axes,
    table: TraceTable,
    memory: int,
    head: int,
    held: list[Holding],
    kinds: list[str],
    size: float,
) -> None:
    tokens, palette = table.tokens(memory), colours(kinds)
    end, halo = table.end(memory), withStroke(linewidth=2.2, foreground="white")
    for one in held:
        if one.end == "held" and one.stop <= one.start:
            continue
        colour = palette[table.kind(one.content, memory)]
        axes.add_patch(
            Rectangle(
                (one.start - 0.5, one.slot - 0.42),
                one.stop - one.start,
                0.84,
                facecolor=colour,
                alpha=0.3,
                edgecolor=colour,
                linewidth=0.6,
            )
        )
        label = table.label(one.content, tokens, head)
        if size >= MIN_LABEL_SIZE and one.stop - one.start >= MIN_LABEL_WIDTH * end * len(label):
            axes.text(
                one.start, one.slot, label, fontsize=size, va="center", ha="left", color=INK,
                clip_on=True, zorder=5, path_effects=[halo],
            )  # fmt: skip
        if one.end in ("evicted", "merged"):
            evicted = one.end == "evicted"
            axes.plot(
                one.stop - 0.5,
                one.slot,
                marker="x" if evicted else ">",
                markersize=5,
                markeredgewidth=1.6,
                markeredgecolor=EVICTED_EDGE if evicted else MERGED_EDGE,
                markerfacecolor=MERGED_EDGE,
                linestyle="",
                zorder=4,
            )


def _reads(axes: Axes, table: TraceTable, memory: int, head: int) -> None:
    reads = table.of("read", memory, head)
    reads = reads[(reads["weight"] > MIN_READ) & (reads["slot"] >= 0)]
    shades = [to_rgba(INK, 0.9 * min(1.0, weight)) for weight in reads["weight"].tolist()]
    axes.scatter(
        reads["time"], reads["slot"], s=34, marker="s", linewidths=0, color=shades, zorder=3
    )


def _frame(axes: Axes, table: TraceTable, memory: int, rows: int, end: int) -> None:
    tokens = table.tokens(memory)
    queries = set(table.of("query", memory)["time"].tolist())
    for time in queries:
        axes.axvline(time, color=MUTED, linewidth=0.7, linestyle=(0, (2, 2)), zorder=0)
    written = set(table.of("write", memory)["time"].tolist())
    named = sorted(written | queries)
    axes.set_xticks(named, [table.name(tokens.get(time, -1)) for time in named], fontsize=5.5)
    axes.tick_params(axis="x", length=1.5, pad=1)
    axes.set_xlim(-1, end)
    axes.set_ylim(rows - 0.4, -0.6)
    axes.set_yticks(range(0, rows, max(1, rows // 6)))
    axes.set_ylabel("slot")
    axes.grid(visible=False)


def _description(table: TraceTable, held: dict[int, list[Holding]]) -> str:
    parts = []
    for head, found in held.items():
        evicted = sum(one.end == "evicted" for one in found)
        merged = sum(one.end == "merged" for one in found)
        parts.append(
            f"head {head + 1}: {len({one.content for one in found})} contents in "
            f"{len({one.slot for one in found})} slots, {evicted} evicted, {merged} merged"
        )
    return f"Contents of the slots over time. {'; '.join(parts)}."
