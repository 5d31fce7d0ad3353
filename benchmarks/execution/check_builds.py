"""Builds what a run's cells consist of, before the first cell.

Every distinct benchmark is built once, and on it every distinct pair of model and method. Options
that do not fit together are refused before any cell runs, with the message that the cell would
have failed with. Models are not trained, and nothing is written.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from benchmarks.execution.entry_functions import build, refusal_reason
from benchmarks.execution.machine_memory import machine_bytes
from benchmarks.execution.run_cell import configuration
from benchmarks.planning.budgets import options_and_total
from benchmarks.planning.jobs import Job
from results.errors import UsageError

if TYPE_CHECKING:
    from baselines.interface import SequenceModel
    from strategies.continual.strategy import ContinualStrategy

SIZES = ("steps", "batch_size", "streams", "epochs")
"""Options of a benchmark that must be at least 1."""

TASK_LOGIT_BYTES = 4
"""Bytes of a logit."""

_Built = TypeVar("_Built")


def check_builds(jobs: Sequence[Job], modules: Mapping[Path, ModuleType], data_root: Path) -> None:
    """Build every distinct benchmark, model and method of the jobs on the CPU.

    Args:
        jobs: The jobs.
        modules: Loaded modules of their entries, by path.
        data_root: Folder of the data sets, which are prepared.

    Raises:
        UsageError: If something can't be built.
    """
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        groups.setdefault(_key(job, "benchmark"), []).append(job)
    for group in groups.values():
        _check_sizes(group[0])
        benchmark = _build_benchmark(group[0], modules, data_root)
        distinct = {_key(job, "model", "method"): job for job in group}
        for job in distinct.values():
            _check_learning_rate(job)
            _build_learner(job, modules, benchmark)


def _key(job: Job, *parts: str) -> str:
    """Return a text that is equal for equal parts of a cell with equal options."""
    names = {"benchmark": job.cell.benchmark, "model": job.cell.model, "method": job.cell.method}
    return json.dumps([[names[part], job.cell.config[part]] for part in parts], sort_keys=True)


def _check_sizes(job: Job) -> None:
    """Check the sizes of training and evaluation.

    Raises:
        UsageError: If one is less than 1.
    """
    options = job.cell.config["benchmark"]
    for name in SIZES:
        value = options.get(name)
        if isinstance(value, int | float) and value < 1:
            raise UsageError(f"{job.cell.benchmark}: {name} = {value} must be at least 1")


def _check_learning_rate(job: Job) -> None:
    """Check the learning rate, which a stream's protocol may define.

    Raises:
        UsageError: If it is not a positive number.
    """
    rate = float(str(job.cell.config["training"]["learning_rate"]))
    if not (math.isfinite(rate) and rate > 0):
        raise UsageError(
            f"{job.cell.benchmark}: training.learning_rate = {rate} must be a positive number"
        )


def _check_batch(batch_size: int, sequence_bytes: int) -> None:
    """Check that a mini-batch and its logits fit in memory; what the model needs is unknown here.

    Raises:
        UsageError: If they do not.
    """
    needed, present = batch_size * sequence_bytes, machine_bytes()
    if needed > present:
        raise UsageError(
            f"batch_size = {batch_size} sequences and their logits take {needed / 1e9:.1f} GB, "
            f"and this machine has {present / 1e9:.1f} GB of memory: give a smaller batch_size"
        )


def _build_benchmark(job: Job, modules: Mapping[Path, ModuleType], data_root: Path) -> Any:
    module = modules[job.benchmark.path]
    options = configuration(module, job.cell.config["benchmark"])

    def build_checked() -> Any:
        if job.method is not None:
            return build(job.benchmark, options, seed=job.cell.seed, data_root=data_root)
        import torch

        task = build(job.benchmark, options)
        one = task.sample(1, torch.Generator().manual_seed(job.cell.seed))
        answers = TASK_LOGIT_BYTES * task.signature.outputs * one.targets.numel()
        _check_batch(options.batch_size, one.inputs.nbytes + one.targets.nbytes + answers)
        return task

    return _attempt(job, job.cell.benchmark, build_checked)


def _build_learner(job: Job, modules: Mapping[Path, ModuleType], benchmark: Any) -> None:
    """Build a model, and on a stream a method with it."""
    config = job.cell.config
    model_options = configuration(modules[job.model.path], config["model"])

    def build_model() -> "SequenceModel":
        built: SequenceModel = build(job.model, model_options, benchmark.signature)
        return built

    if job.method is None:
        _attempt(job, f"{job.cell.benchmark} with {job.cell.model}", build_model)
        return
    import torch

    from strategies.continual.train import within_total

    entry = job.method
    options, total = options_and_total(config["method"])

    def build_both(method_options: Any) -> "tuple[SequenceModel, ContinualStrategy]":
        built = build_model()
        return built, build(
            entry,
            method_options,
            model=built,
            stream=benchmark,
            learning_rate=float(str(config["training"]["learning_rate"])),
            seed=job.cell.seed,
            device=torch.device("cpu"),
        )

    method_config = configuration(modules[entry.path], options)
    _attempt(
        job,
        f"{job.cell.benchmark} with {job.cell.model} and {job.cell.method}",
        lambda: (
            within_total(total, build_both, method_config) if total else build_both(method_config)
        ),
    )


def _attempt(job: Job, what: str, builder: Callable[[], _Built]) -> _Built:
    """Build a part of a job.

    Raises:
        UsageError: If it can't be built.
    """
    try:
        return builder()
    except UsageError as error:
        raise UsageError(f"{what}: {error}") from error
    except (Exception, SystemExit) as error:
        reason = refusal_reason(error, (job.benchmark, job.model, job.method))
        raise UsageError(f"{what} can't be built with these options: {reason}") from error
