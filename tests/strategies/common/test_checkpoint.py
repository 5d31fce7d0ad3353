"""Checkpoints: the restored state is exact, and damaged files are ignored."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from baselines.interface import SequenceModel, Signature
from baselines.registry import Entry, Registry
from benchmarks.tasks import copy, induction
from results.records.record import Outcome
from strategies.common.checkpoint import Checkpoint, Parts, load, write
from strategies.common.state_tensors import flatten_state, unflatten_state
from strategies.sequence.task import SequenceTask
from strategies.sequence.train import run_task

CPU = torch.device("cpu")
STEPS = 5
ENTRIES = [
    entry
    for entry in Registry("model")
    if not entry.missing and "tokens" in entry.source.facts.get("INPUTS", ("tokens",))
]


class Cut(BaseException):
    """Ends training like the end of its process."""


def train_here(
    entry: Entry,
    checkpoint: Checkpoint | None = None,
    cut_at: float = 2.0,
    task: SequenceTask | None = None,
    fractions: list[float] | None = None,
) -> tuple[Outcome, dict[str, Tensor]]:
    """Train for a few steps; with a ``cut_at`` below 1, end at that fraction of the whole."""
    module, built = entry.load(), []

    def build(signature: Signature) -> SequenceModel:
        built.append(module.build(module.Config(), signature))
        return built[0]

    def progress(fraction: float) -> None:
        if fractions is not None:
            fractions.append(fraction)
        if fraction >= cut_at:
            raise Cut

    torch.manual_seed(7)
    outcome = run_task(
        task or induction.build(induction.Config(train_length=16, furthest=4096)),
        build,
        steps=STEPS,
        batch_size=4,
        streams=4,
        learning_rate=3e-3,
        seed=1,
        device=CPU,
        progress=progress,
        checkpoint=checkpoint,
    )
    return outcome, built[0].state_dict()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_a_resumed_cell_gives_the_same_numbers(
    entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupt it twice in training and three times in evaluation; only the file remains."""
    monkeypatch.setattr(
        "strategies.sequence.train.LOSS_POINTS", 2
    )  # so that a point of the loss is a mean over steps before and after an interruption
    whole, expected = train_here(entry)
    for cut_at in (0.8 * 2 / STEPS, 0.8 * 4 / STEPS, 0.81, 0.9, 0.96):
        with pytest.raises(Cut):
            train_here(entry, Checkpoint(tmp_path / "file", every=0.0), cut_at)
        torch.rand(3)  # the next process finds other states of the global generators
        random.random()
    resumed, found = train_here(entry, Checkpoint(tmp_path / "file", every=0.0))
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor), name
    assert (resumed.metrics, resumed.curves, resumed.slots) == (
        whole.metrics,
        whole.curves,
        whole.slots,
    )


@pytest.mark.parametrize("far_streams", [4, 2])
def test_a_resumed_evaluation_does_not_start_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, far_streams: int
) -> None:
    """Also if only some streams are read on."""
    monkeypatch.setattr("strategies.sequence.evaluate.FAR_DISTANCE", 1024)
    entry = Registry("model").get("memnet")
    task = induction.build(
        induction.Config(train_length=16, furthest=8192, far_streams=far_streams)
    )
    fractions: list[float] = []
    whole, _ = train_here(entry, task=task)
    for cut_at in (0.815, 0.86, 0.93, 0.96):
        with pytest.raises(Cut):
            train_here(entry, Checkpoint(tmp_path / "file", every=0.0), cut_at, task=task)
    resumed, _ = train_here(
        entry, Checkpoint(tmp_path / "file", every=0.0), task=task, fractions=fractions
    )
    assert min(fractions) > 0.95
    assert (resumed.metrics, resumed.curves, resumed.slots) == (
        whole.metrics,
        whole.curves,
        whole.slots,
    )
    assert resumed.cost.state_bytes == whole.cost.state_bytes


def test_finished_evaluation_batches_are_not_repeated(tmp_path: Path) -> None:
    entry = Registry("model").get("memnet")
    task = copy.build(copy.Config(train_length=8, furthest=32))
    whole, _ = train_here(entry, task=task)
    fractions: list[float] = []
    for cut_at in (0.85, 0.95):
        with pytest.raises(Cut):
            train_here(entry, Checkpoint(tmp_path / "file", every=0.0), cut_at, task=task)
    resumed, _ = train_here(
        entry, Checkpoint(tmp_path / "file", every=0.0), task=task, fractions=fractions
    )
    assert min(fractions) > 0.94
    assert (resumed.metrics, resumed.curves, resumed.slots) == (
        whole.metrics,
        whole.curves,
        whole.slots,
    )


@pytest.mark.parametrize("state", [(), {"a": 1}, (torch.zeros(1), {"b": (2, None)}, 3.0)])
def test_a_state_is_restored_from_its_leaves(state: Any) -> None:
    content = flatten_state(state)
    assert flatten_state(unflatten_state(state, content)) == content
    assert flatten_state(unflatten_state(state, [7] * len(content))) == [7] * len(content)
    for wrong in ([*content, 1], content[1:] if content else [1]):
        with pytest.raises(ValueError, match="leaves are too"):
            unflatten_state(state, wrong)


