"""Replay of lossy samples: what the buffer returns, its bytes, and refusals."""

from dataclasses import replace

import pytest
import torch

from baselines.interface import Signature
from results.errors import UsageError
from strategies.continual.methods.er_lossy import image_shape
from tests.strategies.continual.methods.method_steps import built
from tests.strategies.continual.toy_stream import toy


def test_the_buffer_returns_decoded_samples_and_counts_their_bytes() -> None:
    stream = toy(epochs=1)
    strategy, replay = built("er-lossy", stream, budget=400, code=5)
    for experience in stream.benchmark.train_stream:
        strategy.train(experience)
    count = len(replay.buffer)
    assert count == (400 - 4 * 4) // (5 + 1), "five bytes of a code, one of its label"
    assert replay.stored_bytes() == count * 6 + 4 * 4
    samples, labels = replay.buffer.take(torch.arange(count))
    assert samples.shape == (count, 4, 4)
    assert torch.equal(samples.sum(-1).argmax(-1), labels), "the bright row is still the class"


def test_the_model_reads_new_and_evaluated_samples_as_the_buffer_returns_them() -> None:
    stream = toy()
    strategy, replay = built("er-lossy", stream, code=3)
    samples = torch.stack([sample[0] for sample in stream.benchmark.train_stream[0].dataset])
    decoded = replay.buffer.store.pack(samples).unpack(torch.arange(len(samples)))
    model = strategy.model.model.model
    for mode in (True, False):
        strategy.model.train(mode)
        assert torch.equal(strategy.model(samples), model(decoded).logits[:, -1])
    assert not torch.allclose(strategy.model(samples), model(samples).logits[:, -1], atol=1e-3)


def test_shapes_of_images() -> None:
    assert image_shape(Signature(features=28, outputs=2, length=28)) == (28, 28)
    assert image_shape(Signature(features=784, outputs=2, length=1)) == (28, 28)
    assert image_shape(Signature(features=40, outputs=2, length=1)) == (1, 40)
    assert image_shape(Signature(features=1, outputs=2, length=40)) == (40, 1)


def test_floats_and_empty_codes_are_refused() -> None:
    with pytest.raises(
        UsageError, match="stores images of bytes, and this stream's samples are not: use method er"
    ):
        built("er-lossy", replace(toy(), sample_bytes=4 * 16 + 1))
    with pytest.raises(UsageError, match="code = 1: give at least code=2"):
        built("er-lossy", toy(), code=1)
