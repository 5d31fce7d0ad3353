from benchmarks.api.check import check as check
from benchmarks.api.figure import figure as figure
from benchmarks.api.leaderboard import leaderboard as leaderboard
from benchmarks.api.load_config import load_config as load_config
from benchmarks.api.run import run as run
from benchmarks.execution.weights import TrainedModel as TrainedModel
from benchmarks.execution.weights import load_model as load_model
from benchmarks.inspection.inspect import inspect as inspect
from benchmarks.inspection.inspection import Inspection as Inspection
from memnet.config import MemNetConfig as MemNetConfig
from memnet.model import MemNet as MemNet
from memnet.persistent.config import PersistentConfig as PersistentConfig
from memnet.tracing.memory_trace import MemoryTrace as MemoryTrace
from reports.analysis.store_results import Results as Results
from reports.analysis.store_results import load_results as load_results
from results.errors import UsageError as UsageError
from strategies.continual.memnet.plugin import MemNetPlugin as MemNetPlugin
from strategies.continual.memnet.strategy import MemNetStrategy as MemNetStrategy
from strategies.continual.memnet.wrap import remember as remember

__all__ = [
    "Inspection",
    "MemNet",
    "MemNetConfig",
    "MemNetPlugin",
    "MemNetStrategy",
    "MemoryTrace",
    "PersistentConfig",
    "Results",
    "TrainedModel",
    "UsageError",
    "check",
    "figure",
    "inspect",
    "leaderboard",
    "load_config",
    "load_model",
    "load_results",
    "remember",
    "run",
]
