"""Checks entry files against the contract of their kind."""

import importlib
import io
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Literal, TypeAlias

from baselines.registry import ENTRY_KINDS, Entry, Registry, read_plugin
from benchmarks.checks.rule import BrokenRuleError, Case, Rule, expect
from benchmarks.execution.check_jobs import load_entry
from benchmarks.execution.entry_functions import plugin_line
from benchmarks.planning.suite import Suite
from results.error_text import one_line
from results.errors import UsageError

TIME_LIMIT = 30.0
"""Seconds for a rule."""

Status: TypeAlias = Literal["holds", "broken", "not finished"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRule:
    """Whether an entry follows a rule of its contract.

    Attributes:
        file: The entry's file.
        kind: Kind of the entry; empty if the file can't be read.
        entry: Name of the entry; empty if the file can't be read.
        rule: Name of the rule.
        statement: What the rule demands.
        status: ``holds``, ``broken``, or ``not finished`` if the time limit ended the check, which
            then shows nothing about the file.
        detail: What was found; empty if the rule holds.
        way_out: What to do; empty if the rule holds.
        printed: What the file, or the training that the rule runs, printed.
        seconds: Time of the check.
    """

    file: Path
    kind: str
    entry: str
    rule: str
    statement: str
    status: Status
    detail: str = ""
    way_out: str = ""
    printed: str = ""
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether it holds; a rule whose check is not finished is not known to hold."""
        return self.status == "holds"

    def __str__(self) -> str:
        parts = [part for part in (self.detail, self.way_out) if part]
        found = [self.status, "; ".join(parts)] if parts else [self.status]
        return ": ".join([str(self.file), self.rule, *found])


class TooSlowError(BaseException):
    """A rule was not checked within its time.

    No `Exception`, so that an entry's own handlers do not catch it.
    """


def rules_of(kind: str) -> tuple[Rule, ...]:
    """Return the rules of a kind of entry."""
    module = importlib.import_module(f"benchmarks.checks.{kind}s")
    rules: tuple[Rule, ...] = getattr(module, f"{kind.upper()}_RULES")
    return rules


def check_file(
    path: Path,
    *,
    data_root: Path,
    plugins: Sequence[Path] = (),
    time_limit: float = TIME_LIMIT,
    started: Callable[[str], None] = lambda text: None,
) -> Iterator[CheckedRule]:
    """Check a file, and yield a finding per rule.

    A file that can't be read or loaded has a single finding.

    Args:
        path: A plugin file, or a file in a folder of entries.
        data_root: Folder of the data sets.
        plugins: Further plugin files, to which a suite may refer.
        time_limit: Seconds for a rule. It holds in the main thread of a process on Unix.
        started: Called before each rule with its name and number, for the display.
    """
    try:
        entry = entry_of(path)
    except UsageError as error:
        yield CheckedRule(
            file=path,
            kind="",
            entry="",
            rule="readable",
            statement="the file is Python, and names its kind and options by literals",
            status="broken",
            detail=str(error),
        )
        return
    case = Case(
        entry=entry,
        data_root=data_root,
        plugins=tuple(one for one in plugins if one.resolve() != path.resolve()),
    )
    rules = (LOADS_RULE, *rules_of(entry.kind))
    for number, rule in enumerate(rules, start=1):
        started(f"{path.name}: {rule.name} ({number} of {len(rules)})")
        finding = check_rule(rule, case, path, time_limit)
        yield finding
        if rule.decisive and not finding.holds:
            return


def entry_of(path: Path) -> Entry:
    """Return the entry of a file: a built-in one, or a plugin.

    Raises:
        UsageError: If it is neither.
    """
    for kind in ENTRY_KINDS:
        for entry in Registry(kind):
            if entry.path == path.resolve():
                return entry
    return read_plugin(path)


def check_rule(rule: Rule, case: Case, path: Path, time_limit: float = TIME_LIMIT) -> CheckedRule:
    """Check one rule of an entry."""
    detail, way_out, start = "", rule.way_out, time.monotonic()
    status: Status = "broken"
    printed = io.StringIO()
    try:
        with limited(time_limit), redirect_stdout(printed):
            rule.check(case)
        status, way_out = "holds", ""
    except BrokenRuleError as error:
        detail = one_line(error)
    except UsageError as error:
        detail = f"refused: {one_line(error)}"
    except TooSlowError:
        status, detail = "not finished", f"{time_limit:g} seconds were not enough"
        way_out = "give a longer --time-limit, or make the default options smaller"
    except (Exception, SystemExit) as error:
        line = plugin_line(error, [case.entry])
        detail = f"{type(error).__name__}: {one_line(error)}{line}"
    return CheckedRule(
        file=path,
        kind=case.entry.kind,
        entry=case.entry.name,
        rule=rule.name,
        statement=rule.statement,
        status=status,
        detail=detail,
        way_out=way_out,
        printed=printed.getvalue(),
        seconds=round(time.monotonic() - start, 2),
    )


def _load(case: Case) -> None:
    if case.entry.kind != "suite":
        load_entry(case.entry)
        return
    found = getattr(case.module, "SUITE", None)
    expect(
        isinstance(found, Suite),
        "the file has no SUITE = Suite(members=(Member(benchmark=…, models=(…,)),), seeds=(0, 1))",
    )


LOADS_RULE = Rule(
    name="loads",
    statement="the file can be imported, and has the functions and options of its kind",
    way_out="",
    function=_load,
    decisive=True,
)
"""The first rule of every entry; without it no other one can be checked."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Limit the time of a block, in the main thread of a process on Unix.

    Raises:
        TooSlowError: If the block takes longer.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(
        signal, "setitimer"
    ):
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
