"""Links and spreading, against a loop over tokens and hand-computed cases."""

import torch
from torch import Tensor

from memnet.graph import Links, link
from memnet.nodes import Nodes
from memnet.placement import Placement, place

RATE, DECAY = 0.5, 0.1


def by_token(
    adjacency: Tensor, trace: Tensor, gate: list[float], hold: list[float], slot: list[int]
) -> tuple[list[Tensor], Tensor]:
    """The STDP rule for one memory, token by token: A after each token, and the last trace."""
    history = []
    for g, share, j in zip(gate, hold, slot, strict=True):
        post = torch.zeros_like(trace)
        if g > 0:
            post[j] = g
            adjacency = (1 - DECAY) * adjacency + RATE * torch.outer(trace, post)
            adjacency.fill_diagonal_(0.0)
        trace = share * trace + post
        history.append(adjacency.clone())
    return history, trace


def one(tensor: Tensor) -> Tensor:
    return tensor.double()[None, None]


def linked(
    adjacency: Tensor,
    trace: Tensor,
    gate: Tensor,
    hold: Tensor,
    placement: Placement,
    occupied: Tensor,
) -> Links:
    """Return the links of one memory's chunk, all its slots being full."""
    nodes = Nodes.number(placement, occupied)
    return link(
        adjacency,
        trace,
        gate,
        hold,
        placement.active,
        nodes.entry[..., nodes.count :],
        nodes.seen(gate.shape[-1], gate),
        placement.candidates,
        rate=RATE,
        decay=DECAY,
    )


def test_links_of_a_chunk_equal_loop_over_tokens() -> None:
    slots, slot = 4, [0, 1, 1, 3, 0, 2, 3]
    gate, hold = [1.0, 0.5, 0.0, 0.8, 0.3, 1.0, 0.6], [0.5, 0.9, 0.4, 0.7, 0.6, 0.2, 0.8]
    generator = torch.Generator().manual_seed(0)
    adjacency = torch.rand(slots, slots, generator=generator).double().fill_diagonal_(0.0)
    trace = torch.rand(slots, generator=generator).double()
    keys = torch.eye(slots).double()
    written = keys[slot]
    active = torch.tensor(gate)[None, None] > 0
    full = torch.ones(1, 1, slots, dtype=torch.bool)
    placement = place(
        one(written @ torch.cat([keys, written]).T),
        active,
        torch.arange(slots, 0, -1)[None, None],
        full,
        0.9,
    )
    assert placement.root[0, 0, slots:][active[0, 0]].tolist() == [
        j for j, g in zip(slot, gate, strict=True) if g > 0
    ]

    links = linked(
        one(adjacency),
        one(trace),
        one(torch.tensor(gate)),
        one(torch.tensor(hold)),
        placement,
        full,
    )
    history, last = by_token(adjacency, trace, gate, hold, slot)
    after, left = links.after()
    torch.testing.assert_close(after[0, 0], history[-1], rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(left[0, 0], last, rtol=1e-6, atol=1e-6)

    # Spreading at each token uses the graph of that token: weight 1 on the node of slot 0.
    on_slot_0 = torch.zeros(1, 1, slots, len(slot)).double()
    on_slot_0[:, :, 0] = 1.0
    on_slots = links.spread(on_slot_0).transpose(-1, -2)
    for token, graph in enumerate(history):
        torch.testing.assert_close(
            on_slots[0, 0, token], graph[0] / graph[0].sum(), rtol=1e-6, atol=1e-6
        )


def after_writes(gate: list[float], hold: list[float], slot: list[int]) -> tuple[Tensor, Tensor]:
    """Return A and the trace of two full slots after a chunk that writes to them.

    Initially there are no links.
    """
    keys, full = torch.eye(2), torch.ones(1, 1, 2, dtype=torch.bool)
    gates, held, none = one(torch.tensor(gate)), one(torch.tensor(hold)), one(torch.zeros(2))
    placement = place(
        one(keys[slot] @ torch.cat([keys, keys[slot]]).T),
        gates > 0,
        torch.tensor([[[2, 1]]]),
        full,
        0.9,
    )
    links = linked(one(torch.zeros(2, 2)), none, gates, held, placement, full)
    adjacency, trace = links.after()
    return adjacency[0, 0].float(), trace[0, 0].float()


def test_three_writes_to_two_slots_match_hand_computation() -> None:
    """ΔA₀₁ = ½·1·½ at token 1.

    At token 2 it decays by a tenth, ΔA₁₀ = ½·½·1, and no slot is linked to itself.
    """
    adjacency, trace = after_writes(gate=[1.0, 0.5, 1.0], hold=[0.6, 0.5, 0.8], slot=[0, 1, 0])
    torch.testing.assert_close(adjacency, torch.tensor([[0.0, 0.225], [0.25, 0.0]]))
    torch.testing.assert_close(trace, torch.tensor([1.4, 0.4]))


def test_trace_decays_at_every_token_and_links_only_at_writes() -> None:
    """Tokens 1 and 2 leave 0.5·0.4 of the write at token 0.

    So ΔA₀₁ = ½·0.2·½ at token 3, which leaves 0.8 of the trace.
    """
    adjacency, trace = after_writes(
        gate=[1.0, 0.0, 0.0, 0.5], hold=[0.9, 0.5, 0.4, 0.8], slot=[0, 0, 0, 1]
    )
    torch.testing.assert_close(adjacency, torch.tensor([[0.0, 0.05], [0.0, 0.0]]))
    torch.testing.assert_close(trace, torch.tensor([0.16, 0.5]))


def test_row_without_links_preserves_its_weight() -> None:
    full = torch.ones(1, 1, 2, dtype=torch.bool)
    adjacency = torch.tensor([[0.0, 0.4], [0.0, 0.0]])
    placement = place(
        torch.zeros(1, 1, 1, 3).double(),
        torch.zeros(1, 1, 1, dtype=torch.bool),
        torch.tensor([[[2, 1]]]),
        full,
        0.9,
    )
    zero = torch.zeros(1)
    links = linked(one(adjacency), one(torch.zeros(2)), one(zero), one(zero + 0.5), placement, full)
    weights = torch.tensor([[[[0.25], [0.75]]]]).double()
    assert links.spread(weights).flatten().tolist() == [0.0, 1.0]


def test_sharpening_preserves_total() -> None:
    full = torch.ones(1, 1, 3, dtype=torch.bool)
    adjacency = torch.tensor([[0.0, 0.3, 0.1], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    placement = place(
        torch.zeros(1, 1, 1, 4).double(),
        torch.zeros(1, 1, 1, dtype=torch.bool),
        torch.tensor([[[3, 2, 1]]]),
        full,
        0.9,
    )
    zero = torch.zeros(1)
    links = linked(one(adjacency), one(torch.zeros(3)), one(zero), one(zero + 0.5), placement, full)
    weights = torch.tensor([[[[1.0], [0.0], [0.0]]]]).double()
    sharp = links.spread(weights, sharpening=2.0).flatten()
    torch.testing.assert_close(sharp, torch.tensor([0.0, 0.9, 0.1]).double(), rtol=1e-5, atol=1e-5)
