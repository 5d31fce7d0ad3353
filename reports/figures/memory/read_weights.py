"""Read weights of the queries, before and after spreading along the graph."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.analysis.memory_trace import NONE, TraceTable
from reports.figures.plot import Plot, render
from reports.figures.style import INK, MUTED, styled

MAX_QUERIES = 12
"""Maximum number of queries that are drawn, the latest ones."""
MIN_WEIGHT = 0.03
"""A content whose weight is never higher is not drawn."""

STAGES = {"read_before": "before spreading", "read": "after spreading"}


def draw(table: TraceTable, memory: int = 0) -> Plot | None:
    """Draw per head the weights of each query's read over contents, before and after spreading.

    None without queries.
    """
    times = sorted(table.of("query", memory)["time"].tolist())[-MAX_QUERIES:]
    grids = {head: _weights(table, memory, head, times) for head in table.heads}
    if not times or all(one.empty for one in grids.values()):
        return None
    with styled():
        height = 0.23 * len(times) + 1.0
        figure = Figure(figsize=(11.0, height * len(grids) + 0.3), layout="constrained")
        panels = figure.subplots(len(grids), 2, squeeze=False)
        for line, (head, weights) in zip(panels, grids.items(), strict=True):
            names = (weights[name].tolist() for name in ("slot", "label"))
            columns = list(dict.fromkeys(zip(*names, strict=True)))
            for axes, (stage, title) in zip(line, STAGES.items(), strict=True):
                grid = np.zeros((len(times), len(columns)))
                stage_rows = weights[weights["event"] == stage]
                for time, slot, label, weight in zip(
                    *(stage_rows[name].tolist() for name in ("time", "slot", "label", "weight")),
                    strict=True,
                ):
                    grid[times.index(time), columns.index((slot, label))] += weight
                _panel(axes, grid, [label for _, label in columns])
                axes.set_title(f"head {head + 1}, {title}")
            line[0].set_yticks(range(len(times)), [_query(table, memory, time) for time in times])
            line[1].set_yticks(range(len(times)), [""] * len(times))
        return render(
            figure,
            name="memory-reads",
            title="Reads of the answers",
            caption="A row is an answer (query → answer), a column a slot with what it held; "
            "dark is much weight. Left: the mix of reading policies alone. Right: after the "
            "activation spread along the links of the graph. Look for weight that moves "
            "from the content that matches the query to the content that was written after it.",
            description=_description(table, memory, times),
        )


def _weights(table: TraceTable, memory: int, head: int, times: list[int]) -> pd.DataFrame:
    both = pd.concat([table.of(stage, memory, head) for stage in STAGES])
    both = both[both["time"].isin(times)]
    tokens = table.tokens(memory)
    both = both.assign(label=[table.label(int(one), tokens, head) for one in both["content"]])
    highest = both.groupby(["slot", "label"])["weight"].transform("max")
    return both[highest >= MIN_WEIGHT].sort_values(["slot", "content"], kind="stable")


def _panel(axes: Axes, grid: npt.NDArray[np.float64], labels: list[str]) -> None:
    axes.imshow(grid, cmap="Blues", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    for (row, column), weight in np.ndenumerate(grid):
        if weight >= 0.1:
            axes.text(
                column, row, f"{weight:.1f}".removeprefix("0"), fontsize=6, ha="center",
                va="center", color="white" if weight > 0.55 else INK,
            )  # fmt: skip
    axes.set_xticks(range(len(labels)), labels, rotation=90 if len(labels) > 8 else 0, fontsize=6.5)
    axes.tick_params(length=0, labelsize=6.5)
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_color(MUTED)


def _query(table: TraceTable, memory: int, time: int) -> str:
    """Return the query's last two tokens, the answer, and whether it is correct."""
    tokens = table.tokens(memory)
    query = " ".join(
        table.name(tokens[at]) for at in (time - 1, time) if tokens.get(at, NONE) != NONE
    )
    for one in table.answers:
        if (one.memory, one.time) == (memory, time):
            mark = "" if one.target is None else " ✓" if one.answer == one.target else " ✗"
            return f"{query} → {table.name(one.answer)}{mark}"
    return query


def _description(table: TraceTable, memory: int, times: list[int]) -> str:
    known = [one for one in table.answers if one.memory == memory and one.time in times]
    scored = [one for one in known if one.target is not None]
    correct = sum(one.answer == one.target for one in scored)
    share = f", {correct} of {len(scored)} correct" if scored else ""
    return f"Read weights of {len(times)} answers{share}, before and after spreading."
