"""The ``memnet`` command.

Subcommands import their dependencies in their bodies, so that ``list`` and ``--help`` stay fast.
"""

import sys
import warnings
from typing import Annotated, Any

import typer

from benchmarks.cli.check import check
from benchmarks.cli.figure import figure
from benchmarks.cli.inspect import inspect
from benchmarks.cli.leaderboard import leaderboard
from benchmarks.cli.list import show
from benchmarks.cli.output import exit_code, prepare_output
from benchmarks.cli.paths import check_working_directory
from benchmarks.cli.publish import publish
from benchmarks.cli.remove import remove
from benchmarks.cli.report import report
from benchmarks.cli.run import INTERRUPTED, run
from benchmarks.cli.speed import speed
from benchmarks.cli.status import status
from benchmarks.cli.tune import tune
from benchmarks.cli.validate import validate
from results.errors import UsageError

HELP = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=HELP,
)
app.command("list")(show)
app.command("run")(run)
app.command("status")(status)
app.command("remove")(remove)
app.command("report")(report)
app.command("leaderboard")(leaderboard)
app.command("figure")(figure)
app.command("check")(check)
app.command("validate")(validate)
app.command("publish")(publish)
app.command("inspect")(inspect)
app.command("speed")(speed)
app.command("tune")(tune)

USAGE_ERROR = 2
"""Exit code of an invalid request."""

FAILED = 1
"""Exit code if the operating system refuses something, such as a write on a full disk."""

_ClickError: Any = next(
    base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException"
)
"""Base class of typer's own usage errors, such as an unknown option. Typer does not export it."""


@app.callback(invoke_without_command=True)
def memnet(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Benchmarks of long memory and of continual learning.

    They compare an active, self-organising memory with attention and recurrence.
    """
    if version:
        import importlib.metadata

        print(f"memnet {importlib.metadata.version('memnet-bench')}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


def main() -> None:
    """Run the command.

    An invalid request prints one line on standard error and exits with code 2.
    """
    output, errors = prepare_output()
    warnings.filterwarnings("ignore", "no QP solver found")  # of a package that nothing here uses
    raise SystemExit(exit_code(run_command(), output, errors))


def run_command() -> int:
    """Run the command and return its exit code."""
    try:
        check_working_directory()
        return app(standalone_mode=False) or 0
    except (UsageError, _ClickError) as error:
        message = error.format_message() if isinstance(error, _ClickError) else str(error)
        print(f"memnet: error: {' '.join(message.split())}", file=sys.stderr)
        return USAGE_ERROR
    except (KeyboardInterrupt, typer.Abort):
        print("memnet: stopped", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        place = "" if error.filename is None else f"{error.filename}: "
        print(f"memnet: error: {place}{error.strerror or error}", file=sys.stderr)
        return FAILED
