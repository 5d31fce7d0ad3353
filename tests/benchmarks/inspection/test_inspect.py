"""``memnet.inspect``, and the inspection that it returns."""

from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import nn

import memnet
from memnet.tracing.table import COLUMNS, EVENTS
from reports.output.inspection import InspectionPart, write
from results.errors import UsageError
from tests.inspected_memory import (
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
    assert {*read.columns} == {"event", *COLUMNS}


def test_a_page_replaces_an_earlier_one_and_no_files_of_others(tmp_path: Path) -> None:
    part = without_plots(inspected_stream())
    write([part], tmp_path / "ours", columns=COLUMNS, events=EVENTS)
    write([part], tmp_path / "ours", columns=COLUMNS, events=EVENTS)
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(UsageError, match=r"would replace: index\.html"):
        write([part], tmp_path, columns=COLUMNS, events=EVENTS)


def test_without_pyarrow_the_table_is_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.output.inspection.find_spec", lambda name: None)
    one = inspected_stream()
    part = without_plots(one)
    write([part], tmp_path, columns=COLUMNS, events=EVENTS)
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
    from baselines.interface import Signature
    from baselines.models import memnet as entry

    config = entry.Config(width=8, bottleneck=8, slots=4, key_width=4)
    model = entry.build(config, Signature(vocabulary=9, outputs=9, length=6))
    places = None if positions is None else torch.tensor(positions)
    with pytest.raises(UsageError, match=message):
        memnet.inspect(
            model,
            torch.zeros(2, 6, dtype=torch.int64),
            positions=places,
            targets=torch.tensor(targets),
        )
