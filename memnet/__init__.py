"""MemNet bench: the public Python API, and MemNet itself.

Names are resolved when they are used, so ``import memnet`` loads neither torch nor any other part
of the distribution. Types for editors and mypy are in ``__init__.pyi``.

    import memnet

    results = memnet.run("quick", models=["memnet", "lstm"], seeds=3)
    frame = memnet.load_results("published").frame()
    trained = memnet.load_model("runs", cell_id)

The modules of this package (start at :mod:`memnet.model`) import torch alone.
"""

import importlib
from typing import Any

from memnet.launch import check_packages

_PUBLIC = {
    "MemNet": "memnet.model",
    "MemNetConfig": "memnet.config",
    "MemNetPlugin": "strategies.continual.memnet.plugin",
    "MemNetStrategy": "strategies.continual.memnet.strategy",
    "MemoryTrace": "memnet.tracing.memory_trace",
    "PersistentConfig": "memnet.persistent.config",
    "TrainedModel": "benchmarks.execution.weights",
    "Inspection": "benchmarks.inspection.inspection",
    "check": "benchmarks.api.check",
    "figure": "benchmarks.api.figure",
    "inspect": "benchmarks.inspection.inspect",
    "leaderboard": "benchmarks.api.leaderboard",
    "load_config": "benchmarks.api.load_config",
    "load_model": "benchmarks.execution.weights",
    "Results": "reports.analysis.store_results",
    "UsageError": "results.errors",
    "load_results": "reports.analysis.store_results",
    "remember": "strategies.continual.memnet.wrap",
    "run": "benchmarks.api.run",
}
"""Each public name and the module that defines it."""

__all__ = list(_PUBLIC)

check_packages()


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _PUBLIC:
        raise AttributeError(
            f"module 'memnet' has no attribute {name!r}: it has {', '.join(__all__)}"
        )
    value = getattr(importlib.import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
