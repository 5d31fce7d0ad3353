"""Runs one cell in this process and returns its record; an exception becomes a failed record."""

import random
import reprlib
import resource
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from benchmarks.execution.cell_provenance import cell_provenance, plugins_of
from benchmarks.execution.checkpoint_key import checkpoint_key
from benchmarks.execution.devices import choose_device, device_name
from benchmarks.execution.engines.interface import Files
from benchmarks.execution.entry_functions import build, plugin_line
from benchmarks.execution.loggers import OpenLogs, open_logs
from benchmarks.planning.budgets import options_and_total
from benchmarks.planning.jobs import Job, check_data
from benchmarks.planning.set_options import FULL_PRECISION
from results.error_text import OUT_OF_MEMORY, out_of_memory
from results.records.provenance import now
from results.records.record import Outcome, Record, failed, succeeded
from results.records.record_parts import Failure, Plugin

if TYPE_CHECKING:
    import torch

    from baselines.interface import SequenceModel, Signature
    from strategies.common.trained_state import WeightsFile

THREADS = 1
"""Threads per cell. Cells run in parallel instead, and one thread adds in a fixed order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellEnvironment:
    """Where cells run. It is no part of their identity.

    Attributes:
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:1``.
        data_root: Folder of the data sets.
        variables: Environment variables set in a cell's process, such as the visible GPUs.
    """

    device: str
    data_root: Path
    variables: Mapping[str, str] = field(default_factory=dict)


def run(
    job: Job, environment: CellEnvironment, progress: Callable[[float], None], files: Files
) -> Record:
    """Run a cell in this process.

    It seeds torch's global generator, so each cell should have a process of its own.

    Args:
        job: The cell.
        environment: Where to run it.
        progress: Called with the fraction done, in [0, 1].
        files: Paths of its checkpoint, its training logs and its weights.
    """
    started_at = now()
    device = environment.device
    plugins: tuple[Plugin, ...] = ()
    try:
        plugins = plugins_of(job)
        import torch

        torch.set_num_threads(THREADS)
        # Gradients fade over a long sequence; as denormal numbers they make an LSTM nine times
        # slower.
        torch.set_flush_denormal(True)
        chosen = choose_device(environment.device)
        device = device_name(chosen)
        seed_global_generators(job.cell.seed)
        with _precision(job, chosen), open_logs(files.training_logs, job.cell) as log:
            outcome, weights = _execute(job, environment, chosen, progress, files, log)
        return succeeded(
            job.cell,
            _with_memory_peaks(outcome, chosen),
            cell_provenance(plugins, device=device, threads=THREADS, started_at=started_at),
            weights.write(),
        )
    except Exception as error:
        return failed(
            job.cell,
            explain(error, job),
            cell_provenance(plugins, device=device, threads=THREADS, started_at=started_at),
        )


def seed_global_generators(seed: int) -> None:
    """Seed the global generators, which initialisers, dropout and Avalanche draw from.

    The project's own code draws from generators that it receives.
    """
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  (other packages use the global generator)
    torch.manual_seed(seed)


def explain(error: Exception, job: Job) -> Failure:
    """Describe an exception as a record's failure, with the line of the plugin that raised it."""
    missing_memory = out_of_memory(error)
    message = missing_memory or str(error)
    if isinstance(error, ValidationError):  # most often NaN among the metrics
        first = error.errors(include_url=False, include_input=True)[0]
        field_path = ".".join(str(part) for part in first["loc"])
        message = f"{error.title}: {field_path}: {first['msg']} ({reprlib.repr(first['input'])})"
    message += plugin_line(error, (job.benchmark, job.model, job.method))
    trace = "".join(traceback.format_exception(error))
    name = OUT_OF_MEMORY if missing_memory else type(error).__name__
    return Failure(type=name, message=message, traceback=trace)


def configuration(module: ModuleType, options: Any) -> Any:
    """Build a module's ``Config`` from resolved options; None if the module has no ``Config``.

    JSON holds tuples as lists; they become tuples again.
    """
    if not hasattr(module, "Config"):
        return None
    return module.Config(
        **{
            key: tuple(value) if isinstance(value, list) else value
            for key, value in options.items()
        }
    )


def model_builder(job: Job) -> "Callable[[Signature], SequenceModel]":
    """Return a function that builds the cell's model for a signature."""
    options = configuration(job.model.load(), job.cell.config["model"])
    builder: Callable[[Signature], SequenceModel] = partial(build, job.model, options)
    return builder


def learning_rate(job: Job) -> float:
    """Return the cell's learning rate."""
    return float(str(job.cell.config["training"]["learning_rate"]))


def cap_factor(job: Job) -> int | None:
    """Return the cap of a task's protocol ``converged``; None for ``fixed``."""
    factor = job.cell.config["training"].get("cap_factor")
    return None if factor is None else int(str(factor))


def _precision(job: Job, device: "torch.device") -> "torch.autocast":
    import torch

    precision = job.cell.config["training"].get("precision", FULL_PRECISION)
    return torch.autocast(
        device.type, dtype=torch.bfloat16, enabled=precision != FULL_PRECISION, cache_enabled=False
    )  # a cache would outlive a step


def _execute(
    job: Job,
    environment: CellEnvironment,
    device: "torch.device",
    progress: Callable[[float], None],
    files: Files,
    training_log: OpenLogs | None,
) -> "tuple[Outcome, WeightsFile]":
    from strategies.common.checkpoint import Checkpoint
    from strategies.common.trained_state import WeightsFile

    check_data(job, environment.data_root)
    benchmark = job.benchmark.load()
    options = configuration(benchmark, job.cell.config["benchmark"])
    weights = WeightsFile(files.weights, job.cell.id)
    shared: dict[str, Any] = {
        "learning_rate": learning_rate(job),
        "seed": job.cell.seed,
        "device": device,
        "progress": progress,
        "checkpoint": Checkpoint(
            files.checkpoint, checkpoint_key(job, device=str(device), threads=THREADS)
        ),
        "training_log": training_log,
        "on_trained": weights.take,
    }
    if job.method is None:
        from strategies.sequence.train import run_task

        outcome = run_task(
            build(job.benchmark, options),
            model_builder(job),
            steps=options.steps,
            batch_size=options.batch_size,
            streams=options.streams,
            cap_factor=cap_factor(job),
            **shared,
        )
        return outcome, weights
    from strategies.continual.train import run_stream

    method = job.method.load()
    checked_method: Any = SimpleNamespace(build=partial(build, job.method))
    method_options, total_budget = options_and_total(job.cell.config["method"])
    outcome = run_stream(
        build(job.benchmark, options, seed=job.cell.seed, data_root=environment.data_root),
        model_builder(job),
        checked_method,
        method_config=configuration(method, method_options),
        total_budget=total_budget,
        **shared,
    )
    return outcome, weights


def _with_memory_peaks(outcome: Outcome, device: "torch.device") -> Outcome:
    """Add the peaks of memory, which are those of the whole process."""
    import torch

    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes
    peaks = {"peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}
    if device.type == "cuda":
        peaks["peak_device_bytes"] = torch.cuda.max_memory_allocated(device)
    return outcome.model_copy(update={"cost": outcome.cost.model_copy(update=peaks)})
