"""Prints lists of cells of bounded length."""

from collections.abc import Sequence

MAX_LISTED = 10
"""Maximum number of cells that are listed without ``--all``."""


def show_cells(
    title: str, cells: Sequence[tuple[str, str, str]], *, show_all: bool = False
) -> None:
    """Print a title and a line per cell; nothing without cells.

    Args:
        title: The line above the list.
        cells: Id, label and remark of each cell.
        show_all: Whether to list more than `MAX_LISTED` cells.
    """
    if not cells:
        return
    shown = cells if show_all else cells[:MAX_LISTED]
    print(title)
    for cell_id, label, remark in shown:
        print(f"  {cell_id}  {label}: {remark}")
    if len(shown) < len(cells):
        print(f"  … and {len(cells) - len(shown)} more (--all lists them)")
