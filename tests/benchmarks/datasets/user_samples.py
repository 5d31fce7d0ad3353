"""Small user data sets, and the stream, plan and pixels that `from-folder` makes of them."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.cli.plan_options import plan_from
from benchmarks.planning.plan import Plan
from benchmarks.streams import from_folder
from strategies.continual.dataloader import columns_of
from strategies.continual.stream import Stream


def images(folder: Path, classes: int = 4, per_class: int = 5, offset: int = 0) -> None:
    """Write pictures whose red value is 60 times their class; each has another green value."""
    for label in range(classes):
        (folder / f"kind{label}").mkdir(parents=True, exist_ok=True)
        for place in range(per_class):
            Image.new("RGB", (9, 7), (60 * label, 255 - place - offset, 0)).save(
                folder / f"kind{label}" / f"{place}.png"
            )


def sequences(file: Path, **more: np.ndarray) -> None:
    """Write 20 sequences of four classes."""
    labels = np.arange(20) % 4
    inputs = np.random.default_rng(0).normal(size=(20, 6, 3)).astype(np.float32)
    np.savez(file, **{"inputs": inputs, "labels": labels, **more})


def built(root: Path, data: str = "flowers", **options: object) -> Stream:
    """Build the stream of a data set."""
    return from_folder.build(
        from_folder.Config(data=data, **{"experiences": 2, **options}), seed=0, data_root=root
    )


def plan(root: Path, data: str = "flowers", *settings: str) -> Plan:
    """Plan one cell of a data set, as the command does."""
    return plan_from(
        "from-folder", "mlp", "naive", "1", [f"data={data}", *settings], None, data_root=root
    )


def cell_id(root: Path, data: str = "flowers") -> str:
    return plan(root, data).jobs[0].cell.id


def counts(stream: Stream) -> tuple[int, int]:
    """Count training and test samples."""
    train, test = (
        sum(len(experience.dataset) for experience in part)
        for part in (stream.benchmark.train_stream, stream.benchmark.test_stream)
    )
    return train, test


def samples(stream: Stream, part: str = "train") -> tuple[torch.Tensor, torch.Tensor]:
    """Return the inputs and labels of all experiences."""
    columns = [
        columns_of(experience.dataset)
        for experience in getattr(stream.benchmark, f"{part}_stream")
        if len(experience.dataset)
    ]
    inputs, labels = (torch.cat([column[place] for column in columns]) for place in range(2))
    return inputs, labels


def reds(stream: Stream, part: str = "train") -> list[int]:
    """Return the red values of a stream built with ``colour=True, size=8``."""
    inputs, _ = samples(stream, part)
    return (inputs.reshape(-1, 8, 8, 3)[..., 0].amax((1, 2)) * 255).round().int().tolist()
