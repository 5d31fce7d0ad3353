"""Random features against loops, and the choice between them."""

from dataclasses import replace

import pytest
import torch

from baselines.interface import Signature
from memnet.persistent.config import PersistentConfig
from strategies.common.rng import generator
from strategies.continual.memnet.wrap import remember
from strategies.continual.methods._random_features import (
    RandomConvolutions,
    RandomProjections,
    random_features,
)
from tests.strategies.continual.toy_stream import toy

IMAGE = Signature(features=8, outputs=3, length=6)


def draws(seed: int) -> torch.Generator:
    return generator("random features", seed)


def test_random_convolutions_by_hand() -> None:
    """One filter of 3×4 on an image of 6×8 has 4×5 responses, whose four quarters overlap."""
    random = RandomConvolutions(IMAGE, 4, kernel=7, grid=2, draws=draws(1))
    (filter_,) = random.filters[:, 0]
    assert filter_.shape == (3, 4)
    assert float(filter_.mean()) == pytest.approx(0, abs=1e-6)
    assert float(filter_.square().sum()) == pytest.approx(1)
    assert -0.5 < float(random.bias) <= 0
    image = torch.rand(6, 8, generator=torch.Generator().manual_seed(0))
    responses = torch.tensor(
        [
            [
                max(0.0, float((image[y : y + 3, x : x + 4] * filter_).sum() + random.bias))
                for x in range(5)
            ]
            for y in range(4)
        ]
    )
    quarters = [responses[rows, columns].mean() for rows in (slice(2), slice(2, 4))
                for columns in (slice(3), slice(2, 5))]  # fmt: skip
    assert responses.max() > 0
    torch.testing.assert_close(random(image[None])[0], torch.stack(quarters))


def test_random_projections_by_hand() -> None:
    random = RandomProjections(IMAGE, 5, draws=draws(1))
    samples = torch.randn(7, 6, 8, generator=torch.Generator().manual_seed(0))
    expected = (samples.reshape(7, 48) @ random.weights).clamp(min=0)
    torch.testing.assert_close(random(samples), expected)
    assert float(random.weights.square().mean()) == pytest.approx(1 / 48, rel=0.3)


def test_flat_images_have_the_features_of_rows() -> None:
    rows, flat = (
        RandomConvolutions(signature, 9, kernel=7, grid=3, draws=draws(0))
        for signature in (
            Signature(features=8, outputs=3, length=8),
            Signature(features=64, outputs=3, length=1),
        )
    )
    samples = torch.rand(5, 8, 8)
    assert torch.equal(rows(samples), flat(samples.reshape(5, 1, 64)))


@pytest.mark.parametrize("seed", [0, 3])
def test_smooth_features_are_those_of_memnet(seed: int) -> None:
    memory = remember(
        None, PersistentConfig(slots=10, features=50), shape=(6, 8), classes=3, seed=seed
    )
    stream = replace(toy(), signature=IMAGE)
    smooth = random_features("smooth", stream, 49, kernel=7, grid=3, seed=seed)
    samples = torch.rand(5, 6, 8, generator=torch.Generator().manual_seed(1))
    expected = memory.slow.features(samples)
    assert torch.equal(smooth(samples), expected[:, :49])
    assert torch.equal(expected[:, 49], torch.ones(5))


@pytest.mark.parametrize(
    ("length", "features", "value_bytes", "chosen"),
    [
        (6, 8, 1, RandomConvolutions),
        (1, 64, 1, RandomConvolutions),
        (1, 40, 1, RandomProjections),
        (1, 64, 4, RandomProjections),
        (6, 8, 4, RandomProjections),
    ],
    ids=["rows", "flat", "no square", "embedding", "sequence"],
)
def test_images_of_bytes_get_convolutions(
    length: int, features: int, value_bytes: int, chosen: type
) -> None:
    stream = replace(
        toy(),
        signature=Signature(features=features, outputs=4, length=length),
        sample_bytes=length * features * value_bytes + 1,
    )
    found = random_features("auto", stream, 20, kernel=7, grid=3, seed=0)
    assert isinstance(found, chosen)
    assert found(torch.rand(2, length, features)).shape == (2, 20)
