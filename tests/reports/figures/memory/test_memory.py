"""Figures of a memory: drawn from real traces, with the numbers of the table."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from reports.analysis.memory_trace import holdings
from reports.figures.memory import memory_graph, read_weights
from reports.figures.plot import Plot
from tests.inspected_memory import inspected_default, inspected_sequences, inspected_stream

SEQUENCES = ["memory-slots", "memory-reads", "memory-gates", "memory-graph", "memory-survival"]
STREAM = ["memory-classes", "memory-rebuilt", "memory-survival"]
DEFAULT = ["memory-classes", "memory-surprise", "memory-rebuilt", "memory-survival"]


@pytest.mark.parametrize(
    ("inspected", "names"),
    [(inspected_sequences, SEQUENCES), (inspected_stream, STREAM), (inspected_default, DEFAULT)],
)
def test_every_figure_is_drawn_with_texts(inspected: object, names: list[str]) -> None:
    assert callable(inspected)
    plots: list[Plot] = inspected().plots()
    assert [plot.name for plot in plots] == names
    for plot in plots:
        ElementTree.fromstring(plot.svg)
        assert plot.pdf.startswith(b"%PDF")
        assert plot.png.startswith(b"\x89PNG")
        assert plot._repr_png_() == plot.png
        assert "look for" in plot.caption.lower()
        assert plot.description.endswith(".")
        assert not plot.title.endswith(".")


def test_the_description_of_slots_counts_the_holdings() -> None:
    one = inspected_sequences()
    found = holdings(one.table, 1, 0)
    plot = one.plot_slots(memory=1)
    assert plot is not None
    evicted = sum(part.end == "evicted" for part in found)
    assert evicted > 0
    assert f"head 1: {len({part.content for part in found})} contents" in plot.description
    assert f"{evicted} evicted" in plot.description


def test_reads_of_answers_are_those_of_the_trace() -> None:
    table = inspected_sequences().table
    times = sorted(table.of("query", 0)["time"].tolist())
    weights = read_weights._weights(table, 0, 1, times)
    for stage in read_weights.STAGES:
        rows = table.of(stage, 0, 1)
        total = rows.loc[rows["time"].isin(times), "weight"].sum()
        drawn = weights.loc[weights["event"] == stage, "weight"].sum()
        assert total - drawn < read_weights.MIN_WEIGHT * 2 * len(times)
        assert 0 < drawn <= len(times) + 1e-6


def test_without_dreams_there_is_no_graph_and_without_queries_no_reads() -> None:
    frame = inspected_sequences().table
    calm = inspected_sequences(dreaming=False)
    assert calm.plot_graph() is None
    assert memory_graph.draw(frame) is not None
    stream = inspected_stream()
    assert stream.plot_slots() is None
    assert stream.plot_reads() is None
    assert stream.plot_gates() is None


def test_slots_per_class_are_those_of_the_bank() -> None:
    plot = inspected_stream().plot_classes()
    assert plot is not None
    assert plot.description == (
        "After the last of 2 experiences 4 classes have between 1 and 1 slots."
    )


def test_slots_of_the_default_memory_are_shared_by_all_classes() -> None:
    plot = inspected_default().plot_classes()
    assert plot is not None
    assert plot.description == (
        "After the last of 2 experiences 4 classes have between 2 and 2 slots."
    )


def test_surprise_counts_what_is_written_and_evicted() -> None:
    one = inspected_default()
    plot, counts = one.plot_surprise(), one.frame["event"].value_counts()
    assert plot is not None
    numbers = [int(part.split()[0]) for part in plot.description.split(": ")[1].split(", ", 2)]
    assert numbers[0] == counts["place"] == 12
    assert sum(numbers[1:]) == counts["evict"] == 4
    assert inspected_stream().plot_surprise() is None, "its edges count link events"
    untraced = inspected_default(traced=False)
    assert untraced.plot_surprise() is None, "the surprise of arrival is unknown"


def test_dreams_of_the_default_memory_are_decoded_without_weights() -> None:
    plot = inspected_default().plot_rebuilt()
    assert plot is not None
    assert "cosine transform" in plot.caption
    other = inspected_stream().plot_rebuilt()
    assert other is not None
    assert "hallucination head" in other.caption


@pytest.mark.parametrize("traced", [True, False])
def test_rebuilt_samples_are_of_the_slots_classes(traced: bool) -> None:
    one = inspected_stream(traced=traced)
    assert one.rebuilt is not None
    assert one.rebuilt.nearest is not traced
    assert one.rebuilt.labels == ("0", "1", "2", "3")
    assert one.rebuilt.originals.shape == one.rebuilt.rebuilt.shape == (4, 4, 4)
    assert np.all((one.rebuilt.rebuilt >= 0) & (one.rebuilt.rebuilt <= 1))
