import torch

from benchmarks.streams import text_domains
from strategies.continual.replay.bit_storage import BitStorage
from strategies.continual.replay.buffer import has_bytes, raw_storage


def test_bits_come_back_and_take_an_eighth_of_a_byte_each() -> None:
    bits = torch.randint(0, 2, (5, 3, 4), generator=torch.Generator().manual_seed(0)).float()
    store = BitStorage((3, 4)).pack(bits)
    assert store.sizes.tolist() == [2] * 5
    assert torch.equal(store.unpack(torch.arange(5)), bits)
    other = store.join(torch.tensor([4]), store, torch.tensor([0, 1]))
    assert torch.equal(other.unpack(torch.arange(3)), bits[[4, 0, 1]])
    assert torch.equal(store.filled(other.tensors()).unpack(torch.tensor([0])), bits[[4]])


def test_a_stream_of_text_is_stored_in_its_own_bytes() -> None:
    stream = text_domains.build(text_domains.Config(samples=5, tests=5), seed=0, data_root=None)
    store = raw_storage(stream)
    assert isinstance(store, BitStorage)
    assert store.max_bytes == 32 == stream.sample_bytes - 1
    assert not has_bytes(stream)
