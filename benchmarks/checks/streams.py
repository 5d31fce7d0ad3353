"""The contract of streams (`strategies.continual.stream`).

Shapes: ``n`` samples, ``T`` time steps, ``F`` features per step, ``K`` outputs.
"""

from typing import Any

import torch
from torch import Tensor

from benchmarks.checks.common import options, summary
from benchmarks.checks.rule import Case, expect, rule
from benchmarks.checks.small_stream import SmallGru
from benchmarks.execution.entry_functions import build as build_entry
from results.errors import UsageError
from strategies.continual.dataloader import columns_of
from strategies.continual.methods import naive
from strategies.continual.stream import Stream
from strategies.continual.train import run_stream

STREAM_OPTIONS = {
    "experiences": "number of parts",
    "scenario": 'Literal["class", "domain", "task"]',
    "epochs": "passes over each experience",
    "iterations": "steps instead of passes",
    "batch_size": "new samples per step",
    "online": "each sample once, in experiences of so many samples",
    "validation": "train on a part of the training data and evaluate on the rest, for memnet tune",
    "track": "steps between evaluations within an experience",
    "probe": "a linear probe of the features",
}
"""Options of every stream, with what they set."""

IDENTITIES = ("DIGEST", "DIGEST_FROM", "DATA")
"""Facts that identify the data; a stream has one of the first two, or ``DATA``."""

LEAKED = 0.02
"""Largest fraction of test samples that are also training samples, as in real data sets."""

SAMPLE = 500
"""Test samples that are looked up in the training data."""


def build(case: Case, seed: int = 0, **given: Any) -> Stream:
    """Build the stream with these options."""
    stream: Stream = build_entry(
        case.entry, case.config(**given), seed=seed, data_root=case.data_root
    )
    return stream


def columns(stream: Stream, part: str) -> list[tuple[Tensor, ...]]:
    """Return inputs, labels and tasks of each experience; ``part`` is train or test.

    Raises:
        BrokenRuleError: If the data are not tensors.
    """
    found = [
        columns_of(experience.dataset) for experience in getattr(stream.benchmark, f"{part}_stream")
    ]
    tensors = [one for one in found if one is not None]
    expect(
        len(tensors) == len(found) > 0,
        f"the {part} data of an experience are no tensors, or there is no experience",
    )
    return tensors


def inputs_of(stream: Stream, part: str) -> Tensor:
    """Return the inputs of all experiences, ``[n, T, F]``."""
    return torch.cat([one[0] for one in columns(stream, part)])


@rule(
    "PRIMARY is accuracy, CHANCE its value under guessing, and a fact identifies the data",
    'write PRIMARY = "accuracy", CHANCE = 0.1 (None if it depends on the data) and DIGEST = '
    '"sha256:…" of the data, or DATA = "the option that names the user\'s data"',
)
def facts_identify_the_data(case: Case) -> None:
    """Check the facts."""
    facts = case.entry.source.facts
    expect(facts.get("PRIMARY") == "accuracy", f"PRIMARY is {facts.get('PRIMARY')!r}")
    chance = facts.get("CHANCE", "missing")
    given = isinstance(chance, float | int) and 0 < chance < 1
    expect(chance is None or given, f"CHANCE is {chance!r}, expected a number from 0 to 1, or None")
    found = [name for name in IDENTITIES if name in facts]
    expect(
        bool(found) and found[:2] != list(IDENTITIES[:2]),
        "without DIGEST, DIGEST_FROM or DATA other data would have the same cell id"
        if not found
        else "DIGEST and DIGEST_FROM exclude each other",
    )
    if "DIGEST" in facts:
        kind = str(facts["DIGEST"]).partition(":")[0]
        expect(kind in ("sha256", "md5"), f"DIGEST is {facts['DIGEST']!r}, expected 'sha256:…'")


@rule(
    "Config has the options that every stream has",
    "add them, and pass them on as Schedule, Scenario and Measures (benchmarks/streams/_splits.py)",
    decisive=True,
)
def options_of_streams_exist(case: Case) -> None:
    """Check the names of the options."""
    missing = [
        f"{name} ({meaning})"
        for name, meaning in STREAM_OPTIONS.items()
        if name not in case.option_names
    ]
    expect(not missing, f"Config has no {', '.join(missing)}")


@rule(
    "prepare(data_root) finds or downloads the data",
    "raise UsageError with the missing file and its folder; do nothing if no data are needed",
)
def data_are_there(case: Case) -> None:
    """Call ``prepare``."""
    case.module.prepare(case.data_root)


