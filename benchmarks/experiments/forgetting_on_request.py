"""Forgetting on request: a membership attack before and after, on MNIST in two experiences.

    python -m benchmarks.experiments.forgetting_on_request --seed 3100

A persistent memory learns half of the classes, then the other half. Some of the samples are then
forgotten on request. An attacker has the memory and samples of both kinds: members, which are to be
forgotten, and others of the same distribution, which no memory has seen. Its scores are the largest
cosine of a sample's code with a slot of its class, the log-probability of its class by the head,
and the negative reconstruction error (Yeom et al. 2018, *Privacy risk in machine learning*). AUC is
the probability that a member has a larger score than another sample. The reference is a memory that
has learned all samples but the members.
"""

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor
from torch.nn import functional

from baselines.interface import Signature
from baselines.models import mlp
from benchmarks.datasets.paths import data_root
from benchmarks.datasets.torchvision_sets import load
from benchmarks.streams.split_mnist import FILES
from memnet.persistent.bank import cosine
from memnet.persistent.config import PersistentConfig
from memnet.persistent.forgetting import Rebuilding, slots_of
from memnet.persistent.memory import PersistentMemory
from memnet.persistent.quantization import unpack
from strategies.common.rng import generator
from strategies.continual.memnet.wrap import Memory

CLASSES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Sets:
    """Samples with their classes: seen ones, of which the first are the members, and others."""

    seen: tuple[Tensor, Tensor]
    others: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]


def new_memory(slots: int, seed: int) -> PersistentMemory:
    """Return an empty memory of MNIST's samples."""
    torch.manual_seed(seed)
    trunk = mlp.build(mlp.Config(), Signature(features=784, outputs=CLASSES, length=1))
    return PersistentMemory(
        trunk,
        PersistentConfig(slots=slots, code=32),
        shape=(1, 784),
        classes=CLASSES,
        generator=generator("memory", seed),
    )


def learn(memory: PersistentMemory, inputs: Tensor, labels: Tensor, epochs: int, seed: int) -> None:
    """Learn two experiences of five classes, with dreams of the first during the second."""
    draws = generator("order", seed)
    optimizer = torch.optim.Adam(memory.parameters(), lr=1e-3)
    for classes in (range(5), range(5, CLASSES)):
        own = torch.isin(labels, torch.tensor(list(classes)))
        new, target = inputs[own], labels[own]
        memory.expect(new, target)
        memory.train()
        settled = torch.nonzero(memory.bank.settled).flatten()
        for chosen in (
            part
            for _ in range(epochs)
            for part in torch.randperm(len(new), generator=draws).split(64)
        ):
            batch, classes_of, anchors = new[chosen], target[chosen], None
            if len(settled):
                dreams = memory.dream(
                    settled[torch.randint(len(settled), (len(chosen),), generator=draws)]
                )
                batch, anchors = torch.cat([batch, dreams.inputs]), dreams.codes
                classes_of = torch.cat([classes_of, dreams.labels])
            codes = memory.encode(batch)
            loss = functional.cross_entropy(memory.head(codes) + memory.log_prior, classes_of)
            loss = loss + memory.objective(memory.losses(codes, batch, classes_of, anchors))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        memory.meet(new, target)
        memory.sleep()
    memory.eval()


@torch.no_grad()
def scores(memory: PersistentMemory, inputs: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Return the attacker's scores of samples, larger for members."""
    memory.eval()
    codes, bank = memory.codes_of(inputs), memory.bank
    near = cosine(codes, unpack(bank.codes, memory.config.bits))
    same = (bank.target.long()[None] == labels[:, None]) & bank.occupied
    error = functional.binary_cross_entropy_with_logits(
        memory.hallucination(codes), inputs.flatten(1), reduction="none"
    ).mean(1)
    return {
        "slot": near.masked_fill(~same, -1.0).amax(1),
        "head": -functional.cross_entropy(memory.head(codes), labels, reduction="none"),
        "reconstruction": -error,
    }


def attack(memory: PersistentMemory, sets: Sets, members: int) -> dict[str, float]:
    """Return the AUC of each score."""
    inside = scores(memory, *(part[:members] for part in sets.seen))
    outside = scores(memory, *sets.others)
    truth = [1] * members + [0] * len(sets.others[1])
    return {
        name: float(roc_auc_score(truth, torch.cat([inside[name], outside[name]]).numpy()))
        for name in inside
    }


@torch.no_grad()
def accuracy(memory: Memory, sets: Sets) -> float:
    """Return the accuracy on test samples in percent."""
    memory.eval()
    inputs, labels = sets.test
    return 100 * float((memory(inputs).argmax(1) == labels).double().mean())


def show(name: str, memory: Memory, sets: Sets, found: Mapping[str, float], start: float) -> None:
    """Print a memory's accuracy, the AUCs of an attack on it, its slots, and CPU seconds.

    Args:
        name: The memory's name.
        memory: The memory.
        sets: Its samples.
        found: AUC of each score.
        start: The process's CPU time when the work on the memory began, in seconds.
    """
    rounded = {key: round(value, 3) for key, value in found.items()}
    print(
        f"{name:10s} accuracy {accuracy(memory, sets):.2f}  AUC {rounded}  "
        f"slots {int(memory.bank.occupied.sum())}  {time.process_time() - start:.0f} CPU s",
        flush=True,
    )


def draw_sets(data: Path, seen: int, members: int, seed: int) -> Sets:
    """Draw the samples: seen ones and others from the training images, and 5,000 test images."""
    train, test = (part.samples("flat", 255) for part in load("MNIST", FILES, data))
    order = torch.randperm(len(train.labels), generator=generator("samples", seed))
    inside, outside = order[:seen], order[seen : seen + members]
    return Sets(
        seen=(train.inputs[inside], train.labels[inside]),
        others=(train.inputs[outside], train.labels[outside]),
        test=(test.inputs[:5000], test.labels[:5000]),
    )


def run(data: Path, seed: int, seen: int, members: int, epochs: int, *, encoder: bool) -> None:
    """Print accuracy and AUCs before, after, and of the reference."""
    sets = draw_sets(data, seen, members, seed)

    def line(name: str, memory: PersistentMemory, start: float) -> None:
        show(name, memory, sets, attack(memory, sets, members), start)

    start = time.process_time()
    memory = new_memory(seen, seed)
    learn(memory, sets.seen[0], sets.seen[1], epochs, seed)
    line("before", memory, start)
    start = time.process_time()
    own = [part[:members] for part in sets.seen]
    held = len(slots_of(memory, own[0], own[1]))
    erased = memory.forget(own[0], own[1], Rebuilding(encoder=encoder))
    print(f"slots of {members} members: {held}, erased {erased}", flush=True)
    line("after", memory, start)
    start = time.process_time()
    reference = new_memory(seen, seed)
    learn(reference, sets.seen[0][members:], sets.seen[1][members:], epochs, seed)
    line("reference", reference, start)


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=3100)
    parser.add_argument("--seen", type=int, default=8000, help="training samples, and slots")
    parser.add_argument("--members", type=int, default=500)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--encoder", action="store_true", help="draw the encoder again too")
    parser.add_argument("--data-root", type=Path, default=None)
    given = parser.parse_args()
    run(
        data_root(given.data_root),
        given.seed,
        given.seen,
        given.members,
        given.epochs,
        encoder=given.encoder,
    )


if __name__ == "__main__":
    main()
