"""Streams of tensors: the values that a buffer can store, and the labels of test samples."""

import pytest
import torch
from torch import Tensor

from results.errors import UsageError
from strategies.continual.build_stream import split_classes
from strategies.continual.dataloader import columns_of
from strategies.continual.replay.buffer import raw_storage
from strategies.continual.stream import Samples, Scenario, Schedule, Stream


def built(
    inputs: Tensor,
    sample_bytes: int,
    *,
    tests: int = 8,
    scenario: Scenario = "class",
    largest: int | None = None,
) -> Stream:
    """Four classes in two experiences."""
    labels = torch.arange(len(inputs)) % 4
    return split_classes(
        Samples(inputs=inputs, labels=labels, largest=largest),
        Samples(inputs=inputs[:tests], labels=labels[:tests], largest=largest),
        classes=4,
        experiences=2,
        schedule=Schedule(),
        sample_bytes=sample_bytes,
        seed=0,
        scenario=scenario,
    )


def values(low: float, high: float) -> Tensor:
    return torch.linspace(low, high, 8 * 8).reshape(8, 1, 8)


@pytest.mark.parametrize(
    ("low", "high", "sample_bytes"),
    [
        (-0.4, 2.8, 9),
        (0.0, 1.01, 9),
        (-1.0, 1.0, 2),
        (0.0, 70_000.0, 17),
        (0.0, float("inf"), 33),
        (float("nan"), 1.0, 33),
    ],
)
def test_values_that_a_buffer_does_not_hold_are_an_error(
    low: float, high: float, sample_bytes: int
) -> None:
    """Such as normalised images with the bytes of raw ones."""
    inputs = torch.tensor([low, high] * 4).repeat(8, 1)[:, None]
    with pytest.raises(UsageError, match=r"states .* bytes per value, .* \(sample_bytes=33\)"):
        built(inputs, sample_bytes)


@pytest.mark.parametrize(("high", "sample_bytes"), [(1.0, 9), (9.5, 33), (60_000.0, 17)])
def test_allowed_values_are_stored(high: float, sample_bytes: int) -> None:
    stream = built(values(0.0, high), sample_bytes)
    inputs = columns_of(stream.benchmark.train_stream[0].dataset)[0]
    storage = raw_storage(stream).pack(inputs)
    restored = storage.unpack(torch.arange(len(inputs)))
    torch.testing.assert_close(restored, inputs, atol=high / 400, rtol=0)


def test_bytes_are_scaled_by_their_largest() -> None:
    inputs = torch.arange(64).reshape(8, 1, 8).to(torch.uint8)
    built(inputs, 9, largest=63)
    with pytest.raises(UsageError, match=r"values from 0.5 to 3.4375"):
        built(inputs, 9, largest=16)


@pytest.mark.parametrize("scenario", ["class", "domain", "task"])
def test_the_highest_class_may_have_no_test_samples(scenario: Scenario) -> None:
    stream = built(values(0, 1), 33, tests=3, scenario=scenario)
    assert sorted(len(one.dataset) for one in stream.benchmark.test_stream) == [1, 2]
    with pytest.raises(UsageError, match=r"experience \d of 2 has no test samples"):
        built(values(0, 1), 33, tests=1, scenario=scenario)
