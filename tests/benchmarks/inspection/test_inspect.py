"""``memnet.inspect``, and the inspection that it returns."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import Tensor, nn

import memnet
from baselines.interface import Signature
from baselines.models import memnet as entry
from memnet.persistent.trace import StreamTrace
from memnet.tracing.table import EVENTS, TRACE_COLUMNS
from reports.output.inspection import InspectionPart, write
from results.errors import UsageError
from strategies.continual.memnet.wrap import Memory
from tests.inspected_memory import (
    default_memory,
    inspected_sequences,
    inspected_stream,
    small_memory,
    stream_samples,
)
from tests.memnet.active_model import active_model, tokens


def without_plots(one: memnet.Inspection) -> InspectionPart:
    return InspectionPart(name="trace", title="", note="", facts=(), plots=(), frame=one.frame)


def test_answers_are_those_of_the_model_in_evaluation_mode() -> None:
    model, inputs = active_model().train(), tokens(batch=2)
    positions = torch.tensor([[5, 31], [8, 9]])
    found = memnet.inspect(model, inputs, positions=positions)
    assert model.training
    with torch.no_grad():
        logits = model.eval()(inputs, positions=positions).logits
    assert [one.answer for one in found.table.answers] == logits.argmax(-1).flatten().tolist()
    assert [one.time for one in found.table.answers] == positions.flatten().tolist()
    assert "correct answers" not in dict(found.facts()), "no targets are given"


def test_answers_that_do_not_count_have_no_target() -> None:
    inputs = tokens(batch=1)
    found = memnet.inspect(
        active_model(), inputs, positions=torch.tensor([[5, 9]]), targets=torch.tensor([[3, -1]])
    )
    assert [one.target for one in found.table.answers] == [3, None]
    assert dict(found.facts())["correct answers"].endswith(" of 1")


def test_a_saved_page_has_figures_and_a_table_that_pandas_reads(tmp_path: Path) -> None:
    one = inspected_sequences()
    page = one.save(tmp_path / "out")
    text = page.read_text(encoding="utf-8")
    figures = sorted(path.name for path in (tmp_path / "out" / "figures").iterdir())
    assert len(figures) == 3 * 5
    assert all(f'"figures/{name}"' in text for name in figures)
    (table,) = [path for path in (tmp_path / "out").iterdir() if path.stem == "trace"]
    read = pd.read_parquet(table) if table.suffix == ".parquet" else pd.read_csv(table)
    pd.testing.assert_frame_equal(read, one.frame, check_dtype=False)
    assert {*read.columns} == {"event", *TRACE_COLUMNS}


def test_a_page_replaces_an_earlier_one_and_no_files_of_others(tmp_path: Path) -> None:
    part = without_plots(inspected_stream())
    write([part], tmp_path / "ours", columns=TRACE_COLUMNS, events=EVENTS)
    write([part], tmp_path / "ours", columns=TRACE_COLUMNS, events=EVENTS)
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(UsageError, match=r"would replace: index\.html"):
        write([part], tmp_path, columns=TRACE_COLUMNS, events=EVENTS)


def test_without_pyarrow_the_table_is_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.output.inspection.find_spec", lambda name: None)
    one = inspected_stream()
    part = without_plots(one)
    write([part], tmp_path, columns=TRACE_COLUMNS, events=EVENTS)
    read = pd.read_csv(tmp_path / "trace.csv")
    pd.testing.assert_frame_equal(read, one.frame, check_dtype=False)


def test_a_notebook_shows_a_summary_with_escaped_names() -> None:
    shown = inspected_sequences()._repr_html_()
    assert ".plot_slots()" in shown
    assert "an active model" in shown
    assert f"{len(inspected_sequences().frame):,} events" in shown


def test_inspecting_a_persistent_memory_changes_nothing() -> None:
    memory, (inputs, labels) = small_memory(), stream_samples()
    memory.meet(inputs, labels)
    before = {name: tensor.clone() for name, tensor in memory.state_dict().items()}
    noise = memory.generator.get_state()
    found = memnet.inspect(memory, inputs)
    assert all(torch.equal(before[name], now) for name, now in memory.state_dict().items())
    assert torch.equal(noise, memory.generator.get_state())
    assert memory.trace is None
    stored = int(memory.bank.occupied.sum())
    assert dict(found.facts())["contents written"] == str(stored)


def test_a_model_without_a_memory_is_refused() -> None:
    with pytest.raises(UsageError, match="Linear has no memory to inspect"):
        memnet.inspect(nn.Linear(2, 2), torch.zeros(1, 2))


def _reader(vocabulary: int | None = None, features: int | None = None) -> memnet.MemNet:
    config = entry.Config(width=8, bottleneck=8, slots=4, key_width=4)
    return entry.build(
        config, Signature(vocabulary=vocabulary, features=features, outputs=9, length=6)
    )


@pytest.mark.parametrize(
    ("positions", "targets", "message"),
    [
        ([[1, 2]], [[1, 2], [3, 4]], "for all 2 rows"),
        ([[1, 2], [2, 3]], [[1, 2, 3], [3, 4, 5]], "a target per position"),
        ([[1, 2], [2, 3]], [[1, 2]], "a target per position"),
        (None, [[1, 2], [3, 4]], "give positions"),
    ],
)
def test_positions_and_targets_of_other_shapes_are_an_error(
    positions: list[list[int]] | None, targets: list[list[int]], message: str
) -> None:
    model = _reader(vocabulary=9)
    places = None if positions is None else torch.tensor(positions)
    with pytest.raises(UsageError, match=message):
        memnet.inspect(
            model,
            torch.zeros(2, 6, dtype=torch.int64),
            positions=places,
            targets=torch.tensor(targets),
        )


TOKENS = torch.zeros(2, 6, dtype=torch.int64)


@pytest.mark.parametrize(
    ("inputs", "positions", "message"),
    [
        (TOKENS + 9, None, "token 9 is outside the vocabulary of this model: .* from 0 to 8"),
        (TOKENS - 1, None, "token -1 is outside"),
        (TOKENS.float(), None, r"type torch.float32, and this model reads tokens"),
        (TOKENS[0], None, r"inputs are \[6\]: give tokens as \[B, T\]"),
        (TOKENS[:0], None, r"inputs are \[0, 6\], so there is nothing to read"),
        (TOKENS[:, :0], None, "nothing to read"),
        (TOKENS.tolist(), None, "inputs are a list: give a torch.Tensor"),
        (TOKENS, TOKENS + 6, "position 6 is outside a sequence of this length: .* from 0 to 5"),
        (TOKENS, TOKENS - 1, "position -1 is outside"),
        (TOKENS, TOKENS.float(), "positions are of type torch.float32"),
        (TOKENS, TOKENS[:, 0], r"positions are \[2\]: give them as \[B, P\]"),
    ],
)
def test_tokens_and_positions_that_cannot_be_read_are_one_line(
    inputs: Tensor, positions: Tensor | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as error:
        memnet.inspect(_reader(vocabulary=9), inputs, positions=positions)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (torch.zeros(2, 6), r"give features as \[B, T, 3\]"),
        (torch.zeros(2, 6, 4), r"inputs are \[2, 6, 4\], .* 3 features per step"),
        (torch.zeros(2, 6, 3, dtype=torch.float64), "reads features of type torch.float32"),
        (torch.zeros(2, 0, 3), "nothing to read"),
        (torch.full((2, 6, 3), torch.nan), "not finite"),
    ],
)
def test_features_that_cannot_be_read_are_one_line(inputs: Tensor, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        memnet.inspect(_reader(features=3), inputs)


@pytest.mark.parametrize(
    ("choose", "message"),
    [
        (lambda samples: samples[:, :3], r"samples of this memory are \[4, 4\]"),
        (lambda samples: samples[0], r"give samples as \[B, 4, 4\]"),
        (lambda samples: samples[:0], "nothing to read"),
        (lambda samples: samples.long(), "give floats"),
        (lambda samples: samples[:10], "10 samples are given: give all samples of the stream"),
    ],
)
@pytest.mark.parametrize("make", [small_memory, default_memory])
def test_samples_that_a_memory_cannot_read_are_one_line(
    make: Callable[[], Memory], choose: Callable[[Tensor], Tensor], message: str
) -> None:
    memory, (inputs, labels) = make(), stream_samples()
    memory.trace = StreamTrace()
    memory.meet(inputs, labels)
    with pytest.raises(UsageError, match=message):
        memnet.inspect(memory, choose(inputs))


def test_slots_filled_before_the_trace_are_shown_next_to_the_most_similar_samples() -> None:
    memory, (inputs, labels) = small_memory(), stream_samples()
    memory.meet(inputs[:20], labels[:20])
    memory.trace = StreamTrace()
    memory.meet(inputs[20:], labels[20:])
    rebuilt = memnet.inspect(memory, inputs).rebuilt
    assert rebuilt is not None
    assert rebuilt.nearest
