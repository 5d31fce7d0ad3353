"""What is rebuilt from slots, next to the samples that were stored."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from reports.figures.plot import Plot, render
from reports.figures.style import MUTED, styled


def draw(
    originals: npt.NDArray[np.float64],
    rebuilt: npt.NDArray[np.float64],
    labels: Sequence[str],
    *,
    nearest: bool,
    learned: bool,
) -> Plot:
    """Draw pairs of images ``[n, height, width]``: the sample, and what its slot decodes to.

    Args:
        originals: Samples, with values in [0, 1].
        rebuilt: Decoded slots.
        labels: Class of each.
        nearest: Whether the samples are not the stored ones but the most similar ones.
        learned: Whether the decoder is a learned one, the hallucination head.
    """
    columns = min(10, len(labels))
    lines = -(-len(labels) // columns)
    error = float(np.mean((originals - rebuilt) ** 2))
    with styled():
        figure = Figure(figsize=(0.72 * columns + 0.7, 1.75 * lines), layout="constrained")
        panels = figure.subplots(2 * lines, columns, squeeze=False)
        for axes in panels.flat:
            axes.set_axis_off()
        for place, label in enumerate(labels):
            row, column = divmod(place, columns)
            for offset, images in enumerate((originals, rebuilt)):
                panels[2 * row + offset, column].imshow(
                    images[place], cmap="gray_r", vmin=0, vmax=1, interpolation="nearest"
                )
            panels[2 * row, column].set_title(label, fontsize=8, color=MUTED, loc="center")
        source = (
            "the training sample whose code is most similar to the slot's"
            if nearest
            else "the sample that the slot stores"
        )
        dream = (
            "what the hallucination head rebuilds from the slot's few bits alone; such dreams are "
            "rehearsed with new samples."
            if learned
            else "what the inverse cosine transform rebuilds from the slot's few coefficients "
            "alone; in a sleep the memory answers these dreams."
        )
        return render(
            figure,
            name="memory-rebuilt",
            title="What slots remember",
            caption=f"Pairs of images. Above: {source}. Below: {dream} "
            "Look for what a dream preserves (the class, the slant) and what it blurs.",
            description=f"{len(labels)} slots of {len(set(labels))} classes: samples and what is "
            f"rebuilt from the slots, with a mean squared error of {error:.3f}.",
        )
