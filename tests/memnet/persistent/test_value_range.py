import logging

import pytest
import torch

from memnet.persistent.value_range import ValueRange


def test_values_in_the_unit_interval_stay_exactly_as_they_are() -> None:
    values, samples = ValueRange(), torch.rand(5, 3)
    values.learn(samples)
    assert values.limits.tolist() == [0, 1]
    assert bool(values.known)
    assert torch.equal(values.scaled(samples), samples)
    assert torch.equal(values.restored(samples), samples)


def test_the_first_samples_determine_the_range(caplog: pytest.LogCaptureFixture) -> None:
    values = ValueRange()
    with caplog.at_level(logging.WARNING):
        values.learn(torch.tensor([[-2.0, 1.0], [0.0, 6.0]]))
        values.learn(torch.tensor([[-9.0, 9.0]]))
    assert [record.getMessage() for record in caplog.records] == [
        "samples hold values from -2 to 6: the memory scales what it stores to [0, 1]"
    ]
    assert values.limits.tolist() == [-2, 6]
    assert values.scaled(torch.tensor([-2.0, 0.0, 6.0])).tolist() == [0, 0.25, 1]
    assert values.restored(torch.tensor([0.0, 0.25, 1.0])).tolist() == [-2, 0, 6]


def test_a_given_range_is_not_learned() -> None:
    values = ValueRange((-1.0, 1.0))
    values.learn(torch.tensor([0.0, 4.0]))
    assert values.limits.tolist() == [-1, 1]


def test_uniform_samples_have_a_range() -> None:
    values = ValueRange()
    values.learn(torch.full((2, 2), 3.0))
    assert values.scaled(torch.tensor(3.0)).tolist() == 0


def test_a_checkpoint_holds_the_range() -> None:
    values, other = ValueRange(), ValueRange()
    values.learn(torch.tensor([-2.0, 6.0]))
    other.load_state_dict(values.state_dict())
    other.learn(torch.tensor([-9.0, 9.0]))
    assert other.limits.tolist() == [-2, 6]


@pytest.mark.parametrize("limits", [(1.0, 1.0), (2.0, 1.0), (0.0, float("inf"))])
def test_an_empty_range_is_refused(limits: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="low below high"):
        ValueRange(limits)


def test_samples_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="they must be finite"):
        ValueRange().learn(torch.tensor([0.0, torch.nan]))
