"""Loggers: they write the training log of a cell (loss, learning rate, gradient norm).

Built in are TensorBoard and CSV. A file adds another one by a function
``open_logger(folder, cell)`` that returns a `Logger`, for example for Weights & Biases::

    import wandb

    class Wandb:
        def __init__(self, folder, cell):
            name = f"{cell.benchmark} {cell.model} {cell.method} {cell.seed}"
            self.run = wandb.init(
                project="memnet", name=name, id=cell.id, resume="allow", dir=folder,
                config=cell.config,
            )

        def log(self, step, values):
            self.run.log(dict(values), step=step)

        def close(self):
            self.run.finish()

    def open_logger(folder, cell):
        folder.mkdir(parents=True, exist_ok=True)
        return Wandb(folder, cell)

``memnet run NAME --log my_logger.py`` uses it. Logging changes no result of a cell: a logger that
raises an exception is left out from then on, with a line in the cell's output.
"""

import csv
import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from baselines.plugin_modules import load_plugin
from baselines.registry import unknown
from results.error_text import one_line
from results.errors import UsageError
from results.records.cell import Cell

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class Logger(Protocol):
    """Writes the training log of one cell."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Write the values of a training step.

        A resumed cell begins at a later step than 1. What an interrupted run of the cell wrote for
        this step and later ones is out of date.

        Args:
            step: Number of the step, from 1; it rises.
            values: Measurements by name.
        """

    def close(self) -> None:
        """Write what is left, and close the log."""


class TensorBoardLogger:
    """Writes a training log for TensorBoard.

    Args:
        folder: The log's folder, used by this cell alone.
        cell: The cell.
    """

    def __init__(self, folder: Path, cell: Cell) -> None:
        self._folder = folder
        self._writer: SummaryWriter | None = None

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Write the values of a training step."""
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(self._folder), purge_step=step)
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Flush and close the log."""
        if self._writer is not None:
            self._writer.close()


class CsvLogger:
    """Writes ``log.csv``: a row per training step, with a column per measurement.

    Args:
        folder: The log's folder, used by this cell alone.
        cell: The cell.
    """

    def __init__(self, folder: Path, cell: Cell) -> None:
        self._path = folder / "log.csv"
        self._file: TextIOWrapper | None = None
        self._writer: Any = None

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Write the row of a training step."""
        if self._file is None:
            rows = self._rows_before(step)
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("w", newline="", encoding="utf-8", buffering=1)
            self._writer = csv.DictWriter(self._file, ["step", *values], lineterminator="\n")
            self._writer.writeheader()
            self._writer.writerows(rows)
        self._writer.writerow({"step": step, **values})

    def _rows_before(self, step: int) -> list[dict[str, str]]:
        """Return the rows that an interrupted run of the cell wrote before this step."""
        if not self._path.is_file():
            return []
        with self._path.open(newline="", encoding="utf-8") as file:
            return [
                row
                for row in csv.DictReader(file)
                if None not in row.values() and int(row["step"]) < step
            ]

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


LOGGERS: Mapping[str, Any] = {"tensorboard": TensorBoardLogger, "csv": CsvLogger}
"""The built-in loggers by name."""

OPEN_LOGGER = "open_logger"
"""The function of a file that opens a `Logger` for a folder and a cell."""


def parse_loggers(names: Iterable[str]) -> tuple[str, ...]:
    """Return the loggers of a command: names of `LOGGERS`, or absolute paths of files.

    Raises:
        UsageError: If a name is unknown, a file can't be loaded or has no ``open_logger``, or
            TensorBoard is not installed.
    """
    return tuple(dict.fromkeys(_parsed(name) for name in names))


def _parsed(name: str) -> str:
    if name in LOGGERS:
        if name == "tensorboard" and importlib.util.find_spec("tensorboard") is None:
            raise UsageError("--log tensorboard needs tensorboard: pip install tensorboard")
        return name
    path = Path(name).expanduser()
    if path.suffix != ".py":
        raise UsageError(f"{unknown('logger', name, LOGGERS)}; to use your own, give FILE.py")
    if not path.is_file():
        raise UsageError(f"--log {name}: there is no file {path}")
    if not callable(getattr(_loaded(path), OPEN_LOGGER, None)):
        raise UsageError(f"--log {name}: the file has no function {OPEN_LOGGER}(folder, cell)")
    return str(path.resolve())


def _loaded(path: Path) -> ModuleType:
    try:
        return load_plugin(path.resolve())
    except (Exception, SystemExit) as error:
        reason = f"{type(error).__name__}: {one_line(error)}"
        raise UsageError(f"--log {path}: the file can't be loaded: {reason}") from error


def log_folder(root: Path, logger: str, cell: Cell) -> Path:
    """Return the folder of a cell's log in a store.

    Args:
        root: The store's folder.
        logger: A logger, as `parse_loggers` returns it.
        cell: The cell.
    """
    place = root / logger if logger in LOGGERS else root / "training-logs" / Path(logger).stem
    return place / cell.benchmark / cell.model / cell.method / f"seed-{cell.seed}-{cell.id}"


class OpenLogs:
    """The open logs of one cell; called with the number of a training step and its values."""

    def __init__(self, folders: Mapping[str, Path], cell: Cell) -> None:
        self._loggers: dict[str, Logger] = {}
        for name, folder in folders.items():
            opener = LOGGERS.get(name)
            self._guarded(name, self._open, name, opener, folder, cell)

    def _open(self, name: str, opener: Any, folder: Path, cell: Cell) -> None:
        opener = opener or getattr(load_plugin(Path(name)), OPEN_LOGGER)
        self._loggers[name] = opener(folder, cell)

    def __call__(self, step: int, values: Mapping[str, float]) -> None:
        """Write the values of a step to all logs."""
        for name, logger in list(self._loggers.items()):
            self._guarded(name, logger.log, step, values)

    def close(self) -> None:
        """Close all logs."""
        for name, logger in list(self._loggers.items()):
            self._guarded(name, logger.close)

    def _guarded(self, name: str, action: Any, *arguments: Any) -> None:
        """Do something with a logger; close it and leave it out if that fails."""
        try:
            action(*arguments)
        except Exception as error:
            reason = f"{type(error).__name__}: {one_line(error)}"
            print(f"logger {Path(name).name} is left out: {reason}", flush=True)
            with suppress(Exception):
                if logger := self._loggers.pop(name, None):
                    logger.close()


@contextmanager
def open_logs(folders: Mapping[str, Path], cell: Cell) -> Iterator[OpenLogs | None]:
    """Open the logs of a cell, by logger; None if there is none."""
    logs = OpenLogs(folders, cell) if folders else None
    try:
        yield logs
    finally:
        if logs is not None:
            logs.close()
