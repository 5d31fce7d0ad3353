"""The slow memory: statistics of everything seen, read in closed form.

Complementary learning systems (McClelland et al. 1995; Kumaran et al. 2016) need a slow memory of
the regularities and a fast one of single samples. The slow memory adds up second moments of random
features ``φ(x)``, and never forgets, since a sum does not depend on the order of its terms::

    G = Σ φ(x) φ(x)ᵀ        C = Σ φ(x) onehot(y)ᵀ        W = (G + λ·tr(G)/D·I)⁻¹ C

This is ridge regression in one pass (RanPAC, McDonnell et al. 2023; ACIL, Zhuang et al. 2022). The
scores ``φ(x)ᵀW`` of a sample add up to about 1 and estimate the probabilities of the classes. A
sample's *margin* is the score of its class minus the best other score: a low margin is a surprise.

Legend: ``B`` batch, ``D`` features, ``K`` classes.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from memnet.persistent.random_features import RandomFeatures

RIDGE, RIDGE_SAMPLES = 1e-5, 2.0
"""λ is `RIDGE_SAMPLES` divided by the number of samples, and at least `RIDGE`: few samples need a
strong prior.
"""

VALUE_BYTES = 4
"""Bytes of a stored number."""


class SlowMemory(nn.Module):
    """Second moments of features, and the solution for them.

    Args:
        features: Returns D features of each sample.
        classes: K.

    Attributes:
        gram: The lower triangle of G by rows; G is symmetric.
        sums: C.
        counts: Samples seen of each class.
    """

    gram: Tensor
    sums: Tensor
    counts: Tensor
    rows: Tensor
    columns: Tensor

    def __init__(self, features: RandomFeatures, classes: int) -> None:
        super().__init__()
        self.features = features
        width = features.count
        self.register_buffer("gram", torch.zeros(width * (width + 1) // 2))
        self.register_buffer("sums", torch.zeros(width, classes))
        self.register_buffer("counts", torch.zeros(classes, dtype=torch.int32))
        rows, columns = torch.tril_indices(width, width)
        self.register_buffer("rows", rows, persistent=False)
        self.register_buffer("columns", columns, persistent=False)

    @property
    def known(self) -> Bool[Tensor, "K"]:
        """Classes seen."""
        return self.counts > 0

    @torch.no_grad()
    def update(self, features: Float[Tensor, "B D"], labels: Int[Tensor, "B"]) -> None:
        """Add samples to the statistics."""
        classes = len(self.counts)
        self.gram += (features.T @ features)[self.rows, self.columns]
        self.sums += features.T @ functional.one_hot(labels, classes).to(features)
        self.counts += torch.bincount(labels, minlength=classes).int()

    @torch.no_grad()
    def subtract(self, features: Float[Tensor, "B D"], labels: Int[Tensor, "B"]) -> None:
        """Subtract samples that were added; without a sample of a class, its sums are exactly 0."""
        classes = len(self.counts)
        self.gram -= (features.T @ features)[self.rows, self.columns]
        self.sums -= features.T @ functional.one_hot(labels, classes).to(features)
        self.counts -= torch.bincount(labels, minlength=classes).int()
        self.sums[:, ~self.known] = 0
        if not bool(self.known.any()):
            self.gram.zero_()

    @torch.no_grad()
    def solve(self) -> Float[Tensor, "D K"]:
        """Return W; zeros before the first sample."""
        seen, width = int(self.counts.sum()), len(self.sums)
        if seen == 0:
            return torch.zeros_like(self.sums)
        gram = self.gram.new_zeros(width, width, dtype=torch.float64)
        gram[self.rows, self.columns] = self.gram.double()
        gram[self.columns, self.rows] = self.gram.double()
        diagonal = gram.diagonal()
        diagonal += max(RIDGE, RIDGE_SAMPLES / seen) * diagonal.mean()
        factor = torch.linalg.cholesky(gram)
        return torch.cholesky_solve(self.sums.double(), factor).to(self.sums)


def margin(scores: Float[Tensor, "B K"], labels: Int[Tensor, "B"]) -> Float[Tensor, "B"]:
    """Return the score of the label minus the best other score.

    Args:
        scores: Scores of K ≥ 2 classes; of one class the score itself is returned.
        labels: The labels.
    """
    own = scores.gather(1, labels[:, None]).squeeze(1)
    if scores.shape[1] == 1:
        return own
    return own - scores.scatter(1, labels[:, None], -torch.inf).amax(1)


def slow_bytes(features: int, classes: int) -> int:
    """Return the bytes of a slow memory: G, C and the counts."""
    return VALUE_BYTES * (features * (features + 1) // 2 + features * classes + classes)


def features_within(budget: int, classes: int) -> int:
    """Return the largest number of features whose slow memory fits a budget of bytes, or 0."""
    half = classes + 0.5
    numbers = budget / VALUE_BYTES - classes
    return max(0, int((half**2 + 2 * numbers) ** 0.5 - half)) if numbers > 0 else 0
