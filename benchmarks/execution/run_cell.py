"""One cell, from start to record.

What goes wrong inside becomes a failed record; an engine brings the cell here and the record back.
"""

import random
import reprlib
import resource
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from baselines.registry import Entry, Kind
from benchmarks.execution.checkpoint_key import checkpoint_key
from benchmarks.execution.engines.interface import Files
from benchmarks.execution.tensorboard import TensorBoard
from benchmarks.planning.budgets import options_and_total
from benchmarks.planning.jobs import Job
from benchmarks.planning.overrides import FULL_PRECISION
from results.errors import UsageError
from results.records.provenance import now, provenance
from results.records.record import Failure, Outcome, Record, failed, succeeded

if TYPE_CHECKING:
    import torch

    from baselines.interface import SequenceModel, Signature

THREADS = 1
"""Threads per cell: cells run side by side instead, and one thread adds in one order."""

WANTED: Mapping[Kind, Mapping[str, str]] = {
    "model": {"build": "config, signature"},
    "method": {"build": "config, *, model, stream, learning_rate, seed, device"},
    "task": {"build": "config"},
    "stream": {"build": "config, *, seed, data_root", "prepare": "data_root"},
}
"""The functions that an entry's file must have, each with its arguments."""

SIZES = ("steps", "batch_size", "streams")
"""Options that a task must have: how long models are trained on it, and how much they are asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where cells run; no part of what they are.

    Attributes:
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:1``.
        data_root: Where data sets stand.
        environment: Variables of the environment that a cell's process gets, such as the GPUs that
            it may see.
    """

    device: str
    data_root: Path
    environment: Mapping[str, str] = field(default_factory=dict)


def run(job: Job, place: Place, progress: Callable[[float], None], files: Files) -> Record:
    """Run a cell in this process.

    Seeds torch's global generator, so it belongs into a process of the cell's own.

    Args:
        job: The cell.
        place: Where to run it.
        progress: Called with the fraction done.
        files: Where its checkpoint and its signals go.
    """
    started_at = now()
    device = place.device
    try:
        import torch

        torch.set_num_threads(THREADS)
        torch.set_flush_denormal(
            True
            # gradients that fade over a long sequence cost an LSTM nine times its time as denormal
            # numbers
        )
        chosen = choose_device(place.device)
        device = described(chosen)
        seed_global_generators(job.cell.seed)
        with _precision(job, chosen), _signals(files) as training_log:
            outcome = _measured(_execute(job, place, chosen, progress, files, training_log), chosen)
        return succeeded(
            job.cell, outcome, provenance(device=device, threads=THREADS, started_at=started_at)
        )
    except Exception as error:
        return failed(
            job.cell,
            explain(error),
            provenance(device=device, threads=THREADS, started_at=started_at),
        )


def check(jobs: Sequence[Job], place: Place) -> list[str]:
    """See that the device exists, the code of all jobs loads and takes its options, and the data is there; missing data is downloaded.

    Returns:
        The devices that cells may run on: all of the kind where ``place`` names only a kind.

    Raises:
        UsageError: If not, with one line that says what to do.
    """
    devices = usable_devices(place.device)
    entries = {
        entry.path: entry
        for job in jobs
        for entry in (job.benchmark, job.model, job.method)
        if entry is not None
    }
    modules = {path: _load(entry) for path, entry in entries.items()}
    for job in jobs:
        for part, entry in (
            ("benchmark", job.benchmark),
            ("model", job.model),
            ("method", job.method),
        ):
            if entry is not None:
                _try_options(
                    entry, modules[entry.path], options_and_total(job.cell.config[part])[0]
                )
    for path, entry in entries.items():
        if entry.kind == "stream":
            modules[path].prepare(place.data_root)
    return devices