def test_saved_steps_are_not_repeated(tmp_path: Path) -> None:
    entry = Registry("model").get("lstm")
    with pytest.raises(Cut):
        train_here(entry, Checkpoint(tmp_path / "file", every=0.0), 0.8 * 4 / STEPS)
    fractions: list[float] = []
    task = induction.build(induction.Config(train_length=16, furthest=64))
    checkpoint = Checkpoint(tmp_path / "file")
    run_task(
        task,
        lambda signature: entry.load().build(entry.load().Config(), signature),
        steps=STEPS,
        batch_size=4,
        streams=4,
        learning_rate=3e-3,
        seed=1,
        device=CPU,
        progress=fractions.append,
        checkpoint=checkpoint,
    )
    assert min(fractions) == pytest.approx(0.8 * 4 / STEPS)


def test_the_time_of_interrupted_processes_counts(tmp_path: Path) -> None:
    entry = Registry("model").get("lstm")
    whole = train_here(entry)[0].cost
    with pytest.raises(Cut):
        train_here(entry, Checkpoint(tmp_path / "file", every=0.0), 0.8 * 4 / STEPS)
    content = load(tmp_path / "file", "")
    content["parts"]["stateful"]["watch"]["time"] = (100.0, 50.0)
    write(tmp_path / "file", content, "")
    resumed = train_here(entry, Checkpoint(tmp_path / "file"))[0].cost
    assert 100.0 < resumed.train_seconds < 100.0 + 60 * whole.train_seconds
    assert 50.0 < resumed.train_cpu_seconds < 50.0 + 60 * whole.train_cpu_seconds


def test_global_generators_are_restored(tmp_path: Path) -> None:
    parts = Parts(stateful={})

    def drawn() -> list[Any]:
        return [
            torch.rand(2).tolist(),
            np.random.rand(2).tolist(),  # noqa: NPY002
            np.random.randn(3).tolist(),  # noqa: NPY002
            random.random(),
        ]

    np.random.randn(1)  # noqa: NPY002  (the second of a pair is part of its state)
    Checkpoint(tmp_path / "file", every=0.0).save(parts, {})
    expected = drawn()
    Checkpoint(tmp_path / "file").resume(parts)
    assert drawn() == expected


TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.integers() | st.text(), inner)
    ),
    max_leaves=20,
)


@given(tree=TREES)
def test_nested_content_is_restored(tree: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "nested"
    write(path, tree, "key")
    assert load(path, "key") == tree


TENSORS = {
    "half": torch.randn(3, 2).half(),
    "brain": torch.randn(3, 2).bfloat16(),
    "double": torch.randn(2, 3, dtype=torch.float64).T,
    "whole": torch.arange(6).reshape(2, 3)[:, ::2],
    "bits": torch.tensor([True, False]),
    "one": torch.tensor(1.5),
    "none": torch.zeros(0, 4),
    "bytes": torch.arange(5, dtype=torch.uint8),
}


def test_tensors_are_restored_bit_for_bit(tmp_path: Path) -> None:
    shared = torch.randn(4)
    write(tmp_path / "file", [TENSORS, shared, shared[:2]], "key")
    tensors, *both = load(tmp_path / "file", "key")
    assert all(
        torch.equal(tensors[name], tensor) and tensors[name].dtype == tensor.dtype
        for name, tensor in TENSORS.items()
    )
    assert torch.equal(both[0], shared)
    assert torch.equal(both[1], shared[:2])


def test_an_unsupported_type_is_named(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="a Linear can't be part of a checkpoint"):
        write(tmp_path / "file", {"model": nn.Linear(1, 1)}, "key")


def test_a_damaged_or_foreign_file_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert load(path, "key") is None
    write(path, {"a": [torch.arange(50.0), "text"]}, "key")
    assert load(path, "key") is not None
    assert load(path, "another key") is None
    whole = path.read_bytes()
    chance = random.Random(0)
    for _ in range(200):
        place = chance.randrange(8 * len(whole))
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes(flipped)
        found = load(path, "key")
        assert found is None or (
            torch.equal(found["a"][0], torch.arange(50.0)) and found["a"][1] == "text"
        )
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert load(path, "key") is None


def test_a_write_error_does_not_end_the_cell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").mkdir()
    Checkpoint(tmp_path / "file" / "x" / "..", every=0.0).save(Parts(stateful={}), {})
    assert "no checkpoint was written" in capsys.readouterr().out


def test_a_checkpoint_is_written_only_when_due(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "file", every=1000.0)
    checkpoint.save(Parts(stateful={}), {})
    checkpoint.save(Parts(stateful={}), {}, final=True)
    assert not checkpoint.path.exists()
    Checkpoint(None, every=0.0).save(Parts(stateful={}), {})
    assert list(tmp_path.iterdir()) == []
