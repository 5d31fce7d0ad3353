"""Accuracy within experiences, and probes of the features."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from sklearn.linear_model import Ridge
from torch import nn

from baselines.interface import Signature
from baselines.registry import Registry
from results.errors import UsageError
from results.records.record import Outcome
from strategies.continual.methods import naive
from strategies.continual.methods import ridge as ridge_method
from strategies.continual.metrics.linear_probe import (
    PROBE_RIDGE,
    LinearProbe,
    fit_ridge,
    output_layer,
)
from strategies.continual.stream import Measures, Scenario
from strategies.continual.train import run_stream
from tests.strategies.continual.small_gru import Gru
from tests.strategies.continual.test_train import CPU, toy

METHODS = [pytest.param(entry.load(), id=entry.name) for entry in Registry("method")]


def run(method: Any, measures: Measures, scenario: Scenario = "class") -> tuple[Outcome, Gru]:
    torch.manual_seed(0)
    models: list[Gru] = []

    def build(signature: Signature) -> Gru:
        models.append(Gru(signature))
        return models[-1]

    stream = replace(toy(scenario=scenario), measures=measures)
    outcome = run_stream(
        stream,
        build,
        method,
        method_config=method.Config(),
        learning_rate=1e-2,
        seed=0,
        device=CPU,
        progress=lambda fraction: None,
    )
    return outcome, models[0]


@pytest.mark.parametrize("method", METHODS)
def test_optional_metrics_do_not_change_training(method: Any) -> None:
    plain, model = run(method, Measures())
    measured, other = run(method, Measures(track=4, probe=True))
    assert all(
        torch.equal(one, two)
        for one, two in zip(model.state_dict().values(), other.state_dict().values(), strict=True)
    )
    assert measured.curves["accuracy_matrix"] == plain.curves["accuracy_matrix"]
    assert measured.slots == plain.slots
    assert set(measured.metrics) - set(plain.metrics) == {
        "wc_accuracy",
        "stability_gap",
        "probe_accuracy",
        "probe_forgetting",
    }


def test_rows_within_experiences_end_with_those_of_the_matrix() -> None:
    """Each test experience of the toy has 60 samples, all of which are tracked."""
    outcome, _ = run(naive, Measures(track=4))
    rows: Any = outcome.curves["accuracy_within"]
    matrix: Any = outcome.curves["accuracy_matrix"]
    assert [row[0] for row in rows] == [4, 8, 12, 16, 18, 20, 24, 28, 32, 36, 36]
    assert all((row[2] is None) == (row[0] <= 18) for row in rows)
    assert rows[4][1] == pytest.approx(matrix[0][0])
    assert rows[-1][1:] == pytest.approx(matrix[1])
    assert outcome.metrics["wc_accuracy"] <= outcome.metrics["accuracy"]


def test_features_of_naive_training_retain_what_its_answers_forget() -> None:
    outcome, _ = run(naive, Measures(probe=True))
    assert outcome.metrics["accuracy"] < 0.6
    assert outcome.metrics["probe_accuracy"] > 0.9
    assert len(outcome.curves["probe_matrix"]) == 2


def test_a_probe_chooses_among_the_classes_of_the_task() -> None:
    by_class, by_task = (
        run(naive, Measures(probe=True), scenario)[0].metrics["probe_accuracy"]
        for scenario in ("class", "task")
    )
    assert by_task >= by_class


def test_the_probe_is_ridge_regression() -> None:
    generator = torch.Generator().manual_seed(0)
    features, labels = torch.randn(40, 3, generator=generator), torch.arange(40) % 4
    inputs = torch.cat((features, torch.ones(40, 1)), dim=1)
    ridge = Ridge(alpha=float(PROBE_RIDGE * 40 * inputs.square().mean()), fit_intercept=False).fit(
        inputs, nn.functional.one_hot(labels, 4)
    )
    torch.testing.assert_close(
        fit_ridge(features, labels, 4),
        torch.from_numpy(ridge.coef_.T).float(),
        rtol=1e-3,
        atol=1e-4,
    )


def test_the_output_layer_is_the_last_with_an_output_per_class() -> None:
    layer = output_layer(nn.Sequential(nn.Linear(2, 4), nn.Linear(3, 4)), 4)
    assert layer is not None
    assert layer.in_features == 3
    assert output_layer(nn.Linear(2, 3), 4) is None


def test_the_probe_of_a_closed_form_reads_its_features() -> None:
    """`ridge` has no layer; a probe of its random features is about as accurate as its answers."""
    outcome, _ = run(ridge_method, Measures(probe=True))
    assert outcome.metrics["probe_accuracy"] > 0.9


def test_a_model_without_an_output_layer_and_features_is_refused() -> None:
    strategy: Any = SimpleNamespace(model=nn.Linear(2, 3), device=CPU)
    with pytest.raises(UsageError, match=r"Linear has no linear layer .* leave probe=true out"):
        LinearProbe(toy(), 0).take(strategy)


def test_optional_metrics_do_not_count_as_training_time() -> None:
    from strategies.common.cost import Stopwatch

    watch = Stopwatch()
    with watch:
        with watch.stopped():
            sum(range(3_000_000))
        inside = watch.state_dict()["time"][1]
    assert inside < 0.02
