"""Do memory heads specialise? Policies, traces and contents of heads, against shuffled heads.

    python -m benchmarks.experiments.head_specialisation --seed 3100

MemNet with four heads learns `association`. On new sequences the features of each head are its
mean mix of reading policies, its read entropy, the share of tokens of each kind that it writes, and
the constant of its trace. The statistic of a feature is the variance over heads of its mean over
sequences. Under the null hypothesis that heads are alike it is computed with the heads of each
sequence shuffled; the p value is the share of shuffles with a statistic at least as large (Fisher's
permutation test), Holm-corrected over features. Two heads bind and two associate by design: the
test is repeated within each half, where initial differences are those of the random weights alone.
"""

import argparse
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from baselines.models import memnet
from benchmarks.tasks import association
from memnet.heads import stretched
from memnet.policy import entropy
from strategies.common.rng import generator
from strategies.sequence.train import train

HEADS = 4
SHUFFLES = 2000


def ignore(fraction: float) -> None:
    """Ignore the progress."""


def permutation_p(feature: Float[Tensor, "B H"], draws: torch.Generator) -> float:
    """Return the p value that the heads' means differ by more than shuffled heads' means."""
    observed = feature.mean(0).var()
    order = torch.rand(SHUFFLES, *feature.shape, generator=draws).argsort(-1)
    shuffled = feature.expand(SHUFFLES, -1, -1).gather(-1, order).mean(1).var(-1)
    return float((1 + (shuffled >= observed - 1e-15).sum()) / (1 + SHUFFLES))


def holm(values: Mapping[str, float]) -> dict[str, float]:
    """Return Holm-corrected p values."""
    corrected, largest = {}, 0.0
    for rank, (name, value) in enumerate(sorted(values.items(), key=lambda pair: pair[1])):
        largest = max(largest, min(1.0, value * (len(values) - rank)))
        corrected[name] = largest
    return corrected


@torch.no_grad()
def features(
    model: torch.nn.Module, task: association.Association, count: int, draws: torch.Generator
) -> dict[str, Float[Tensor, "B H"]]:
    """Return the features of each head on sequences."""
    from memnet.model import MemNet

    assert isinstance(model, MemNet)
    model.eval()
    inputs = task.sample(count, draws).inputs
    found: dict[str, list[Tensor]] = {}
    bank, write, read = model.bank, model.bank.write, model.bank.read

    def watch_write(*given: object, **named: object) -> object:
        written = write(*given, **named)  # type: ignore[arg-type]
        found.setdefault("gate", []).append((stretched(written.logits) > 0).double())
        return written

    def watch_read(prepared: object, *given: object, **named: object) -> object:
        done = read(prepared, *given, **named)  # type: ignore[arg-type]
        found.setdefault("entropy", []).append(entropy(done.weights).double())
        mix = prepared.policy.softmax(-1)  # type: ignore[attr-defined]
        found.setdefault("policy", []).append(mix.double())
        return done

    bank.write, bank.read = watch_write, watch_read  # type: ignore[method-assign, assignment]
    try:
        model(inputs)
    finally:
        del bank.write, bank.read
    joined = {name: torch.cat(parts, dim=2) for name, parts in found.items()}
    config = task.config
    kinds = {
        "entities": inputs < config.entities,
        "noise": (inputs >= config.entities) & (inputs < config.entities + config.noise),
        "markers": inputs >= config.entities + config.noise,
    }
    result = {
        f"writes of {name}": (joined["gate"] * kind[:, None]).sum(-1) / kind.sum(-1)[:, None]
        for name, kind in kinds.items()
    }
    for index, name in enumerate(("top-k", "uniform", "random")):
        result[f"policy {name}"] = joined["policy"][..., index].mean(-1)
    result["read entropy"] = joined["entropy"].mean(-1)
    return result


def run(seed: int, steps: int, count: int) -> None:
    """Train, and print means and p values of each feature."""
    task = association.build(association.Config())
    torch.manual_seed(seed)
    model = memnet.build(memnet.Config(heads=HEADS), task.signature)
    for name, steps_done in (("untrained", 0), ("trained", steps)):
        if steps_done:
            train(
                model,
                task,
                steps=steps,
                batch_size=16,
                learning_rate=3e-3,
                seed=seed,
                progress=ignore,
            )
        found = features(model, task, count, generator("heads", seed))
        draws = generator("shuffles", seed)
        print(f"{name}: trace constants", [round(v, 3) for v in trace_constants(model)])
        for half, chosen in (
            ("all", slice(None)),
            ("binding", slice(2)),
            ("associating", slice(2, 4)),
        ):
            p = holm({key: permutation_p(value[:, chosen], draws) for key, value in found.items()})
            for key, value in found.items():
                means = [round(float(mean), 3) for mean in value[:, chosen].mean(0)]
                print(f"{name:10s} {half:12s} {key:20s} {means}  p = {p[key]:.4f}", flush=True)


def trace_constants(model: torch.nn.Module) -> list[float]:
    """Return σ(trace) of each head, the share of a trace that a token leaves."""
    trace: Tensor = model.bank.write_heads.trace  # type: ignore[assignment, union-attr]
    return torch.sigmoid(trace.detach()).tolist()


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=3100)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--sequences", type=int, default=64)
    given = parser.parse_args()
    run(given.seed, given.steps, given.sequences)


if __name__ == "__main__":
    main()
