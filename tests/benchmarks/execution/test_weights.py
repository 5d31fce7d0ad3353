"""Trained weights are stored, loaded, and trained on as if training had never stopped."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from benchmarks.execution.engines.interface import Files
from benchmarks.execution.run_cell import run
from benchmarks.execution.weights import TrainedModel, load_model
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.jobs import Job
from benchmarks.planning.plan import make_plan
from benchmarks.planning.request import Request
from benchmarks.planning.set_options import parse_settings
from results.errors import UsageError
from results.records.record import Record
from results.store.store import Store
from strategies.common.checkpoint import Parts, global_state
from strategies.common.rng import generator
from strategies.continual.train import build_strategy
from strategies.sequence.evaluate import evaluate_task
from strategies.sequence.train import train
from tests.benchmarks.command import PLUGINS
from tests.benchmarks.execution.wee_cells import WEE, environment, jobs


@pytest.fixture(autouse=True)
def _floating_point() -> Iterator[None]:
    yield
    torch.set_flush_denormal(False)


def run_into(root: Path, job: Job) -> tuple[Store, Record]:
    """Run a cell with weights and write its record."""
    store = Store.open(root, create=True)
    files = Files(log=root / "log", weights=store.weights_path(job.cell.id))
    record = run(job, environment(root), lambda fraction: None, files)
    assert record.status == "ok", record.error
    store.write(record)
    return store, record


@pytest.fixture
def wee(tmp_path: Path) -> tuple[Store, Record]:
    (job,) = jobs(model="lstm", settings=("steps=6",))
    return run_into(tmp_path, job)


def stream_job(method: str, model: str = "mlp", *settings: str) -> Job:
    request = Request(
        name="split-digits",
        models=(model,),
        methods=(method,),
        seeds=(0,),
        settings=parse_settings(("epochs=1", "batch_size=128", *settings)),
    )
    (job,) = make_plan(Catalog.read(), request).jobs
    return job


def load(store: Store, record: Record, **options: Any) -> TrainedModel:
    return load_model(store.root, record.id, plugins=WEE, **options)


def test_a_loaded_model_gives_the_metrics_of_its_record(wee: tuple[Store, Record]) -> None:
    store, record = wee
    before = torch.get_rng_state()
    trained = load(store, record)
    assert torch.equal(torch.get_rng_state(), before), "loading draws no global random number"
    assert not trained.model.training
    assert trained.record == record
    assert trained.task is not None
    model: Any = trained.model
    result = evaluate_task(
        model, trained.task, 8, generator("evaluation", 0), lambda fraction: None
    )
    rows = [list(row) for row in result.accuracy_by_distance]
    assert rows == record.curves["accuracy_by_distance"]


def test_weights_are_named_parameters_in_a_safetensors_file(wee: tuple[Store, Record]) -> None:
    store, record = wee
    tensors = safetensors.torch.load_file(store.weights_path(record.id))
    model = load(store, record).model
    assert {name for name in tensors if name.startswith("model.")} == {
        f"model.{name}" for name in model.state_dict()
    }


def test_weights_change_nothing_else_of_a_record(tmp_path: Path) -> None:
    (job,) = jobs()
    _, record = run_into(tmp_path, job)
    plain = run(job, environment(tmp_path), lambda fraction: None, Files(log=tmp_path / "log"))
    assert record.weights is not None
    assert plain.weights is None
    assert (plain.id, plain.metrics, plain.curves) == (record.id, record.metrics, record.curves)


def more_steps(model: Any, task: Any, optimizer: Any, draws: tuple[Any, Any]) -> list[float]:
    """Train for four more steps; the model draws from its own and from the global generators."""
    examples, own = draws
    losses: list[float] = []
    model.train()
    for _ in range(4):
        batch = task.sample(4, examples)
        output = model(
            batch.inputs, targets=batch.targets, positions=batch.positions, generator=own
        )
        noise = torch.rand(()) + float(np.random.rand())  # noqa: NPY002
        loss = task.loss(output.logits, batch.targets) * noise
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses


def test_training_continues_as_if_it_had_never_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six steps of the library's loop and four more: with and without saving and loading."""
    (job,) = jobs(model="lstm", settings=("steps=6",))
    alive: list[tuple[Parts, dict[str, Any]]] = []

    def train_and_hold(*args: Any, on_trained: Any, **kwargs: Any) -> Any:
        def hold(parts: Parts) -> None:
            on_trained(parts)
            alive.append((parts, global_state()))

        return train(*args, on_trained=hold, **kwargs)

    monkeypatch.setattr("strategies.sequence.train.train", train_and_hold)
    store, record = run_into(tmp_path, job)
    ((parts, generators),) = alive
    held: Any = parts.stateful["model"]
    task = job.benchmark.load().build(job.benchmark.load().Config(steps=6))
    torch.set_rng_state(generators["torch"])
    restored = load(store, record, training=True)  # it restores the global generators too
    loaded = more_steps(
        restored.model,
        restored.task,
        restored.optimizer,
        (restored.generators["examples"], restored.generators["model"]),
    )
    load(store, record, training=True)
    expected = more_steps(held, task, parts.stateful["optimizer"], tuple(parts.generators))  # type: ignore[arg-type]
    assert loaded == expected
    assert all(
        torch.equal(first, second)
        for first, second in zip(
            restored.model.state_dict().values(), held.state_dict().values(), strict=True
        )
    )


