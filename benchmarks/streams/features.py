"""Your own frozen embeddings in an .npz file: a few of their classes per experience.

``--set data=birds`` takes the file ``birds.npz`` of the data root (``--data-root``,
``MEMNET_DATA``). It holds the arrays ``features [n, F]`` and ``labels [n]`` (from 0), and may hold
``test_features`` and ``test_labels``; without them, a fifth of every class becomes the test set,
the same for every seed. A sample is one step of F values, stored in the type of the file (half
floats take 2 bytes each; bytes that are normalised are floats, which take 4). The content of the
file is part of a cell's id.

Images, with a network of timm (`pip install timm`) and a folder of pictures per class::

    import numpy, timm, torch, torchvision
    net = timm.create_model("vit_small_patch14_dinov2.lvd142m", pretrained=True, num_classes=0)
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(net))
    pictures = torchvision.datasets.ImageFolder("birds", transform)
    loader = torch.utils.data.DataLoader(pictures, batch_size=64)
    with torch.inference_mode():
        features = [net.eval()(images).half().numpy() for images, _ in loader]
    numpy.savez("birds.npz", features=numpy.concatenate(features), labels=pictures.targets)

Texts, with an encoder of sentence-transformers (`pip install sentence-transformers`) and lists
``texts`` and ``labels``::

    from sentence_transformers import SentenceTransformer
    features = SentenceTransformer("all-MiniLM-L6-v2").encode(texts)
    numpy.savez("news.npz", features=features, labels=labels)
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch.nn import functional

from benchmarks.datasets.npz_arrays import Arrays, read_arrays
from benchmarks.datasets.paths import located
from benchmarks.streams._splits import (
    experiences_of,
    measures_of,
    require_test_samples,
    schedule_of,
    split_samples,
)
from results.errors import UsageError
from strategies.continual.build_stream import split_classes
from strategies.continual.stream import Samples, Stream

VERSION = 2
TITLE = "Your own features"
PRIMARY = "accuracy"
CHANCE = None  # it depends on the number of classes in the data
DATA = "data"
"""The option that names the data; a cell's id includes a hash of their content."""

ARRAY = "features"
"""Name of the array of samples."""

FLOAT_BYTES = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the stream.

    Attributes:
        data: Name of a file in the data root, without its ``.npz``.
        normalise: Whether each sample is scaled to a root mean square of 1.
        experiences: Number of experiences, among which the classes are split as equally as
            possible; 0 for up to 5 with at least two classes each.
        scenario: ``"class"``: predict among all classes; ``"domain"``: predict a class's index
            within its experience; ``"task"``: predict among the classes of the sample's experience,
            which is given.
        epochs: Passes over each experience.
        iterations: Steps per experience instead of passes, if not 0.
        batch_size: New samples per step.
        online: If not 0, each sample is seen once, in experiences of this many samples, without
            task boundaries.
        validation: Train on four fifths of the training samples and evaluate on the rest, for
            tuning.
        track: If not 0, accuracy is also measured within experiences, every this many steps.
        probe: After each experience, also train a linear probe on the model's frozen features.
    """

    data: str = ""
    normalise: bool = True
    experiences: int = 0
    scenario: Literal["class", "domain", "task"] = "class"
    epochs: int = 5
    iterations: int = 0
    batch_size: int = 32
    online: int = 0
    validation: bool = False
    track: int = 0
    probe: bool = False


def prepare(data_root: Path) -> None:
    """Do nothing: an option names the data, and the plan checks that they exist."""


def build(config: Config, *, seed: int, data_root: Path) -> Stream:
    """Build the stream from the file in ``data_root``.

    Raises:
        UsageError: If the file is missing or malformed, or an option is not valid.
    """
    place = located(config.data, data_root)
    if not place.is_file():
        raise UsageError(
            f"{place} is a folder: this stream reads embeddings from {place}.npz; for pictures "
            "use from-folder"
        )
    arrays, test_arrays, sample_bytes = read_arrays(place, ARRAY)
    names = tuple(str(label) for label in range(int(arrays.labels.max()) + 1))
    train = _samples(arrays, config.normalise)
    if test_arrays is None:
        train, test = split_samples(train, names)
    else:
        test = _samples(test_arrays, config.normalise)
    if config.validation:
        train, test = split_samples(train, names)
    if config.normalise and sample_bytes - 1 == train.inputs.shape[-1]:
        sample_bytes = FLOAT_BYTES * (sample_bytes - 1) + 1  # they are no bytes any more
    experiences = experiences_of(config, len(names))
    require_test_samples(config.data, test, names, experiences)
    return split_classes(
        train,
        test,
        classes=len(names),
        experiences=experiences,
        schedule=schedule_of(config),
        measures=measures_of(config),
        sample_bytes=sample_bytes,
        seed=seed,
        scenario=config.scenario,
    )


def _samples(arrays: Arrays, normalise: bool) -> Samples:
    inputs = torch.from_numpy(arrays.inputs)
    if normalise:
        inputs = functional.normalize(inputs, dim=-1) * inputs.shape[-1] ** 0.5
    return Samples(inputs=inputs, labels=torch.from_numpy(arrays.labels))
