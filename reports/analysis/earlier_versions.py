"""Rows of earlier versions of the code: they do not compete with rows that today's code would make.

If a benchmark has no row of today's version that competes, the rows of earlier versions are
compared with each other, as a record of what those versions did.
"""

from collections.abc import Container
from dataclasses import replace

from reports.analysis.selection import Selection


def with_earlier_versions(selection: Selection, outdated: Container[str]) -> Selection:
    """Mark the rows of earlier versions, and those among them that do not compete.

    Args:
        selection: All rows.
        outdated: Ids of the cells that today's code would not make again.
    """
    entries = [
        replace(entry, earlier=True) if any(one.id in outdated for one in entry.ok) else entry
        for entry in selection.entries
    ]
    measured = {
        entry.subject.name for entry in entries if entry.ok and entry.competes and not entry.earlier
    }
    return replace(
        selection,
        entries=tuple(
            replace(entry, superseded=True)
            if entry.earlier and entry.subject.name in measured
            else entry
            for entry in entries
        ),
    )
