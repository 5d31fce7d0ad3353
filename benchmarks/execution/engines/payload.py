"""What is sent to another machine.

Jobs with the text of their plugins; and what is done with it there.

A cell is run there as the local engine runs it: in a process of its own, under the same limits,
with the same record.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from baselines.registry import Entry
from benchmarks.datasets.paths import data_root as find_data
from benchmarks.execution.engines.interface import Files, Limits
from benchmarks.execution.engines.local import LocalEngine
from benchmarks.execution.run_cell import Place
from benchmarks.planning.jobs import Job
from results.errors import UsageError

LONGEST_LOG = 1_000_000
"""Bytes of a cell's log that come back with its record: the last ones."""


VISIBLE = ("CUDA_VISIBLE_DEVICES",)
"""Variables by which Ray tells a task which GPUs are set aside for it.

They change from task to task within one process of Ray's.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What is sent to a machine: jobs with the text of their plugins, and how to run them.

    Attributes:
        jobs: The cells.
        plugins: Content of plugin files, by their path here.
        device: As given here; it is looked for there.
        data_root: As given here; None for what is usual there.
        limits: What a cell may take there.
    """

    jobs: tuple[Job, ...]
    plugins: Mapping[Path, bytes]
    device: str
    data_root: Path | None
    limits: Limits

    def place(self) -> Place:
        """Return where cells run on this machine, among its GPUs those that are set aside for this task."""
        visible = {name: os.environ[name] for name in VISIBLE if name in os.environ}
        return Place(device=self.device, data_root=find_data(self.data_root), environment=visible)

    def unpack(self, folder: Path) -> tuple[Job, ...]:
        """Write the plugins into a folder, and return the jobs with the entries that stand there."""
        moved: dict[Path, Path] = {}
        for number, (path, content) in enumerate(self.plugins.items()):
            moved[path] = folder / str(number) / path.name
            moved[path].parent.mkdir(parents=True)
            moved[path].write_bytes(content)

        def here(entry: Entry) -> Entry:
            return replace(entry, path=moved.get(entry.path, entry.path))

        return tuple(
            replace(
                job,
                benchmark=here(job.benchmark),
                model=here(job.model),
                method=here(job.method) if job.method else None,
            )
            for job in self.jobs
        )


def pack(jobs: Sequence[Job], *, device: str, data_root: Path | None, limits: Limits) -> Payload:
    """Pack jobs together with the plugins that they need."""
    entries = {
        entry.path: entry
        for job in jobs
        for entry in (job.benchmark, job.model, job.method)
        if entry is not None
    }
    plugins = {path: path.read_bytes() for path, entry in entries.items() if entry.plugin}
    return Payload(
        jobs=tuple(jobs), plugins=plugins, device=device, data_root=data_root, limits=limits
    )


class _One:
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


def check_there(parcel: Payload) -> str | None:
    """See, on the machine where this is called, that jobs can be run; return what is wrong."""
    with tempfile.TemporaryDirectory(prefix="memnet-") as folder:
        try:
            LocalEngine(jobs=1, place=parcel.place(), limits=parcel.limits).check(
                parcel.unpack(Path(folder))
            )
        except UsageError as error:
            return str(error)
    return None


def run_there(parcel: Payload) -> Iterator[dict[str, Any]]:
    """Run a cell on the machine where this is called, and yield messages: its progress, notes, and at last its record and log."""
    with tempfile.TemporaryDirectory(prefix="memnet-") as folder:
        (job,) = parcel.unpack(Path(folder))
        log = Path(folder) / "log"
        engine = LocalEngine(jobs=1, place=parcel.place(), limits=parcel.limits)
        engine.check(
            [job]
        )  # the machine may have joined since the run began: its device is looked for, and its data
        for event in engine.run(_One(job), lambda job: Files(log=log)):
            if event.record is not None:
                text = log.read_bytes()[-LONGEST_LOG:] if log.is_file() else b""
                yield {"record": event.record.to_json(), "log": text}
            elif event.note or event.fraction:
                yield {"fraction": event.fraction, "note": event.note}
