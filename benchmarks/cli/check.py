"""``memnet check``: checks entry files against the contract of their kind."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.cli import shared_options
from benchmarks.cli.paths import file
from results.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from benchmarks.checks.check import CheckedRule

BROKEN = 1
"""Exit code if a rule is broken."""

NOT_FINISHED = 3
"""Exit code if no rule is broken, and the check of one was not finished."""

OUTPUT_FORMATS = ("text", "json")


def check(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE.py...",
            parser=file("FILE.py"),
            help="Files of models, methods, tasks, streams or suites.",
        ),
    ],
    data_root: shared_options.DataRoot = None,
    time_limit: Annotated[
        float,
        typer.Option("--time-limit", metavar="SECONDS", min=1.0, help="Time limit of each rule."),
    ] = 30.0,
    output: Annotated[
        str, typer.Option("--format", metavar="text|json", help="Form of the output.")
    ] = "text",
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            help="Also print the rules that hold, and what the file prints.",
        ),
    ] = False,
) -> None:
    """Check entry files against the contract of their kind, as the tests of this project do.

    Each broken rule has a line, with what was found and the way out. Rules that are broken by the
    error of an earlier one share a line. A rule whose check takes too long is not broken, but not
    finished. Exit code: 0 if all rules hold, 1 if one is broken, 3 if none is broken and one is not
    finished.
    """
    from rich.console import Console

    from baselines.registry import unknown
    from benchmarks.checks.check import check_file
    from benchmarks.datasets.paths import data_root as find_data

    if output not in OUTPUT_FORMATS:
        raise UsageError(unknown("format", output, OUTPUT_FORMATS))
    for path in files:
        if not path.is_file():
            raise UsageError(f"there is no file {path}: name the .py file of an entry")
    findings: list[CheckedRule] = []
    with Console(stderr=True).status("") as status:
        for path in files:
            rules = check_file(
                path,
                data_root=find_data(data_root),
                plugins=files,
                time_limit=time_limit,
                started=status.update,
            )
            findings += _shown(rules, verbose=verbose) if output == "text" else rules
    _end(findings, output)


def _shown(findings: "Iterable[CheckedRule]", *, verbose: bool) -> "Iterator[CheckedRule]":
    """Print the findings on a file; rules that one error breaks share a line, except the first."""
    broken: dict[str, list[CheckedRule]] = {}
    for finding in findings:
        same = broken.setdefault(finding.detail, []) if finding.status == "broken" else []
        if not finding.holds and not same:
            print(finding, flush=True)
        elif finding.holds and verbose:
            print(f"{finding}, {finding.statement} ({finding.seconds:.1f} s)", flush=True)
        if verbose:
            for line in finding.printed.splitlines():
                print(f"    {finding.rule} printed: {line}", flush=True)
        same.append(finding)
        yield finding
    for first, *others in broken.values():
        if others:
            names = ", ".join(one.rule for one in others)
            print(f"{first.file}: the error of {first.rule} also breaks: {names}", flush=True)


def _end(findings: "list[CheckedRule]", output: str) -> None:
    counts = Counter(finding.status for finding in findings)
    if output == "json":
        import json
        from dataclasses import asdict

        rows = [
            {**asdict(finding), "file": str(finding.file), "holds": finding.holds}
            for finding in findings
        ]
        print(json.dumps(rows, indent=1))
    else:
        names = dict.fromkeys(
            f"{finding.kind} '{finding.entry}'" for finding in findings if finding.kind
        )
        of = f" of {', '.join(names)}" if names else ""
        count = f"{len(findings)} rule{'s' if len(findings) != 1 else ''}"
        unfinished = f", {counts['not finished']} not finished" if counts["not finished"] else ""
        print(f"{count}{of}: {counts['holds']} hold, {counts['broken']} broken{unfinished}")
    if counts["broken"]:
        raise typer.Exit(BROKEN)
    if counts["not finished"]:
        raise typer.Exit(NOT_FINISHED)