@rule(
    "the samples match the signature, the classes and the number of experiences",
    "build the stream by strategies.continual.build_stream.split_classes or assemble",
)
def samples_match_the_signature(case: Case) -> None:
    """Check shapes, values and labels of all samples."""
    stream = build(case)
    for part in ("train", "test"):
        parts = columns(stream, part)
        expect(
            len(parts) == len(stream.classes),
            f"{len(parts)} {part} experiences, and classes of {len(stream.classes)}",
        )
        for inputs, labels, *_ in parts:
            found, signature = tuple(inputs.shape[1:]), stream.signature
            expected = (signature.length, signature.features)
            expect(found == expected, f"{part} samples are of shape {found}, expected {expected}")
            expect(bool(inputs.isfinite().all()), f"{part} samples have values that are not finite")
            low, high = int(labels.min()), int(labels.max())
            expect(
                0 <= low <= high < signature.outputs,
                f"{part} labels are from {low} to {high}, expected 0 to {signature.outputs - 1}",
            )
    expect(stream.sample_bytes > 0, f"sample_bytes is {stream.sample_bytes}")


@rule(
    "equal seeds give equal streams",
    "draw from strategies.common.rng.generator(purpose, seed) alone",
)
def streams_are_seeded(case: Case) -> None:
    """Build the stream twice at two states of the global generator."""
    found = []
    for state in (3, 4):
        torch.manual_seed(state)
        found.append(build(case, seed=1))
    one, other = found
    expect(one.classes == other.classes, "the classes of the experiences differ")
    for part in ("train", "test"):
        same = torch.equal(inputs_of(one, part), inputs_of(other, part))
        expect(same, f"the {part} samples differ")


def _found(samples: Tensor, among: Tensor) -> float:
    """Return the fraction of the samples, of at most `SAMPLE`, that are among others."""
    known = {row.tobytes() for row in among.flatten(1).numpy()}
    chosen = samples[:: max(1, len(samples) // SAMPLE)].flatten(1).numpy()
    return sum(row.tobytes() in known for row in chosen) / len(chosen)


@rule(
    "training never sees the test samples, and validation uses neither as the other",
    "split before anything else; with validation=true, split the training samples alone",
)
def test_samples_are_held_out(case: Case) -> None:
    """Look test samples up among the training samples, with and without validation."""
    stream = build(case)
    test = inputs_of(stream, "test")
    leaked = _found(test, inputs_of(stream, "train"))
    expect(leaked <= LEAKED, f"{leaked:.0%} of the test samples are training samples")
    tuning = build(case, validation=True)
    for part in ("train", "test"):
        leaked = _found(test, inputs_of(tuning, part))
        expect(leaked <= LEAKED, f"validation=true: {leaked:.0%} of the test samples in its {part}")
    leaked = _found(inputs_of(tuning, "test"), inputs_of(tuning, "train"))
    expect(leaked <= LEAKED, f"validation=true: {leaked:.0%} of its test samples are trained on")


@rule(
    "the options of the schedule and of the measurements take effect",
    "pass Schedule(…) and Measures(track=config.track, probe=config.probe) to the stream",
)
def options_take_effect(case: Case) -> None:
    """Set each option, and look for it in the stream."""
    options: dict[str, Any] = {"batch_size": 7, "epochs": 2, "track": 3, "probe": True}
    for given in (options, {"online": 10}):
        stream = build(case, **given)
        for name, value in given.items():
            place = stream.measures if name in ("track", "probe") else stream.schedule
            found = getattr(place, name)
            expect(found == value, f"{name}={value} gives a stream with {name}={found}")


@rule(
    "the stream has the scenarios class, domain and task",
    "pass scenario on to split_classes or assemble",
)
def scenarios_are_built(case: Case) -> None:
    """Build each scenario."""
    for scenario in ("class", "domain", "task"):
        stream = build(case, scenario=scenario)
        expect(
            stream.scenario == scenario, f"scenario={scenario} gives a stream of {stream.scenario}"
        )
        masks = stream.heads
        expect((masks is None) == (scenario != "task"), f"scenario={scenario} has wrong heads")


@rule(
    "a small model trains on the stream and is evaluated",
    "run memnet run STREAM --plugin FILE.py --models lstm --methods naive to see the traceback",
)
def a_small_model_runs(case: Case) -> None:
    """Train a small GRU for a step per experience, and evaluate it."""
    try:
        stream = build(case, iterations=1, batch_size=4)
    except UsageError:  # a stream may refuse iterations
        stream = build(case, epochs=1)
    outcome = run_stream(
        stream,
        lambda signature: SmallGru(signature, width=8),
        naive,
        method_config=naive.Config(),
        learning_rate=1e-3,
        seed=0,
        device=torch.device("cpu"),
        progress=lambda fraction: None,
    )
    expect("accuracy" in outcome.metrics, f"the metrics are {', '.join(outcome.metrics)}")


STREAM_RULES = (
    summary,
    options,
    facts_identify_the_data,
    options_of_streams_exist,
    data_are_there,
    samples_match_the_signature,
    streams_are_seeded,
    test_samples_are_held_out,
    options_take_effect,
    scenarios_are_built,
    a_small_model_runs,
)
"""The rules of streams."""
