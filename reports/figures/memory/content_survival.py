"""Survival of contents by the kind of item."""

import numpy as np
from matplotlib.figure import Figure

from reports.analysis.memory_trace import TraceTable, lifetimes
from reports.figures.memory.kinds import colours
from reports.figures.plot import Plot, render
from reports.figures.style import styled
from results.statistics.survival import survival

MAX_BANDS = 4
"""Maximum number of kinds with bands; more overlap."""
MAX_KINDS = 10
"""Maximum number of kinds, the most frequent ones."""


def draw(table: TraceTable, unit: str = "tokens") -> Plot | None:
    """Draw a Kaplan–Meier curve per kind, over all memories and heads; None without contents."""
    found = lifetimes(table)
    if found.empty:
        return None
    kinds = sorted(found["kind"].value_counts().index[:MAX_KINDS])
    palette = colours(kinds)
    summaries = []
    with styled():
        figure = Figure(figsize=(6.4, 3.8), layout="constrained")
        axes = figure.subplots()
        for kind in kinds:
            rows = found[found["kind"] == kind]
            curve = survival(rows["lifetime"], ~rows["ended"].to_numpy(dtype=np.bool_))
            label = f"{kind} ({len(rows)})"
            axes.step(
                curve["time"], curve["survival"], where="post", color=palette[kind], label=label,
                linewidth=1.7,
            )  # fmt: skip
            if len(kinds) <= MAX_BANDS:
                axes.fill_between(
                    curve["time"], curve["low"], curve["high"], step="post", color=palette[kind],
                    alpha=0.15, linewidth=0,
                )  # fmt: skip
            summaries.append(f"{kind}: {len(rows)} contents, {int(rows['ended'].sum())} lost")
        axes.set_ylim(-0.03, 1.05)
        axes.set_xlim(left=0)
        axes.set_xlabel(f"{unit} since the content was written")
        axes.set_ylabel("share still held")
        axes.legend()
        return render(
            figure,
            name="memory-survival",
            title="Survival of contents by kind",
            caption=f"Estimates (Kaplan and Meier 1958) of the share of contents that a slot still "
            f"holds{', with 95% bands' if len(kinds) <= MAX_BANDS else ''}; in brackets, the "
            "number of contents stored. A content ends when it is "
            "evicted or replaced, and lives on when it is merged. Look for kinds whose curves "
            "differ: what the memory retains, and what it evicts.",
            description=f"Survival of contents. {'; '.join(summaries)}.",
        )
