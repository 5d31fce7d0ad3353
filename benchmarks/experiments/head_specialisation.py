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
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from baselines.models import memnet
from benchmarks.tasks import association
from memnet.chunk_access import Prepared, Written
from memnet.heads import stretched
from memnet.model import MemNet
from memnet.reading_policies import TopK, entropy
from memnet.tracing.memory_trace import MemoryTrace
from results.statistics.significance import holm
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


@dataclass(slots=True)
class HeadTrace(MemoryTrace):
    """A trace of what each head does on every token, without a table.

    Attributes:
        gate: Whether the head writes the token, ``[B, H, C]`` per chunk.
        policy: The mix of reading policies that the controller selects, ``[B, H, C, 3]``.
        read_entropy: Entropy of the final weights of the read, in nats, ``[B, H, C]``.
    """

    gate: list[Tensor] = field(default_factory=list)
    policy: list[Tensor] = field(default_factory=list)
    read_entropy: list[Tensor] = field(default_factory=list)

    def read(
        self,
        prepared: Prepared,
        written: Written,
        best: TopK,
        before: Tensor,
        after: Tensor,
        mix: Tensor | None,
    ) -> None:
        """Record a chunk's heads; see :meth:`MemoryTrace.read`."""
        MemoryTrace.read(self, prepared, written, best, before, after, mix)
        self.gate.append((stretched(written.logits) > 0).double())
        if prepared.policy is not None:
            self.policy.append(prepared.policy.softmax(-1).double())
        self.read_entropy.append(entropy(after).double())


@torch.no_grad()
def features(
    model: MemNet, task: association.Association, count: int, draws: torch.Generator
) -> dict[str, Float[Tensor, "B H"]]:
    """Return the features of each head on sequences."""
    inputs, trace = task.sample(count, draws).inputs, HeadTrace()
    model.eval()(inputs, trace=trace)
    gate, policy, read_entropy = (
        torch.cat(parts, dim=2) for parts in (trace.gate, trace.policy, trace.read_entropy)
    )
    config = task.config
    kinds = {
        "entities": inputs < config.entities,
        "noise": (inputs >= config.entities) & (inputs < config.entities + config.noise),
        "markers": inputs >= config.entities + config.noise,
    }
    result = {
        f"writes of {name}": (gate * kind[:, None]).sum(-1) / kind.sum(-1)[:, None]
        for name, kind in kinds.items()
    }
    for index, name in enumerate(("top-k", "uniform", "random")):
        result[f"policy {name}"] = policy[..., index].mean(-1)
    result["read entropy"] = read_entropy.mean(-1)
    return result


def run(seed: int, steps: int, count: int) -> None:
    """Train, and print means and p values of each feature."""
    task = association.build(association.Config())
    torch.manual_seed(seed)
    model = memnet.build(memnet.Config(heads=HEADS), task.signature)
    assert isinstance(model, MemNet)
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
            raw = [permutation_p(value[:, chosen], draws) for value in found.values()]
            p = dict(zip(found, holm(raw), strict=True))
            for key, value in found.items():
                means = [round(float(mean), 3) for mean in value[:, chosen].mean(0)]
                print(f"{name:10s} {half:12s} {key:20s} {means}  p = {p[key]:.4f}", flush=True)


def trace_constants(model: MemNet) -> list[float]:
    """Return σ(trace) of each head, the share of a trace that a token leaves."""
    return torch.sigmoid(model.bank.write_heads.trace.detach()).tolist()


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
