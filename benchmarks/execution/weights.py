"""Loads a trained model from a store: the weights that ``memnet run --keep-weights`` wrote.

The task or stream and the model are built from the resolved options of the cell's record, with the
code of this version. The weights are read from a safetensors file, whose digest must be the one in
the record; nothing in it is ever executed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baselines.variant_names import parse_variant
from benchmarks.datasets.paths import data_root as find_data
from benchmarks.execution.devices import choose_device
from benchmarks.execution.run_cell import (
    configuration,
    learning_rate,
    model_builder,
    seed_global_generators,
)
from benchmarks.planning.budgets import options_and_total
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.jobs import Job, check_data
from benchmarks.planning.versions import STOP_RULE, versions
from results.errors import UsageError
from results.records.cell import SUPERVISED, Cell
from results.records.record import Record
from results.store.store import Store

if TYPE_CHECKING:
    import torch
    from torch import nn

    from strategies.common.checkpoint import Parts
    from strategies.continual.strategy import ContinualStrategy
    from strategies.continual.stream import Stream
    from strategies.sequence.task import SequenceTask

RUN_AGAIN = "run the cell again with memnet run --keep-weights --rerun all"
"""How to write the weights of a finished cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedModel:
    """A trained model with its benchmark.

    Attributes:
        model: The model: a ``SequenceModel`` on a task; on a stream the classifier that the method
            trained, with its memory if it has one. In evaluation mode, or in training mode with
            ``training=True``.
        cell: The cell that trained it.
        record: The cell's record.
        task: The task; None on a stream.
        stream: The stream; None on a task.
        strategy: The strategy that trained the model, with its plugins; None on a task.
        optimizer: The optimizer with its state at the end of training; None without
            ``training=True``. On a task its learning rate is the last one of the cell's schedule.
        generators: The generators at the end of training, with ``training=True``: ``examples`` and
            ``model`` on a task, ``order`` on a stream.
    """

    model: "nn.Module"
    cell: Cell
    record: Record
    task: "SequenceTask | None" = None
    stream: "Stream | None" = None
    strategy: "ContinualStrategy | None" = None
    optimizer: "torch.optim.Optimizer | None" = None
    generators: "Mapping[str, torch.Generator]"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Built:
    """A cell's parts before its state is restored."""

    model: "nn.Module"
    parts: "Parts"
    optimizer: "torch.optim.Optimizer"
    names: tuple[str, ...]
    task: "SequenceTask | None" = None
    stream: "Stream | None" = None
    strategy: "ContinualStrategy | None" = None


def load_model(
    store: str | Path,
    cell_id: str,
    *,
    training: bool = False,
    plugins: Sequence[str | Path] = (),
    device: str = "cpu",
    data_root: str | Path | None = None,
) -> TrainedModel:
    """Load the trained model of a cell.

    With ``training=True`` the optimizer and all generators, torch's, NumPy's and Python's global
    ones included, have their state of the end of training: further steps give the same numbers,
    bit for bit, as steps without saving and loading. Cells train with one thread and without
    denormal numbers; call ``torch.set_num_threads(1)`` and ``torch.set_flush_denormal(True)`` for
    the same last bits. The cell's learning-rate schedule is over.

    Args:
        store: Folder of the store.
        cell_id: The cell: the name of its file in ``records/``, without ``.json``.
        training: Whether to restore everything that training needs.
        plugins: Files that define the cell's benchmark, model or method, as for ``--plugin``.
        device: ``cpu``, ``cuda``, ``cuda:1`` or ``auto``.
        data_root: Folder of the data sets, for a stream; the default is that of ``memnet run``.

    Raises:
        UsageError: If there is no such record or it has no weights; if the file is missing,
            damaged or of another run; or if this version of the benchmark, model or method is not
            the one that made the record.
    """
    folder = Store.open(Path(store))
    record = _record(folder, cell_id)
    content = _content(folder, record)
    data = find_data(None if data_root is None else Path(data_root))
    job = _job(record.cell, [Path(path) for path in plugins])
    _check_versions(job, record, training=training)
    check_data(job, data)
    with _global_generators(keep=not training):
        seed_global_generators(job.cell.seed)
        built = _build(job, choose_device(device), data)
        _restore(built, content, folder.weights_path(cell_id), record.id, training=training)
    return TrainedModel(
        model=built.model.train(training),
        cell=record.cell,
        record=record,
        task=built.task,
        stream=built.stream,
        strategy=built.strategy,
        optimizer=built.optimizer if training else None,
        generators=dict(zip(built.names, built.parts.generators, strict=True)) if training else {},
    )


def untrained(
    cell: Cell, *, plugins: Sequence[str | Path] = (), data_root: str | Path | None = None
) -> "tuple[ContinualStrategy, Stream]":
    """Return the strategy and the stream of a stream's cell, before any training.

    The global generators are seeded as for the cell's run, so that training gives its numbers.
    """
    job = _job(cell, [Path(path) for path in plugins])
    seed_global_generators(cell.seed)
    built = _build(
        job, choose_device("cpu"), find_data(None if data_root is None else Path(data_root))
    )
    assert built.strategy is not None, f"{cell.label} is a cell of a task"
    assert built.stream is not None
    return built.strategy, built.stream


