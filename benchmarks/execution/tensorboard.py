"""Writes a cell's training log (loss, learning rate, gradient norm) for TensorBoard.

Logging changes no result of a cell.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class TensorBoard:
    """Writes the training log of one cell.

    Args:
        folder: The log's folder, used by this cell alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: SummaryWriter | None = None

    def __call__(self, step: int, values: Mapping[str, float]) -> None:
        """Write the values of one step.

        Values that an interrupted run of the cell wrote for this step and later ones are dropped.
        """
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(self._folder), purge_step=step)
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Flush and close the log."""
        if self._writer is not None:
            self._writer.close()
