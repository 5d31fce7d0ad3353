"""The loss of neighbouring codes against a hand computation."""

import torch

from memnet.persistent.neighbour_loss import neighbour_loss


def test_neighbour_loss_matches_hand_computation() -> None:
    codes = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    flat, prior = torch.zeros(2), torch.tensor([0.5, 0.25]).log()
    loss = neighbour_loss(codes, torch.tensor([0, 0, 1]), torch.tensor(1.0), flat)
    torch.testing.assert_close(loss, -torch.log(torch.e / (torch.e + torch.tensor(1.0))))
    weighed = neighbour_loss(codes, torch.tensor([0, 0, 1]), torch.tensor(1.0), prior)
    torch.testing.assert_close(weighed, -torch.log(2 * torch.e / (2 * torch.e + torch.tensor(4.0))))
    assert float(neighbour_loss(codes[1:], torch.tensor([0, 1]), torch.tensor(1.0), flat)) == 0