def _record(store: Store, cell_id: str) -> Record:
    record = store.read(cell_id) if re.fullmatch(r"[0-9a-f]{16}", cell_id) else None
    if record is None:
        raise UsageError(
            f"there is no record '{cell_id}' in {store.root}: give the id of a cell, which is the "
            "name of its file in records/ without .json"
        )
    if record.status == "failed":
        raise UsageError(
            f"cell {cell_id} ({record.cell.label}) failed: it has no trained model; "
            "run it again with memnet run --keep-weights --rerun failed"
        )
    return record


def _content(store: Store, record: Record) -> bytes:
    """Return the content of the weights file, after a check of its digest."""
    path = store.weights_path(record.id)
    if record.weights is None:
        raise UsageError(
            f"cell {record.id} ({record.cell.label}) was run without weights: {RUN_AGAIN}"
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot read the weights {path}: {error.strerror or error}; restore the file, "
            f"or {RUN_AGAIN}"
        ) from error
    from strategies.common.trained_state import digest_of

    digest = digest_of(content)
    if digest != record.weights:
        raise UsageError(
            f"the weights {path} are damaged or of another run: their digest is {digest}, and "
            f"the record has {record.weights}; restore the file, or {RUN_AGAIN}"
        )
    return content


def _job(cell: Cell, plugins: Sequence[Path]) -> Job:
    """Return the cell with the entries that it names.

    Raises:
        UsageError: If an entry is unknown, or its required packages are not installed.
    """
    catalog = Catalog.read(plugins)
    return Job(
        cell=cell,
        benchmark=catalog.benchmark(cell.benchmark),
        model=catalog.model(parse_variant(cell.model)[0]),
        method=None if cell.method == SUPERVISED else catalog.method(parse_variant(cell.method)[0]),
    )


def _check_versions(job: Job, record: Record, *, training: bool) -> None:
    """Check that this code is of the versions that made the record.

    The version of the training loop matters only if training continues.

    Raises:
        UsageError: If not.
    """
    here = versions(job.benchmark, job.model, job.method, record.cell.config["training"])
    for part, version in record.cell.version.items():
        if here.get(part, version) == version:
            continue
        if part in ("training", STOP_RULE) and not training:
            continue
        names = {
            "benchmark": job.cell.benchmark,
            "model": job.cell.model,
            "method": job.cell.method,
            "training": "the training loop",
            STOP_RULE: "the stop rule",
            "data": "the data",
        }
        commit = record.provenance.commit
        checkout = f"check out commit {commit[:12]}, or " if commit else ""
        raise UsageError(
            f"cell {record.id} was made by version {version} of {part} '{names.get(part, part)}', "
            f"and this is version {here[part]}: {checkout}run the cell again with "
            "memnet run --keep-weights"
        )


def _build(job: Job, device: "torch.device", data: Path) -> _Built:
    """Build a cell as its run does, from the same random numbers."""
    module = job.benchmark.load()
    options = configuration(module, job.cell.config["benchmark"])
    seed, rate = job.cell.seed, learning_rate(job)
    if job.method is None:
        from strategies.sequence.train import training_parts

        task = module.build(options)
        model = model_builder(job)(task.signature).to(device)
        optimizer, _, parts = training_parts(
            model, steps=options.steps, learning_rate=rate, seed=seed
        )
        return _Built(
            model=model, parts=parts, optimizer=optimizer, names=("examples", "model"), task=task
        )
    from strategies.continual.checkpointing import strategy_parts
    from strategies.continual.train import build_strategy

    method = job.method.load()
    method_options, total_budget = options_and_total(job.cell.config["method"])
    stream = module.build(options, seed=seed, data_root=data)
    _, strategy = build_strategy(
        stream,
        model_builder(job),
        method,
        method_config=configuration(method, method_options),
        learning_rate=rate,
        seed=seed,
        device=device,
        total_budget=total_budget,
    )
    # The first call of `train` does this too, and would erase the restored state.
    strategy.make_optimizer(reset_optimizer_state=True)
    return _Built(
        model=strategy.model,
        parts=strategy_parts(strategy),
        optimizer=strategy.optimizer,
        names=("order",),
        stream=stream,
        strategy=strategy,
    )


def _restore(built: _Built, content: bytes, path: Path, cell_id: str, *, training: bool) -> None:
    from strategies.common.trained_state import decode

    try:
        state = decode(content, cell_id)
        built.parts.restore(state, global_generators=training)
    except (ValueError, KeyError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(
            f"the weights {path} do not fit the cell's model: {reason}; {RUN_AGAIN}"
        ) from error


@contextmanager
def _global_generators(*, keep: bool) -> Iterator[None]:
    """Restore the global generators at the end, if ``keep``."""
    from strategies.common.checkpoint import global_state, restore_global_state

    before: Any = global_state() if keep else None
    try:
        yield
    finally:
        if keep:
            restore_global_state(before)
