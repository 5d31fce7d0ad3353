"""Parses ``--seeds``: ``3`` means the first three, ``0-9`` a range, ``1,4,7`` a list."""

import re

from results.errors import UsageError

TUNING = 2**31 + 7
"""The seed of tuning. It is reserved: no reported result may use it."""

LIMIT = 2**31
"""Exclusive upper bound of seeds."""

MAX_SEEDS = 1000
"""Maximum number of seeds of one run; more are taken for a typing error."""

ALLOWED = "write a count (3 means 0-2), a range (0-9) or a list (1,4,7)"


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the distinct seeds that ``text`` names, in its order.

    Raises:
        UsageError: If the text is of no known form, or names no seed, too many, one twice, or the
            tuning seed.
    """
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,12}", text):
        if int(text) > MAX_SEEDS:
            raise UsageError(
                f"--seeds {text} is a count, of more than {MAX_SEEDS}; for the seed {text} alone, "
                f"write --seeds {text}-{text}"
            )
        seeds = _range(text, 0, int(text) - 1)
    elif match := re.fullmatch(r"([0-9]{1,12})-([0-9]{1,12})", text):
        seeds = _range(text, int(match[1]), int(match[2]))
    elif re.fullmatch(r"[0-9]{1,12}(,[0-9]{1,12})+,?|[0-9]{1,12},", text):
        seeds = [int(part) for part in text.split(",") if part]
        if len(set(seeds)) < len(seeds):
            raise UsageError(f"--seeds {text} names a seed twice: {ALLOWED}")
    else:
        raise UsageError(f"--seeds '{text}' is not valid: {ALLOWED}")
    if TUNING in seeds:
        raise UsageError(
            f"--seeds {text}: seed {TUNING} is reserved for tuning and is never reported; choose "
            "others"
        )
    if max(seeds) >= LIMIT:
        raise UsageError(f"--seeds {text}: seeds go from 0 to {LIMIT - 1}")
    return tuple(seeds)


def _range(text: str, first: int, last: int) -> list[int]:
    if last < first:
        raise UsageError(f"--seeds {text} names no seed: {ALLOWED}")
    if last - first >= MAX_SEEDS:
        raise UsageError(
            f"--seeds {text} names {last - first + 1} seeds, more than {MAX_SEEDS}: {ALLOWED}"
        )
    return list(range(first, last + 1))
