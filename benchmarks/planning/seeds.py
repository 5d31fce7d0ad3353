"""Which seeds a run takes: ``3`` means the first three, ``0-9`` a range, ``1,4,7`` these."""

import re

from results.errors import UsageError

TUNING = 2**31 + 7
"""The seed that learning rates are tuned on.

It is reserved: no reported number may come from it.
"""

LIMIT = 2**31
"""Seeds stand below this."""

MOST = 1000
"""More seeds than this in one run are taken for a slip of the hand."""

ALLOWED = "write a count (3 means 0-2), a range (0-9) or a list (1,4,7)"


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds that ``text`` names, in order and each once.

    Raises:
        UsageError: If it names none, too many, one twice, the tuning seed, or is of no known form.
    """
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,12}", text):
        seeds = _range(text, 0, int(text) - 1)
    elif match := re.fullmatch(r"([0-9]{1,12})-([0-9]{1,12})", text):
        seeds = _range(text, int(match[1]), int(match[2]))
    elif re.fullmatch(r"[0-9]{1,12}(,[0-9]{1,12})+,?|[0-9]{1,12},", text):
        seeds = [int(part) for part in text.split(",") if part]
        if len(set(seeds)) < len(seeds):
            raise UsageError(f"--seeds {text} names a seed twice: {ALLOWED}")
    else:
        raise UsageError(f"--seeds '{text}' makes no sense: {ALLOWED}")
    if TUNING in seeds:
        raise UsageError(
            f"--seeds {text}: seed {TUNING} is reserved for tuning and is never reported; take others"
        )
    if max(seeds) >= LIMIT:
        raise UsageError(f"--seeds {text}: seeds go from 0 to {LIMIT - 1}")
    return tuple(seeds)


def _range(text: str, first: int, last: int) -> list[int]:
    if last < first:
        raise UsageError(f"--seeds {text} names no seed at all: {ALLOWED}")
    if last - first >= MOST:
        raise UsageError(
            f"--seeds {text} names {last - first + 1} seeds, more than {MOST}: {ALLOWED}"
        )
    return list(range(first, last + 1))
