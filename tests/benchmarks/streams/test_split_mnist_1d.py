import numpy as np
import pytest
import torch

from benchmarks.datasets import mnist_1d
from benchmarks.streams import split_mnist_1d
from results.errors import UsageError
from strategies.continual.dataloader import columns_of
from strategies.continual.stream import Stream


def built(**options: object) -> Stream:
    config = split_mnist_1d.Config(**options)
    return split_mnist_1d.build(config, seed=0, data_root=None)


def test_sequences_have_the_published_shape_and_split() -> None:
    train, test = mnist_1d.generate()
    assert train.pixels.shape == (4000, 40, 1)
    assert test.pixels.shape == (1000, 40, 1)
    assert np.bincount(np.concatenate((train.labels, test.labels))).tolist() == [500] * 10
    values = (np.concatenate((train.pixels, test.pixels)).astype(float) - 128) / 32
    assert values.mean() == pytest.approx(0, abs=0.01)
    assert values.std() == pytest.approx(1, abs=0.01)


def test_a_sequence_without_noise_and_shear_is_its_template(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The largest padding, no shift and the mean scale: 12 of 72 points, sampled at 40."""

    class Draws:
        @staticmethod
        def rand() -> float:
            return 0.5

        @staticmethod
        def choice(count: int) -> int:
            return 0

        @staticmethod
        def randn(count: int) -> np.ndarray:
            return np.zeros(count)

    monkeypatch.setattr(mnist_1d, "PADDING", (60, 60))
    template = mnist_1d._template(1)
    assert template[0] == 0
    assert template.std() == pytest.approx(1 / 6)
    found = mnist_1d._sequence(template, Draws())
    places = np.linspace(0, 71, 40)
    padded = np.concatenate((template, np.zeros(60)))
    expected = np.interp(places, np.arange(72), padded)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_stream_is_class_incremental_in_both_forms() -> None:
    rows, flat = built(), built(form="flat")
    assert (rows.signature.length, rows.signature.features, rows.sample_bytes) == (40, 1, 41)
    assert (flat.signature.length, flat.signature.features) == (1, 40)
    assert sorted(label for share in rows.classes for label in share) == list(range(10))
    one, other = (columns_of(s.benchmark.train_stream[0].dataset)[0] for s in (rows, flat))
    assert torch.equal(one.flatten(1), other.flatten(1))
    assert 0 <= float(one.min()) <= float(one.max()) <= 1


def test_other_sequences_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split_mnist_1d, "DIGEST", "sha256:0")
    with pytest.raises(UsageError, match="not the published set"):
        built()
