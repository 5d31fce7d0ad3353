"""Surprise: alarms from errors of predicted inputs, against hand-computed ones."""

import math

import pytest
import torch

from memnet.surprise import Surprise
from tests.memnet.active_model import active_model, tokens


def doubling() -> Surprise:
    """Return a model of width 2 that predicts twice the encoded input before, as two features."""
    model = Surprise(2, vocabulary=None, features=2).double()
    with torch.no_grad():
        model.predict.weight.copy_(2.0 * torch.eye(2))
        model.average.fill_(2.0)
        model.alertness.fill_(10.0)
    return model


def squashed(relative: float) -> float:
    """``tanh(2·log(r))``, which is ``(r⁴ − 1)/(r⁴ + 1)``."""
    return (relative**4 - 1) / (relative**4 + 1)


def test_alarm_of_features_follows_squared_error_over_its_average() -> None:
    """Errors: |(2, 0) − (1, 0)|²/2 = 1/2; |(2, 0) − (2, 4)|²/2 = 8; 0; |(8, 16)|²/2 = 160."""
    inputs = torch.tensor([[[1.0, 0.0], [2.0, 4.0], [4.0, 8.0], [0.0, 0.0]]]).double()
    alarm, error = doubling()(inputs, inputs, torch.tensor([[1.0, 0.0]]).double())
    expected = [10 * squashed(0.25), 10 * squashed(4.0), -10.0, 10 * squashed(80.0)]
    assert alarm[0].tolist() == pytest.approx(expected, abs=1e-9)
    assert error.item() == pytest.approx((0.5 + 8.0 + 0.0 + 160.0) / 4)


def test_alarm_of_tokens_follows_negative_log_probability() -> None:
    """Token 1 has a third of the probability of token 0 everywhere: 1/4 and 3/4."""
    model = Surprise(2, vocabulary=2, features=None).double()
    with torch.no_grad():
        model.predict.bias.copy_(torch.tensor([math.log(3.0), 0.0]))
        model.average.fill_(1.0)
    encoded = torch.zeros(1, 2, 2).double()
    alarm, error = model(torch.tensor([[0, 1]]), encoded, torch.zeros(1, 2).double())
    foreseen, unforeseen = math.log(4 / 3), math.log(4.0)
    expected = [4 * squashed(foreseen), 4 * squashed(unforeseen)]
    assert alarm[0].tolist() == pytest.approx(expected)
    assert error.item() == pytest.approx((foreseen + unforeseen) / 2)


def test_token_types_of_large_vocabulary_share_classes() -> None:
    model = Surprise(4, vocabulary=8192, features=None)
    assert model.predict.out_features == 256
    with torch.no_grad():
        model.predict.bias[3] = 5.0
    alarm, _ = model(torch.tensor([[3, 259, 4]]), torch.zeros(1, 3, 4), torch.zeros(1, 4))
    assert alarm[0, 0] == alarm[0, 1] < alarm[0, 2]


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
    model = Surprise(16, vocabulary=7, features=None)
    alarm, _ = model(tokens(), torch.ones(3, 32, 16), torch.zeros(3, 16))
    assert alarm.abs().max() < 1e-5


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
