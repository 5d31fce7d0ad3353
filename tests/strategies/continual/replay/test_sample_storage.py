import zlib
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from benchmarks.streams import split_digits
from results.errors import UsageError
from strategies.continual.dataloader import columns_of
from strategies.continual.replay.buffer import (
    Buffer,
    build_buffer,
    capacity_bytes,
    raw_storage,
)
from strategies.continual.replay.sample_storage import DeflatedStorage, RowStorage, SampleStorage
from strategies.continual.replay.sampling import Shares
from tests.strategies.continual.toy_stream import toy


@dataclass
class Size:
    """The options of a method that give the size of its buffer."""

    budget: int = 0
    mem_size: int = 0


EMPTY: dict[str, SampleStorage] = {
    "bytes": RowStorage.empty((4, 4), torch.uint8),
    "half": RowStorage.empty((4, 4), torch.float16),
    "floats": RowStorage.empty((4, 4), torch.float32),
    "deflated": DeflatedStorage((4, 4)),
}


def inputs(count: int = 7) -> torch.Tensor:
    """Images that compress to unequal sizes, in levels of 1/255."""
    levels = torch.randint(0, 256, (count, 4, 4), generator=torch.Generator().manual_seed(0))
    levels[0] = 0
    return levels.float() / 255


@pytest.mark.parametrize("form", EMPTY)
def test_stored_samples_are_restored(form: str) -> None:
    store = EMPTY[form].pack(inputs())
    torch.testing.assert_close(
        store.unpack(torch.tensor([3, 0, 3])), inputs()[[3, 0, 3]], atol=5e-4, rtol=0
    )


@pytest.mark.parametrize("form", EMPTY)
def test_join_takes_samples_of_both_in_order(form: str) -> None:
    old, new = EMPTY[form].pack(inputs()[:4]), EMPTY[form].pack(inputs()[4:])
    joined = old.join(torch.tensor([1, 3]), new, torch.tensor([2]))
    assert len(joined.sizes) == 3
    torch.testing.assert_close(
        joined.unpack(torch.arange(3)), inputs()[[1, 3, 6]], atol=5e-4, rtol=0
    )


@pytest.mark.parametrize("form", EMPTY)
def test_a_storage_is_restored_from_its_tensors(form: str) -> None:
    store = EMPTY[form].pack(inputs())
    again = EMPTY[form].filled(store.tensors())
    assert torch.equal(again.unpack(torch.arange(7)), store.unpack(torch.arange(7)))
    assert torch.equal(again.sizes, store.sizes)
    assert len(EMPTY[form].filled(EMPTY[form].tensors()).sizes) == 0


def test_sizes_are_the_stored_bytes() -> None:
    assert EMPTY["bytes"].pack(inputs()).sizes.tolist() == [16] * 7
    assert EMPTY["half"].pack(inputs()).sizes.tolist() == [32] * 7
    deflated = EMPTY["deflated"].pack(inputs())
    assert deflated.sizes.tolist()[0] < 10
    assert isinstance(deflated, DeflatedStorage)
    raw = [zlib.decompress(blob, wbits=-15) for blob in deflated.blobs]
    assert raw == [
        bytes(image.flatten().tolist()) for image in (inputs() * 255).round().to(torch.uint8)
    ]
    assert deflated.sizes.tolist() == [len(blob) + 2 for blob in deflated.blobs]


def test_a_buffer_counts_every_byte() -> None:
    """It has 5 images of 16 bytes, 5 labels of 1, 5 logits of 4, and 4 counts of 4."""
    buffer = Buffer(
        EMPTY["bytes"], classes=4, capacity=5 * (16 + 1 + 4), shares="reservoir", seed=0
    )
    buffer.offer(
        inputs(), torch.tensor([0, 1, 2, 3, 0, 1, 2]), {"logits": torch.zeros(7, 2).half()}
    )
    assert len(buffer) == 5
    assert buffer.stored_bytes() == 5 * 16 + 5 + 5 * 4 + 4 * 4
    assert buffer.seen.tolist() == [2, 2, 2, 1]


def test_labels_and_logits_belong_to_their_samples() -> None:
    buffer = Buffer(EMPTY["bytes"], classes=8, capacity=8 * 19, shares="reservoir", seed=0)
    for start in range(0, 40, 8):
        labels = torch.arange(8)
        images = torch.zeros(8, 4, 4) + labels[:, None, None] / 255
        buffer.offer(images, labels, {"logits": (labels + 10 * start)[:, None].half()})
    images, labels = buffer.take(torch.arange(len(buffer)))
    assert len(buffer) == 8
    assert torch.equal((images[:, 0, 0] * 255).round().long(), labels)
    assert torch.equal(buffer.extras["logits"][:, 0].long() % 10, labels)


def test_compression_stores_more_digits_in_the_same_bytes() -> None:
    stream = split_digits.build(split_digits.Config(), seed=0, data_root=Path("nowhere"))
    images, labels, _ = columns_of(stream.benchmark.train_stream[0].dataset) or ()
    counts = []
    for store in (raw_storage(stream), DeflatedStorage((8, 8))):
        buffer = Buffer(
            store,
            classes=10,
            capacity=capacity_bytes(Size(budget=3000), stream),
            shares="reservoir",
            seed=0,
        )
        buffer.offer(images, labels)
        assert 3000 - 66 < buffer.stored_bytes() <= 3000
        torch.testing.assert_close(
            buffer.take(torch.arange(5))[0], buffer.store.unpack(torch.arange(5))
        )
        counts.append(len(buffer))
    assert counts[1] > 1.1 * counts[0]


def test_capacity_follows_from_a_budget_or_a_number_of_samples() -> None:
    stream = toy()
    assert capacity_bytes(Size(mem_size=10), stream) == 170
    assert capacity_bytes(Size(budget=1000, mem_size=10), stream) == 1000 - 16


@pytest.mark.parametrize(
    ("storage", "shares", "given", "least"),
    [
        ("bytes", "reservoir", {"mem_size": 0}, {"mem_size": 1}),
        ("bytes", "reservoir", {"budget": 32}, {"budget": 33}),
        ("bytes", "per-class", {"mem_size": 3}, {"mem_size": 4}),
        ("bytes", "per-class", {"budget": 83}, {"budget": 84}),
        ("half", "balanced", {"mem_size": 1}, {"mem_size": 2}),
        ("deflated", "reservoir", {"mem_size": 1}, {"mem_size": 2}),
        ("deflated", "per-class", {"mem_size": 6}, {"mem_size": 7}),
    ],
)
def test_a_capacity_below_one_sample_is_refused_with_the_smallest_valid_one(
    storage: str, shares: Shares, given: dict[str, int], least: dict[str, int]
) -> None:
    """Samples have 16 bytes and a label; four counts take 16 bytes; deflated ones up to 25 + 1."""

    def build(options: dict[str, int]) -> Buffer:
        return build_buffer(EMPTY[storage], toy(), Size(**options), shares=shares, seed=0)

    (name, value), (_, enough) = *given.items(), *least.items()
    with pytest.raises(UsageError, match=f"^{name} = {value}.*give at least {name}={enough}\\b"):
        build(given)
    buffer = build(least)
    noise = torch.rand(40, 4, 4, generator=torch.Generator().manual_seed(0))
    buffer.offer(noise, torch.arange(40) % 4)
    assert len(buffer.labels.unique()) >= (4 if shares == "per-class" else 1)