@pytest.mark.parametrize(
    "method", ["naive", "memnet", "er-encoder", "slda", "gdumb", "ridge-slots"]
)
def test_a_loaded_stream_model_gives_the_final_accuracies(tmp_path: Path, method: str) -> None:
    store, record = run_into(tmp_path, stream_job(method))
    trained = load(store, record)
    assert trained.strategy is not None
    assert trained.stream is not None
    rows = trained.strategy.evaluator.rows
    assert [list(row) for row in rows[1:]] == record.curves["accuracy_matrix"]
    trained.strategy.eval(trained.stream.benchmark.test_stream)
    assert rows[-1] == rows[-2]
    assert not trained.model.training


@pytest.mark.parametrize("method", ["er", "memnet"])
def test_training_on_a_stream_continues_as_if_it_had_never_stopped(
    tmp_path: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more pass over the first experience, by the cell's own strategy and by the loaded one."""
    built: list[Any] = []

    def build_and_hold(*args: Any, **kwargs: Any) -> Any:
        built.append(build_strategy(*args, **kwargs))
        return built[-1]

    monkeypatch.setattr("strategies.continual.train.build_strategy", build_and_hold)
    store, record = run_into(tmp_path, stream_job(method))
    live = built[0][1]
    states: list[dict[str, Any]] = []
    for strategy in (None, live):
        # Loading restores the global generators too.
        loaded = load_model(store.root, record.id, training=True)
        assert loaded.stream is not None
        trained = strategy or loaded.strategy
        trained.train(next(iter(loaded.stream.benchmark.train_stream)), eval_streams=[])
        states.append(trained.model.state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def message(store: Store, record: Record, **options: Any) -> str:
    with pytest.raises(UsageError) as refused:
        load(store, record, **options)
    text = str(refused.value)
    assert "\n" not in text
    return text


def test_damaged_or_swapped_weights_are_an_error(wee: tuple[Store, Record]) -> None:
    store, record = wee
    path = store.weights_path(record.id)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert "damaged or of another run" in message(store, record)
    path.unlink()
    assert "No such file" in message(store, record)
    store.write(record.model_copy(update={"weights": None}))
    assert "memnet run --keep-weights --rerun all" in message(store, record)


def test_weights_of_another_cell_are_an_error(tmp_path: Path) -> None:
    first, second = jobs(model="lstm", seeds=(0, 1))
    store, record = run_into(tmp_path, first)
    _, other = run_into(tmp_path, second)
    content = store.weights_path(other.id).read_bytes()
    store.weights_path(record.id).write_bytes(content)
    store.write(record.model_copy(update={"weights": other.weights}))
    assert f"it belongs to cell {other.id}" in message(store, record)


def test_another_version_of_the_code_is_an_error(wee: tuple[Store, Record], tmp_path: Path) -> None:
    store, record = wee
    plugin = tmp_path / "wee.py"
    text = (PLUGINS / "wee.py").read_text()
    plugin.write_text(text.replace("VERSION = 1", "VERSION = 2"))
    with pytest.raises(
        UsageError, match=r"made by version 1 of benchmark 'wee'.*this is version 2"
    ):
        load_model(store.root, record.id, plugins=[plugin])


def test_an_unknown_cell_is_an_error(wee: tuple[Store, Record]) -> None:
    store, record = wee
    for cell_id in ("0" * 16, "../records/x", "zz"):
        with pytest.raises(UsageError, match="there is no record"):
            load_model(store.root, cell_id)
    with pytest.raises(UsageError, match="unknown task or stream 'wee'"):
        load_model(store.root, record.id)


def test_a_failed_cell_is_an_error(tmp_path: Path) -> None:
    (job,) = jobs(model="scripted[act=raise]")
    store = Store.open(tmp_path, create=True)
    files = Files(log=tmp_path / "log", weights=store.weights_path(job.cell.id))
    record = run(job, environment(tmp_path), lambda fraction: None, files)
    store.write(record)
    assert "failed: it has no trained model" in message(store, record)
    assert not store.weights_path(record.id).exists()


def test_a_full_disk_costs_the_weights_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("strategies.common.trained_state.write_whole", full)
    _, record = run_into(tmp_path, jobs()[0])
    assert record.weights is None
