"""Signals of training (loss, rate, norm of the gradient) as TensorBoard reads them.

What is written changes nothing of a cell.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class TensorBoard:
    """Writes the signals of one cell.

    Args:
        folder: Where to; a folder of the cell's own.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: SummaryWriter | None = None

    def __call__(self, step: int, values: Mapping[str, float]) -> None:
        """Take the values of one step.

        What an earlier, unfinished run of the cell wrote of this and later steps no longer counts.
        """
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(self._folder), purge_step=step)
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Write what is still to be written."""
        if self._writer is not None:
            self._writer.close()
