"""A linear probe of the frozen features of all classes, fitted after each experience.

M. Davari et al., *Probing representation forgetting in supervised and unsupervised continual
learning*, CVPR 2022. The probe is ridge regression to the one-hot labels, which has a unique,
cheap solution; it chooses among the same classes as the model.

Shapes: ``n`` samples, ``D`` width of the features, ``K`` classes.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from results.errors import UsageError
from strategies.common.rng import generator
from strategies.continual.classifier import among_heads
from strategies.continual.dataloader import Columns, columns_of
from strategies.continual.metrics.accuracy_tracking import draw_samples, logits_of
from strategies.continual.stream import Stream

PROBE_SAMPLES = 400
"""Training samples per experience for the fit."""

PROBE_RIDGE = 1e-2
"""Weight of the penalty, in units of the features' mean square."""

PROBE_BATCH = 512
"""Samples read at a time."""


class LinearProbe:
    """Probes the features of a strategy's model.

    They are the inputs of its last linear layer with an output per class. A model that has none, or
    does not use it in evaluation (a readout in closed form), provides ``features(inputs)``.

    Args:
        stream: The stream.
        seed: Seed of the choice of training samples.

    Attributes:
        rows: The probe's accuracy on each experience, one row per fit.
    """

    def __init__(self, stream: Stream, seed: int) -> None:
        draws = generator("probed samples", seed)
        self.rows: list[list[float]] = []
        self._classes = stream.signature.outputs
        self._heads = stream.heads
        self._train = [
            draw_samples(experience, PROBE_SAMPLES, draws)
            for experience in stream.benchmark.train_stream
        ]
        self._test = [_whole(experience) for experience in stream.benchmark.test_stream]

    def take(self, strategy: Any) -> None:
        """Fit a probe to the current features, and measure its accuracy on each experience.

        Raises:
            UsageError: If the model has neither a linear output layer nor features.
        """
        layer = output_layer(strategy.model, self._classes)
        joined = [torch.cat(column) for column in zip(*self._train, strict=True)]
        weights = fit_ridge(_features(strategy, layer, tuple(joined)), joined[1], self._classes)
        row = []
        for columns in self._test:
            logits = _with_one(_features(strategy, layer, columns)) @ weights
            if self._heads is not None:
                logits = among_heads(logits, self._heads, columns[-1])
            row.append(float((logits.argmax(-1) == columns[1]).float().mean()))
        self.rows.append(row)

    def state_dict(self) -> dict[str, Any]:
        """Return the rows."""
        return {"rows": [list(row) for row in self.rows]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.rows = [list(row) for row in state_dict["rows"]]


def fit_ridge(
    features: Float[Tensor, "n D"], labels: Tensor, classes: int
) -> Float[Tensor, "D+1 K"]:
    """Return the weights ``W = (XᵀX + λ·n·s·I)⁻¹ Xᵀ Y``.

    ``X`` are the features with a constant 1, and ``s`` is their mean square.
    """
    inputs = _with_one(features.double())
    ridge = (
        PROBE_RIDGE
        * len(inputs)
        * inputs.square().mean()
        * torch.eye(inputs.shape[1], dtype=inputs.dtype)
    )
    weights: Tensor = torch.linalg.solve(
        inputs.T @ inputs + ridge, inputs.T @ functional.one_hot(labels, classes).to(inputs)
    )
    return weights.float()


def output_layer(model: nn.Module, classes: int) -> nn.Linear | None:
    """Return the last linear layer with one output per class, if there is one."""
    layers = [
        module
        for module in model.modules()
        if isinstance(module, nn.Linear) and module.out_features == classes
    ]
    return layers[-1] if layers else None


def _features(strategy: Any, layer: nn.Linear | None, columns: Columns) -> Float[Tensor, "n D"]:
    """Return the layer's input for each sample, at the last position, or the model's own features.

    Raises:
        UsageError: If the layer is missing or not used, and the model has no features.
    """
    found: list[Tensor] = []
    if layer is not None:
        hook = layer.register_forward_pre_hook(
            lambda module, inputs: found.append(_last(inputs[0].detach()))
        )
        try:
            for start in range(0, len(columns[1]), PROBE_BATCH):
                piece = tuple(column[start : start + PROBE_BATCH] for column in columns)
                with torch.no_grad():
                    logits_of(strategy, piece)
        finally:
            hook.remove()
    return torch.cat(found or _own_features(strategy, columns[0]))


def _own_features(strategy: Any, inputs: Tensor) -> list[Float[Tensor, "n D"]]:
    """Return the features of the outermost module that provides them."""
    provider = next(
        (
            module
            for module in strategy.model.modules()
            if callable(getattr(module, "features", None))
        ),
        None,
    )
    if provider is None:
        raise UsageError(
            f"{type(strategy.model).__name__} has no linear layer with an output per class that it "
            "uses in evaluation, and no features, which a probe could read: leave probe=true out"
        )
    mode = provider.training
    provider.eval()
    with torch.no_grad():
        found = [
            provider.features(piece.to(strategy.device)).cpu().float()
            for piece in inputs.split(PROBE_BATCH)
        ]
    provider.train(mode)
    return found


def _last(inputs: Float[Tensor, "n *places D"]) -> Float[Tensor, "n D"]:
    return inputs.reshape(len(inputs), -1, inputs.shape[-1])[:, -1].cpu().float()


def _with_one(features: Tensor) -> Tensor:
    return torch.cat((features, features.new_ones(len(features), 1)), dim=1)


def _whole(experience: Any) -> Columns:
    columns = columns_of(experience.dataset)
    assert columns is not None
    return columns
