"""Forgetting on request by the default memory: a membership attack before and after, on MNIST.

    python -m benchmarks.experiments.forgetting_from_statistics --seed 3100

The default memory of streams learns half of the classes, then the other half; then some of the
samples are forgotten on request. Members and others are those of `forgetting_on_request`. The
attacker knows the memory's state, and 5,000 other samples. Its scores:

- slot: the largest cosine of the sample's code with a slot of its class
- dream: the negative distance to the nearest dream of its class
- answer: the log-probability of its class
- leverage: ``−φᵀ(G + λI)⁻¹φ``: the statistics know the directions of members
- moments: how far the means of the transform's coefficients lean towards the sample (Homer et al.
  2008, *Resolving individuals contributing trace amounts of DNA*), over coefficients that no code
  stores: there they are not blurred

AUC is the probability that a member has a larger score than another sample. The reference is a
memory that has learned all samples but the members.
"""

import argparse
import time
from pathlib import Path

import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from benchmarks.datasets.paths import data_root
from benchmarks.experiments.forgetting_on_request import CLASSES, Sets, draw_sets, show
from memnet.persistent.bank import cosine
from memnet.persistent.complementary import ComplementaryMemory
from memnet.persistent.config import PersistentConfig
from memnet.persistent.quantization import unpack
from memnet.persistent.slow_memory import RIDGE
from strategies.common.rng import generator


def new_memory(slots: int, seed: int) -> ComplementaryMemory:
    """Return an empty memory of MNIST's samples."""
    shape = (1, 784)
    config = PersistentConfig(slots=slots).fitted(785, CLASSES, shape)
    draws = generator("memory", seed)
    return ComplementaryMemory(config, shape=shape, classes=CLASSES, generator=draws)


def learn(memory: ComplementaryMemory, inputs: Tensor, labels: Tensor) -> None:
    """Learn two experiences of five classes."""
    for classes in (range(5), range(5, CLASSES)):
        own = torch.isin(labels, torch.tensor(list(classes)))
        memory.meet(inputs[own], labels[own])
        memory.sleep()
    memory.eval()


@torch.no_grad()
def scores(
    memory: ComplementaryMemory, inputs: Tensor, labels: Tensor, population: Tensor
) -> dict[str, Tensor]:
    """Return the attacker's scores of samples, larger for members."""
    bank, code, slow = memory.bank, memory.code, memory.slow
    full = torch.nonzero(bank.occupied).flatten()
    other = bank.target[full].long()[None] != labels[:, None]
    near = cosine(memory.codes_of(inputs), unpack(bank.codes[full], memory.config.bits))
    distances = torch.cdist(inputs.flatten(1), memory.dream(full).flatten(1))
    gram = torch.zeros(len(slow.sums), len(slow.sums), dtype=torch.float64)
    gram[slow.rows, slow.columns] = gram[slow.columns, slow.rows] = slow.gram.double()
    gram.diagonal().add_(RIDGE * gram.diagonal().mean())
    features = slow.features(inputs).double()
    leverage = (features * torch.linalg.solve(gram, features.T).T).sum(1)
    usual = code.transform(population)
    kept = torch.ones(usual.shape[1], dtype=torch.bool).index_fill(0, code.chosen(), False)
    lean = (code.mean.float() - usual.mean(0)) / usual.var(0).clamp_min(1e-6)
    return {
        "slot": near.masked_fill(other, -1.0).amax(1),
        "dream": -distances.masked_fill(other, torch.inf).amin(1),
        "answer": memory(inputs).gather(1, labels[:, None]).squeeze(1),
        "leverage": -leverage,
        "moments": ((code.transform(inputs) - usual.mean(0)) * lean)[:, kept].sum(1),
    }


def attack(memory: ComplementaryMemory, sets: Sets, members: int) -> dict[str, float]:
    """Return the AUC of each score; that of moments over the classes on which they were measured.

    Of the first experience, that is: later samples do not change the moments.
    """
    population = sets.test[0][sets.test[1] < CLASSES // 2]
    parts = ((sets.seen[0][:members], sets.seen[1][:members]), sets.others)
    inside, outside = (scores(memory, inputs, labels, population) for inputs, labels in parts)
    first = [labels < CLASSES // 2 for _, labels in parts]
    found = {}
    for name in inside:
        groups = [inside[name], outside[name]]
        if name == "moments":
            groups = [group[own] for group, own in zip(groups, first, strict=True)]
        truth = [1] * len(groups[0]) + [0] * len(groups[1])
        found[name] = float(roc_auc_score(truth, torch.cat(groups).numpy()))
    return found


def run(data: Path, seed: int, seen: int, members: int, slots: int) -> None:
    """Print accuracy and AUCs before, after, and of the reference."""
    sets = draw_sets(data, seen, members, seed)

    def line(name: str, memory: ComplementaryMemory, start: float) -> None:
        show(name, memory, sets, attack(memory, sets, members), start)

    start = time.process_time()
    memory = new_memory(slots, seed)
    learn(memory, *sets.seen)
    line("before", memory, start)
    start = time.process_time()
    erased = memory.forget(sets.seen[0][:members], sets.seen[1][:members])
    print(f"slots erased for {members} members: {erased}", flush=True)
    line("after", memory, start)
    start = time.process_time()
    reference = new_memory(slots, seed)
    learn(reference, sets.seen[0][members:], sets.seen[1][members:])
    line("reference", reference, start)


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=3100)
    parser.add_argument("--seen", type=int, default=8000, help="training samples")
    parser.add_argument("--members", type=int, default=500)
    parser.add_argument("--slots", type=int, default=2000)
    parser.add_argument("--data-root", type=Path, default=None)
    given = parser.parse_args()
    run(data_root(given.data_root), given.seed, given.seen, given.members, given.slots)


if __name__ == "__main__":
    main()
