"""Online experiences: a few samples at a time, each seen once, without task boundaries."""

from collections.abc import Iterator
from typing import Any

import torch
from avalanche.benchmarks.scenarios.online import OnlineCLExperience
from torch.utils.data import TensorDataset

from strategies.continual.dataloader import columns_of
from strategies.continual.datasets import labelled


def small_experiences(
    experience: Any, size: int, order: torch.Generator
) -> Iterator[tuple[Any, bool]]:
    """Split an experience into small ones; yield each, and whether it is the last.

    Avalanche's ``split_online_stream`` makes views of the whole experience, so the cost of a view
    grows with the size of the experience. Here each small experience is a separate data set.

    Args:
        experience: The experience to split; its data are tensors.
        size: Samples per small experience; the last may have fewer.
        order: Source of the order of samples.
    """
    columns = columns_of(experience.dataset)
    assert columns is not None
    inputs, labels, tasks = columns
    task_labels = {
        name: getattr(experience, name)
        for name in ("task_label", "task_labels")
        if hasattr(experience, name)
    }
    parts = torch.randperm(len(labels), generator=order).split(size)
    for place, chosen in enumerate(parts):
        data = labelled(
            TensorDataset(inputs[chosen], labels[chosen]), labels[chosen], int(tasks[0])
        )
        small = OnlineCLExperience(
            dataset=data, origin_experience=experience, sub_stream_length=len(parts)
        )
        small.origin_stream, small.current_experience = (
            experience.origin_stream,
            experience.current_experience,
        )
        vars(small).update(task_labels)
        yield small, place == len(parts) - 1
