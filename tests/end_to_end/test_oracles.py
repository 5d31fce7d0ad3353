"""A model that knows the rule of a task has accuracy 1 at every distance.

This covers the whole evaluation: pieces, copies of the state, far streams, evaluation batches. An
accuracy below 1 is therefore due to the model, not to the harness.
"""

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from baselines.interface import ModelOutput, SequenceModel, Signature
from baselines.registry import Registry
from strategies.sequence.evaluate import evaluate_task
from tests.benchmarks.tasks.oracles import SOLVERS, Solver
from tests.benchmarks.tasks.seeded_draws import generator


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """All that has been read."""

    inputs: Tensor


class Oracle(SequenceModel):
    """Stores everything, and predicts by a solver."""

    def __init__(self, solver: Solver, signature: Signature) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))
        self.solver = solver
        self.signature = signature

    def initial_state(self, batch: int) -> Read:
        width = () if self.signature.features is None else (self.signature.features,)
        return Read(inputs=torch.zeros(batch, 0, *width))

    def forward(
        self, inputs: Tensor, state: Read | None = None, *, positions: Tensor, **options: object
    ) -> ModelOutput:
        earlier = (state or self.initial_state(len(inputs))).inputs.to(inputs)
        before, read = earlier.shape[1], torch.cat([earlier, inputs], dim=1)
        logits = torch.zeros(*positions.shape, self.signature.outputs)
        for row, places in enumerate(positions.tolist()):
            tokens = read[row].tolist() if places else []
            for index, place in enumerate(places):
                self._answer(logits[row, index], tokens, before + place)
        return ModelOutput(logits=logits, state=Read(inputs=read))

    def _answer(self, logits: Tensor, tokens: list[Any], position: int) -> None:
        try:
            answer = self.solver(tokens, position)
        except (KeyError, ValueError, IndexError, StopIteration):
            return  # a masked position
        if len(logits) == 1:
            logits[0] = answer
        else:
            logits[int(answer)] = 1.0


def test_every_task_has_a_solver() -> None:
    assert set(SOLVERS) == set(Registry("task").names())


@pytest.mark.parametrize("name", SOLVERS)
def test_oracle_has_accuracy_1_at_every_distance(name: str) -> None:
    entry = Registry("task").get(name)
    module = entry.load()
    options = (
        {"furthest": 16384, "far_streams": 2}
        if "far_streams" in {option.name for option in entry.source.options}
        else {}
    )
    task = module.build(module.Config(**options))
    reading = evaluate_task(
        Oracle(SOLVERS[name], task.signature), task, 4, generator(), lambda fraction: None
    )
    assert [row[1] for row in reading.accuracy_by_distance] == [1.0] * len(
        reading.accuracy_by_distance
    )
    for rows in reading.groups.values():
        assert [row[1] for row in rows] == [1.0] * len(rows)
    if options:
        counts = [row[2] for row in reading.accuracy_by_distance]
        assert counts[-1] == counts[-2] / 2, "two of the four streams are read further"
