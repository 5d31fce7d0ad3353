"""The ``memnet`` command.

What a subcommand needs is imported in its body, so that listing and help answer at once.
"""

import sys
from typing import Annotated, Any

import typer

from benchmarks.cli.leaderboard import leaderboard
from benchmarks.cli.list import show
from benchmarks.cli.publish import publish
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
app.command("report")(report)
app.command("leaderboard")(leaderboard)
app.command("validate")(validate)
app.command("publish")(publish)
app.command("speed")(speed)
app.command("tune")(tune)

REFUSED = 2
"""Exit code of a request that can't be met as it stands."""

_Refusal: Any = next(
    base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException"
)
"""Base of typer's own refusals (an option that does not exist).

Typer has it under no name of its own.
"""


@app.callback(invoke_without_command=True)
def memnet(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Say which version this is.")] = False,
) -> None:
    """Benchmarks of long memory and of continual learning: does an active, self-organising memory beat attention and recurrence?"""
    if version:
        import importlib.metadata

        typer.echo(f"memnet {importlib.metadata.version('memnet-bench')}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the command.

    A request that can't be met gets one line on standard error and exit code 2.
    """
    try:
        code = app(standalone_mode=False)
    except (UsageError, _Refusal) as error:
        message = error.format_message() if isinstance(error, _Refusal) else str(error)
        print(f"memnet: error: {' '.join(message.split())}", file=sys.stderr)
        raise SystemExit(REFUSED) from None
    except (KeyboardInterrupt, typer.Abort):
        print("memnet: stopped", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
    raise SystemExit(code)
