"""Accuracy against slots at several loads: where is the knee, and how does it move?

    python -m benchmarks.experiments.slots_knee --seed 3100

MemNet learns `delayed-recall` once, at the largest load. Then the same weights read streams with
fewer pairs, with fewer slots: no weight depends on their number. The knee is the smallest number of
slots with at least 95% of the accuracy of the largest number.
"""

import argparse
from collections.abc import Sequence

import torch

from baselines.models import memnet
from benchmarks.tasks import delayed_recall
from strategies.common.rng import generator
from strategies.sequence.evaluate import evaluate_task
from strategies.sequence.train import train

SLOTS = (2, 4, 8, 12, 16, 24, 32, 48, 64)
LOADS = (4, 8, 16)
KNEE = 0.95
"""Share of the accuracy at the largest number of slots that the knee reaches."""


def ignore(fraction: float) -> None:
    """Ignore the progress."""


def slim(slots: int) -> memnet.Config:
    """Return the options of a MemNet whose only memory is the slots of one head."""
    return memnet.Config(slots=slots, heads=1, hebbian=False, serial=False)


def knee(slots: Sequence[int], accuracy: Sequence[float]) -> int:
    """Return the smallest number of slots from which on accuracy is near that of the largest."""
    least = KNEE * accuracy[-1]
    below = [index for index, value in enumerate(accuracy) if value < least]
    return slots[below[-1] + 1 if below else 0]


def run(seed: int, steps: int, streams: int) -> None:
    """Train, and print a row of accuracies for each load."""
    task = delayed_recall.build(delayed_recall.Config(pairs=max(LOADS), steps=steps, furthest=256))
    torch.manual_seed(seed)
    model = memnet.build(slim(max(SLOTS)), task.signature)
    train(model, task, steps=steps, batch_size=16, learning_rate=3e-3, seed=seed, progress=ignore)
    print("pairs   knee  accuracy at distance 256 with", *SLOTS, "slots", flush=True)
    for pairs in LOADS:
        lighter = delayed_recall.build(delayed_recall.Config(pairs=pairs, furthest=256))
        found = []
        for slots in SLOTS:
            smaller = memnet.build(slim(slots), task.signature)
            smaller.load_state_dict(model.state_dict())
            result = evaluate_task(smaller, lighter, streams, generator("evaluation", seed), ignore)
            found.append(float(result.accuracy_by_distance[-1][1] or 0.0))
        print(
            f"{pairs:5d}  {knee(SLOTS, found):5d}  ", *(f"{each:.3f}" for each in found), flush=True
        )


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=3100)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--streams", type=int, default=16)
    given = parser.parse_args()
    run(given.seed, given.steps, given.streams)


if __name__ == "__main__":
    main()
