"""The payload for another machine, jobs with the text of their plugins, and its execution there.

There a cell runs as under the local engine: in a process of its own, under the same limits, with
the same record.
"""

import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from baselines.registry import Entry
from benchmarks.datasets.paths import data_root as find_data
from benchmarks.execution.engines.interface import Files
from benchmarks.execution.engines.limits import Limits
from benchmarks.execution.engines.local import LocalEngine
from benchmarks.execution.loggers import LOGGERS
from benchmarks.execution.run_cell import CellEnvironment
from benchmarks.planning.jobs import Job
from results.errors import UsageError

MAX_LOG_BYTES = 1_000_000
"""Bytes of a cell's log that come back with its record: the last ones."""

GPU_VARIABLES = ("CUDA_VISIBLE_DEVICES",)
"""Variables by which Ray gives a task its GPUs.

They change from task to task within one Ray process.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """Jobs with the text of their plugins, and how to run them.

    Attributes:
        jobs: The cells.
        plugins: Content of the plugins' files and of their siblings: by the plugin's folder on the
            sending machine, then by path in that folder.
        device: Name of the device; it is resolved on the receiving machine.
        data_root: Folder of the data; None for the receiving machine's default.
        limits: Limits of a cell.
        keep_weights: Whether the trained weights come back with the record.
        loggers: The loggers of the training, with the content of their files; None for one that is
            built in.
    """

    jobs: tuple[Job, ...]
    plugins: Mapping[Path, Mapping[str, bytes]]
    device: str
    data_root: Path | None
    limits: Limits
    keep_weights: bool = False
    loggers: Mapping[str, bytes | None] = field(default_factory=dict)

    def environment(self) -> CellEnvironment:
        """Return the environment of cells on this machine, limited to the GPUs of this task."""
        visible = {name: os.environ[name] for name in GPU_VARIABLES if name in os.environ}
        return CellEnvironment(
            device=self.device, data_root=find_data(self.data_root), variables=visible
        )

    def unpack_loggers(self, folder: Path) -> dict[str, Path]:
        """Write the files of loggers into a folder; return the folder of each log, by logger."""
        folders = {}
        for number, (name, content) in enumerate(self.loggers.items()):
            path = folder / f"{number}" / Path(name).name
            if content is not None:
                path.parent.mkdir(parents=True)
                path.write_bytes(content)
            folders[name if content is None else str(path)] = folder / f"log-{number}"
        return folders

    def unpack(self, folder: Path) -> tuple[Job, ...]:
        """Write the plugins into a folder, and return the jobs with entries that point there."""
        moved = {origin: folder / str(number) for number, origin in enumerate(self.plugins)}
        for origin, files in self.plugins.items():
            for name, content in files.items():
                path = moved[origin] / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)

        def here(entry: Entry) -> Entry:
            if not entry.plugin:
                return entry
            origin = entry.path.parent
            path, *siblings = (
                moved[origin] / file.relative_to(origin) for file in (entry.path, *entry.siblings)
            )
            return replace(entry, path=path, siblings=tuple(siblings))

        return tuple(
            replace(
                job,
                benchmark=here(job.benchmark),
                model=here(job.model),
                method=here(job.method) if job.method else None,
            )
            for job in self.jobs
        )


def pack(
    jobs: Sequence[Job],
    *,
    device: str,
    data_root: Path | None,
    limits: Limits,
    keep_weights: bool = False,
    loggers: Iterable[str] = (),
) -> Payload:
    """Pack jobs together with the plugins that they need."""
    entries = {
        entry.path: entry
        for job in jobs
        for entry in (job.benchmark, job.model, job.method)
        if entry is not None and entry.plugin
    }
    plugins: dict[Path, dict[str, bytes]] = defaultdict(dict)
    for path, entry in entries.items():
        for file in (path, *entry.siblings):
            name = file.relative_to(path.parent).as_posix()
            plugins[path.parent][name] = file.read_bytes()
    return Payload(
        jobs=tuple(jobs),
        plugins=plugins,
        device=device,
        data_root=data_root,
        limits=limits,
        keep_weights=keep_weights,
        loggers={name: None if name in LOGGERS else Path(name).read_bytes() for name in loggers},
    )


class _SingleJobQueue:
    """A queue of one job."""

    def __init__(self, job: Job) -> None:
        self.jobs = (job,)
        self.settled = False

    def take(self) -> Job | None:
        """Return the job, once."""
        if self.settled:
            return None
        self.settled = True
        return self.jobs[0]


def check_remotely(payload: Payload) -> str | None:
    """Check on the calling machine that jobs can run; return the problem, if any."""
    with tempfile.TemporaryDirectory(prefix="memnet-") as folder:
        try:
            LocalEngine(jobs=1, environment=payload.environment(), limits=payload.limits).check(
                payload.unpack(Path(folder))
            )
        except UsageError as error:
            return str(error)
    return None


def run_remotely(payload: Payload) -> Iterator[dict[str, Any]]:
    """Run a cell on the calling machine; yield progress and notes, then its record and files."""
    with tempfile.TemporaryDirectory(prefix="memnet-") as folder:
        (job,) = payload.unpack(Path(folder))
        files = Files(
            log=Path(folder) / "log",
            weights=Path(folder) / "weights" if payload.keep_weights else None,
            training_logs=payload.unpack_loggers(Path(folder) / "training-logs"),
        )
        engine = LocalEngine(jobs=1, environment=payload.environment(), limits=payload.limits)
        # The machine may have joined after the run's check: look for its device and data.
        engine.check([job])
        for event in engine.run(_SingleJobQueue(job), lambda job: files):
            if event.record is not None:
                yield {
                    "record": event.record.to_json(),
                    "log": _content(files.log)[-MAX_LOG_BYTES:],
                    "weights": _content(files.weights),
                    "training_logs": [_tree(log) for log in files.training_logs.values()],
                }
            elif event.note or event.fraction:
                yield {"fraction": event.fraction, "note": event.note}


def _tree(folder: Path) -> dict[str, bytes]:
    """Return the content of a folder's files, by path in the folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write_tree(folder: Path, files: Mapping[str, bytes]) -> None:
    """Replace a folder by these files, by path in the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def _content(path: Path | None) -> bytes:
    return path.read_bytes() if path is not None and path.is_file() else b""
