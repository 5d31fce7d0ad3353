"""Surprise: alarms from errors of predicted inputs, against hand-computed ones."""

import pytest
import torch

from memnet.surprise import Surprise
from tests.memnet.active_model import active_model, tokens


def doubling() -> Surprise:
    """Return a model of width 2 that predicts twice the input before."""
    model = Surprise(width=2).double()
    with torch.no_grad():
        model.predict.weight.copy_(2.0 * torch.eye(2))
        model.average.fill_(2.0)
        model.alertness.fill_(10.0)
    return model


def test_alarm_is_error_of_prediction_over_its_average() -> None:
    inputs = torch.tensor([[[1.0, 0.0], [2.0, 4.0], [4.0, 8.0], [0.0, 0.0]]]).double()
    alarm, loss = doubling().eval()(inputs, torch.tensor([[1.0, 0.0]]).double())
    # Errors: |(2, 0) − (1, 0)|²/2 = 1/2; |(2, 0) − (2, 4)|²/2 = 8; 0; |(8, 16)|²/2 = 160.
    assert alarm.tolist() == [[-7.5, 10.0, -10.0, 10.0]]
    assert loss.item() == pytest.approx((0.5 + 8.0 + 0.0 + 160.0) / 4)


def test_only_objective_in_training_moves_average() -> None:
    model, inputs = active_model(), tokens()
    assert model.surprise is not None
    with torch.no_grad():
        model.surprise.average.fill_(2.0)
    output = model(inputs)
    assert float(model.surprise.average) == 2.0
    model.eval().objective(output.losses["surprise"], output.losses)
    assert float(model.surprise.average) == 2.0
    model.train().objective(output.losses["surprise"], output.losses)
    expected = 0.99 * 2.0 + 0.01 * output.losses["surprise"].item()
    assert float(model.surprise.average) == pytest.approx(expected)


def test_prediction_gives_inputs_no_gradient() -> None:
    model, inputs = active_model(), tokens()
    assert model.surprise is not None
    assert model.encoder.embedding is not None
    weights = [model.surprise.predict.weight, model.encoder.embedding.weight]
    error = model(inputs).losses["surprise"]
    trained, encoder = torch.autograd.grad(error, weights, allow_unused=True)
    assert trained.abs().max() > 0
    assert encoder is None


def test_untrained_prediction_finds_no_token_foreseen() -> None:
    model = Surprise(width=16)
    alarm, _ = model(torch.ones(2, 5, 16), torch.zeros(2, 16))
    assert alarm.abs().max() < 0.01


def test_pieces_have_the_alarms_of_the_whole() -> None:
    model, inputs = active_model(chunk=4).eval(), tokens(batch=2, length=16)
    assert model.surprise is not None
    found: list[torch.Tensor] = []
    model.surprise.register_forward_hook(lambda module, given, output: found.append(output[0]))
    state = None
    with torch.no_grad():
        model(inputs)
        for piece in inputs.split(4, dim=1):
            state = model(piece, state).state
    whole, *pieces = found
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole, rtol=1e-12, atol=0.0)
