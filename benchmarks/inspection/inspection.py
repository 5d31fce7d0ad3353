"""An inspection: the trace of a memory as a table, with figures."""

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import Tensor

from memnet.tracing.table import EVENTS, TRACE_COLUMNS
from reports.analysis.memory_trace import TraceTable
from reports.figures.memory import (
    content_survival,
    gates_and_policies,
    memory_graph,
    read_weights,
    rebuilt_samples,
    slots_over_time,
    slots_per_class,
    surprise_of_slots,
)
from reports.figures.plot import Plot
from reports.output.inspection import InspectionPart, write

Images = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """Samples, and what is rebuilt from their slots.

    Attributes:
        originals: Images of samples, ``[n, height, width]``.
        rebuilt: Images decoded from slots.
        labels: Class of each.
        nearest: Whether the samples are not the stored ones but the most similar ones.
        learned: Whether the decoder is a learned one.
    """

    originals: Images
    rebuilt: Images
    labels: tuple[str, ...]
    nearest: bool
    learned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What :func:`memnet.inspect` returns: a trace's table, with plots.

    A plot is None if the trace has nothing to show in it. A notebook shows plots as images.

    Attributes:
        table: The table with names of tokens.
        stream: Whether the memory is the persistent one of a stream.
        surprise: Whether its edges are as strong as the surprise of their samples.
        rebuilt: Decoded slots of a stream.
        note: How to read the names, and how the model was trained.
    """

    table: TraceTable
    stream: bool = False
    surprise: bool = False
    rebuilt: Rebuilt | None = None
    note: str = ""

    @property
    def frame(self) -> pd.DataFrame:
        """The table as a data frame; `memnet.tracing.table` documents it."""
        return self.table.frame

    def plot_slots(self, memory: int = 0) -> Plot | None:
        """Draw what each slot holds over time, and when it is read."""
        return None if self.stream else slots_over_time.draw(self.table, memory)

    def plot_reads(self, memory: int = 0) -> Plot | None:
        """Draw the read weights of the answers before and after spreading."""
        return read_weights.draw(self.table, memory)

    def plot_graph(self, memory: int = 0) -> Plot | None:
        """Draw the graph before and after a dream."""
        return memory_graph.draw(self.table, memory)

    def plot_gates(self, memory: int = 0) -> Plot | None:
        """Draw gates and the mix of policies over time."""
        return gates_and_policies.draw(self.table, memory)

    def plot_survival(self) -> Plot | None:
        """Draw the survival of contents by kind, over all memories."""
        return content_survival.draw(self.table, "samples" if self.stream else "tokens")

    def plot_classes(self) -> Plot | None:
        """Draw the slots of each class over the experiences of a stream."""
        return slots_per_class.draw(self.table) if self.stream else None

    def plot_surprise(self) -> Plot | None:
        """Draw what a stream's memory stores and gives up in each experience, by surprise."""
        return surprise_of_slots.draw(self.table) if self.surprise else None

    def plot_rebuilt(self) -> Plot | None:
        """Draw what is rebuilt from slots, next to the samples."""
        one = self.rebuilt
        if one is None:
            return None
        return rebuilt_samples.draw(
            one.originals, one.rebuilt, one.labels, nearest=one.nearest, learned=one.learned
        )

    def plots(self, memory: int = 0) -> list[Plot]:
        """Draw all plots that the trace has something for."""
        return list(self._plots(memory))

    def _plots(self, memory: int) -> Iterator[Plot]:
        for plot in (self.plot_slots, self.plot_reads, self.plot_gates, self.plot_graph):
            if not self.stream and (drawn := plot(memory)) is not None:
                yield drawn
        for draw in (
            self.plot_classes, self.plot_surprise, self.plot_rebuilt, self.plot_survival,
        ):  # fmt: skip
            if (other := draw()) is not None:
                yield other

    def facts(self) -> list[tuple[str, str]]:
        """Return a few numbers: events, contents and answers."""
        frame = self.frame
        counts = frame["event"].value_counts()
        unit = "samples" if self.stream else "tokens"
        read = sum(self.table.end(memory) for memory in self.table.memories)
        stored = int(counts.get("place" if self.stream else "write", 0))
        facts = [(f"{unit} read", f"{read:,}"), ("contents written", f"{stored:,}")]
        dreams = ("sleep", "sleeps") if self.stream else ("dream", "dreams")
        for event, name in (("evict", "evicted"), ("merge", "merged"), dreams):
            if counts.get(event, 0):
                facts.append((name, f"{int(counts[event]):,}"))
        scored = [one for one in self.table.answers if one.target is not None]
        if scored:
            correct = sum(one.answer == one.target for one in scored)
            facts.append(("correct answers", f"{correct:,} of {len(scored):,}"))
        return facts

    def part(self, name: str) -> InspectionPart:
        """Return this inspection as a part of a page; its files start with ``name``."""
        return InspectionPart(
            name=name,
            title=self.table.title or "Memory",
            note=self.note,
            facts=tuple(self.facts()),
            plots=tuple(self.plots()),
            frame=self.frame,
        )

    def save(self, folder: str | Path) -> Path:
        """Write a page with all figures and the table, and return the page.

        Raises:
            UsageError: If the folder cannot be written, or a file that is not ours would be
                replaced.
        """
        return write([self.part("trace")], Path(folder), columns=TRACE_COLUMNS, events=EVENTS)

    def _repr_html_(self) -> str:
        facts = "".join(
            f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
            for name, value in self.facts()
        )
        plots = ", ".join(
            f"<code>.{name}()</code>" for name in dir(self) if name.startswith("plot_")
        )
        title = html.escape(self.table.title or "Memory")
        return (
            f"<table><caption>{title}</caption>{facts}</table>"
            f"<p>Plots: {plots}. Table: <code>.frame</code> ({len(self.frame):,} events).</p>"
        )


def frame_of(columns: Mapping[str, Tensor]) -> pd.DataFrame:
    """Return a trace's columns as a data frame, with the names of events."""
    frame = pd.DataFrame({name: column.numpy() for name, column in columns.items()})
    frame["event"] = np.array(list(EVENTS), dtype=object)[columns["event"].numpy()]
    return frame
