"""Stream metrics against Avalanche's values for the same run."""

import pytest
import torch
from avalanche.evaluation.metrics import (
    accuracy_metrics,
    bwt_metrics,
    forgetting_metrics,
    forward_transfer_metrics,
)
from avalanche.training import Naive
from avalanche.training.plugins import EvaluationPlugin
from torch import nn

from results.statistics.metrics import stream_metrics
from strategies.continual.build_stream import split_classes
from strategies.continual.classifier import Classifier
from strategies.continual.metrics.accuracy_matrix import AccuracyMatrix
from strategies.continual.stream import Samples, Schedule, Stream
from tests.strategies.continual.small_gru import Gru


def eight() -> Stream:
    """Return a stream of eight classes of noisy bright rows in four experiences."""
    draws = torch.Generator().manual_seed(0)
    labels = torch.arange(240) % 8
    inputs = 0.6 * torch.rand(240, 4, 8, generator=draws)
    inputs[torch.arange(240), 0, labels] += 0.7
    data = Samples(inputs=inputs, labels=labels)
    return split_classes(
        data, data, classes=8, experiences=4, schedule=Schedule(), sample_bytes=129, seed=0
    )


def test_metrics_equal_those_of_avalanche() -> None:
    """Avalanche's forgetting starts from the accuracy right after an experience.

    So it is the negated backward transfer.
    """
    stream = eight()
    torch.manual_seed(0)
    model = Classifier(Gru(stream.signature))
    matrix = AccuracyMatrix()
    measured = (
        accuracy_metrics(stream=True),
        forgetting_metrics(stream=True),
        bwt_metrics(stream=True),
        forward_transfer_metrics(stream=True),
    )
    strategy = Naive(
        model=model,
        optimizer=torch.optim.Adam(model.parameters(), lr=3e-3),
        criterion=nn.CrossEntropyLoss(),
        train_mb_size=10,
        train_epochs=3,
        eval_mb_size=64,
        eval_every=0,
        plugins=[matrix],
        evaluator=EvaluationPlugin(*measured, loggers=[]),
    )
    for experience in stream.benchmark.train_stream:
        strategy.train(experience, eval_streams=[stream.benchmark.test_stream])
    ours = stream_metrics(
        matrix.rows[1::2], matrix.rows[0]
    )  # Avalanche evaluates before and after each experience
    theirs = {
        name.partition("/")[0]: value
        for name, value in strategy.evaluator.get_last_metrics().items()
    }
    assert ours["accuracy"] == pytest.approx(theirs["Top1_Acc_Stream"])
    assert ours["bwt"] == pytest.approx(theirs["StreamBWT"])
    assert ours["bwt"] == pytest.approx(-theirs["StreamForgetting"])
    assert ours["fwt"] == pytest.approx(theirs["StreamForwardTransfer"])
    assert ours["bwt"] < -0.2, "the case must include forgetting"