def usable_devices(name: str) -> list[str]:
    """Return the devices that a name stands for.

    Every one there is for ``auto`` and ``cuda``, else that one.

    Raises:
        UsageError: If there is no such device.
    """
    import torch

    device = choose_device(name)
    if device.type == "cuda" and ":" not in name:
        return [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    return [str(device)]


def described(device: "torch.device") -> str:
    """Return a device as provenance has it: two of the same make are one to a reader."""
    import torch

    return (
        f"{device.type} ({torch.cuda.get_device_name(device)})"
        if device.type == "cuda"
        else str(device)
    )


def choose_device(name: str) -> "torch.device":
    """Return the device called ``name``; ``auto`` is the accelerator where there is one.

    Raises:
        UsageError: If there is no such device.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        if device.type != "cpu":
            torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(
            f"device '{name}' can't be used here ({reason}); use auto, cpu, or cuda where there is one"
        ) from error
    return device


def seed_global_generators(seed: int) -> None:
    """Seed what initialisers, dropout and Avalanche draw from.

    Our own code draws from generators that it is handed.
    """
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  (it is the global one that other packages use)
    torch.manual_seed(seed)


def explain(error: Exception) -> Failure:
    """Describe an exception as a record's failure."""
    message = str(error)
    if isinstance(error, ValidationError):  # a NaN among the metrics, most often
        first = error.errors(include_url=False, include_input=True)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"{error.title}: {where}: {first['msg']} ({reprlib.repr(first['input'])})"
    trace = "".join(traceback.format_exception(error))
    return Failure(type=type(error).__name__, message=message, traceback=trace)


def _precision(job: Job, device: "torch.device") -> "torch.autocast":
    import torch

    precision = job.cell.config["training"].get("precision", FULL_PRECISION)
    return torch.autocast(
        device.type, dtype=torch.bfloat16, enabled=precision != FULL_PRECISION, cache_enabled=False
    )  # a cache would outlive a step


@contextmanager
def _signals(files: Files) -> Iterator[TensorBoard | None]:
    board = None if files.training_log is None else TensorBoard(files.training_log)
    try:
        yield board
    finally:
        if board is not None:
            board.close()


def _execute(
    job: Job,
    place: Place,
    device: "torch.device",
    progress: Callable[[float], None],
    files: Files,
    training_log: TensorBoard | None,
) -> Outcome:
    config = job.cell.config
    benchmark, model = job.benchmark.load(), job.model.load()
    options, model_options = (
        configuration(benchmark, config["benchmark"]),
        configuration(model, config["model"]),
    )
    rate = float(str(config["training"]["learning_rate"]))

    def build_model(signature: "Signature") -> "SequenceModel":
        built: SequenceModel = model.build(model_options, signature)
        return built

    from strategies.common.checkpoint import Checkpoint

    checkpoint = Checkpoint(
        files.checkpoint, checkpoint_key(job, device=str(device), threads=THREADS)
    )
    if job.method is None:
        from strategies.sequence.train import run_task

        task = benchmark.build(options)
        return run_task(
            task,
            build_model,
            steps=options.steps,
            batch_size=options.batch_size,
            streams=options.streams,
            learning_rate=rate,
            seed=job.cell.seed,
            device=device,
            progress=progress,
            checkpoint=checkpoint,
            training_log=training_log,
        )
    from strategies.continual.train import run_stream

    method = job.method.load()
    method_options, total_budget = options_and_total(config["method"])
    return run_stream(
        benchmark.build(options, seed=job.cell.seed, data_root=place.data_root),
        build_model,
        method,
        method_config=configuration(method, method_options),
        total_budget=total_budget,
        learning_rate=rate,
        seed=job.cell.seed,
        device=device,
        progress=progress,
        checkpoint=checkpoint,
        training_log=training_log,
    )


def configuration(module: ModuleType, options: Any) -> Any:
    """Make a module's ``Config`` from resolved options, as JSON holds them: lists become tuples again. None where it has no ``Config``."""
    if not hasattr(module, "Config"):
        return None
    return module.Config(
        **{
            key: tuple(value) if isinstance(value, list) else value
            for key, value in options.items()
        }
    )


def _measured(outcome: Outcome, device: "torch.device") -> Outcome:
    """Fill in the peaks of memory, which are the process's and not the learner's to know."""
    import torch

    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes
    peaks = {"peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}
    if device.type == "cuda":
        peaks["peak_device_bytes"] = torch.cuda.max_memory_allocated(device)
    return outcome.model_copy(update={"cost": outcome.cost.model_copy(update=peaks)})


def _try_options(entry: Entry, module: ModuleType, options: Any) -> None:
    try:
        configuration(module, options)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{entry.kind} '{entry.name}' refuses its options: {error}") from error


def _load(entry: Entry) -> ModuleType:
    try:
        module = entry.load()
    except UsageError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise UsageError(
            f"{entry.kind} '{entry.name}' ({entry.path}) can't be loaded: {reason}; mend the file"
        ) from error
    for name, arguments in WANTED[entry.kind].items():
        if not callable(getattr(module, name, None)):
            raise UsageError(
                f"{entry.path.name} has no function {name}({arguments}), which a {entry.kind} must have"
            )
    _see_options(entry, module)
    return module


def _see_options(entry: Entry, module: ModuleType) -> None:
    """See that an entry's options are those which were read from its text, and that a task has those that all tasks have."""
    options = {option.name for option in entry.source.options}
    config = getattr(module, "Config", None)
    inherited = (
        sorted({field.name for field in fields(config)} - options) if is_dataclass(config) else []
    )
    if inherited:
        raise UsageError(
            f"{entry.path.name}: Config inherits {', '.join(inherited)}; options are read from the file's text, so write them all out there"
        )
    lacking = [name for name in SIZES if entry.kind == "task" and name not in options]
    if lacking:
        raise UsageError(
            f"{entry.path.name}: Config lacks {', '.join(lacking)}; every task has {', '.join(SIZES)} (strategies/sequence/task.py)"
        )
