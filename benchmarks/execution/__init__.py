"""Runs the cells of a plan on an engine, and writes their records into the store."""

import sys

from results.errors import UsageError

if sys.platform == "win32":
    raise UsageError(
        "cells can't run on Windows, since a fork server starts them and signals limit them; "
        "use WSL 2, a container or another machine (reports of records need none of this)"
    )
