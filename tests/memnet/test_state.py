"""Slots store their strongest links."""

import torch

from memnet.config import MAX_SLOTS, MemNetConfig
from memnet.state import empty_state, strongest

GRAPH = torch.tensor([[[[0.0, 0.3, 0.1, 0.2], [0.5, 0, 0, 0], [0, 0, 0, 0], [0.1, 0.4, 0.2, 0]]]])


def test_strongest_links_by_hand() -> None:
    links, targets = strongest(GRAPH, 2)
    assert targets.dtype == torch.int16
    torch.testing.assert_close(
        links, torch.tensor([[[[0.3, 0.2], [0.5, 0], [0, 0], [0.4, 0.2]]]]), rtol=0, atol=0
    )
    assert targets.tolist() == [[[[1, 3], [0, 0], [0, 0], [1, 2]]]]


def test_table_of_stored_links() -> None:
    """Where a slot has fewer links than places, the table has no link to slot 0."""
    config = MemNetConfig(degree=3, width=4, controller_heads=1, bottleneck=4, heads=1, slots=4)
    empty = empty_state(config, 1, torch.zeros(1)).slots
    assert empty.adjacency.shape == (1, 1, 0, 0)
    assert torch.equal(empty.linked(GRAPH).adjacency, GRAPH), "no slot has more than three"
    first = empty.linked(GRAPH[..., :1, :1])
    assert (first.links.shape, first.targets.shape) == ((1, 1, 1, 3), (1, 1, 1, 3))


def test_links_take_six_bytes() -> None:
    config = MemNetConfig()
    assert config.slots <= MAX_SLOTS
    slots = empty_state(config, 1, torch.zeros(1)).slots.linked(torch.rand(1, 2, 40, 40))
    stored = slots.links.nbytes + slots.targets.nbytes
    assert stored == 2 * 40 * config.degree * 6 < slots.adjacency.nbytes
