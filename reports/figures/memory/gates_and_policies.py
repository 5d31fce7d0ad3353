"""Gates and the mix of reading policies over time."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.analysis.memory_trace import TraceTable
from reports.figures.plot import Plot, render
from reports.figures.style import INK, MUTED, styled

POLICY_COLOURS = {"top_k": "#0072B2", "uniform": "#E69F00", "random": "#CC79A7"}


def draw(table: TraceTable, memory: int = 0) -> Plot | None:
    """Draw per head the gates above and the mix of policies below; None without gates."""
    heads = [head for head in table.heads if len(table.of("gate", memory, head))]
    if not heads:
        return None
    with styled():
        figure = Figure(figsize=(11.0, 2.4 * len(heads) + 0.4), layout="constrained")
        panels = figure.subplots(2 * len(heads), 1, sharex=True, squeeze=False)[:, 0]
        for place, head in enumerate(heads):
            _gates(panels[2 * place], table, memory, head)
            _policies(panels[2 * place + 1], table, memory, head)
        panels[-1].set_xlabel("position in the sequence")
        return render(
            figure,
            name="memory-gates",
            title="Gates and reading policies",
            caption="Bars: how far the write gate is open at each token; the line is the share of "
            "the trace that remains for links. Below: how a read mixes the three policies. "
            "Vertical lines are answers. Look for gates that are open at items and closed at "
            "noise, and for policies that change at the answers.",
            description=_description(table, memory, heads),
        )


def _gates(axes: Axes, table: TraceTable, memory: int, head: int) -> None:
    rows = table.of("gate", memory, head)
    axes.bar(rows["time"], rows["weight"], width=1.0, color="#009E73", label="write gate")
    axes.plot(rows["time"], rows["hold"], color=INK, linewidth=0.9, label="trace that remains")
    _frame(axes, table, memory)
    axes.set_title(f"head {head + 1}")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _policies(axes: Axes, table: TraceTable, memory: int, head: int) -> None:
    rows = table.of("gate", memory, head)
    if rows[list(POLICY_COLOURS)].notna().to_numpy().all():
        axes.stackplot(
            rows["time"],
            *(rows[name] for name in POLICY_COLOURS),
            colors=list(POLICY_COLOURS.values()),
            labels=[name.replace("top_k", "TopK") for name in POLICY_COLOURS],
            step="mid",
            linewidth=0,
        )
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    _frame(axes, table, memory)


def _frame(axes: Axes, table: TraceTable, memory: int) -> None:
    for time in set(table.of("query", memory)["time"].tolist()):
        axes.axvline(time, color=MUTED, linewidth=0.7, linestyle=(0, (2, 2)), zorder=0)
    axes.set_ylim(0, 1.03)
    axes.set_yticks([0, 1])
    axes.set_xlim(-1, table.end(memory))
    axes.grid(visible=False)


def _description(table: TraceTable, memory: int, heads: list[int]) -> str:
    shares = ", ".join(
        f"head {head + 1} {float((table.of('gate', memory, head)['weight'] > 0).mean()):.0%}"
        for head in heads
    )
    return f"Write gates and reading policies at each token. Share of tokens written: {shares}."
