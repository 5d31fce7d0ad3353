from dataclasses import replace

import pytest
import torch

from results.statistics.metrics import bits_metrics
from results.validation.recompute import recomputed
from strategies.continual.methods import naive
from strategies.continual.metrics.bits_matrix import BitsMatrix
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Measures
from tests.strategies.continual.test_train import CPU, run
from tests.strategies.continual.toy_stream import toy


class Halves(torch.nn.Module):
    """Answers 1/2 for the first class and 1/6 for each of the others."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return torch.tensor([1 / 2, 1 / 6, 1 / 6, 1 / 6]).log().expand(len(inputs), 4)


def test_bits_are_those_of_the_answers() -> None:
    stream, bits = toy(), BitsMatrix()
    strategy = ContinualStrategy(
        model=Halves(), stream=stream, learning_rate=0.1, seed=0, device=CPU, plugins=[bits]
    )
    strategy.eval(stream.benchmark.test_stream)
    six = float(torch.tensor(6.0).log2())
    expected = [(1 + six) / 2 if 0 in share else six for share in stream.classes]
    assert bits.rows == [pytest.approx(expected)]
    other = BitsMatrix()
    other.load_state_dict(bits.state_dict())
    assert other.rows == bits.rows


def test_a_record_has_the_bits_of_every_evaluation() -> None:
    outcome = run(naive, replace(toy(), measures=Measures(bits=True)))
    rows = outcome.curves["bits_matrix"]
    assert len(rows) == 1 + len(outcome.curves["accuracy_matrix"])
    assert outcome.metrics["bits_per_byte"] == pytest.approx(sum(rows[-1]) / len(rows[-1]))
    assert recomputed(outcome.curves)["bits_per_byte"] == outcome.metrics["bits_per_byte"]
    assert bits_metrics([[8.0, 8.0], [2.0, 4.0]]) == {"bits_per_byte": 3.0}
