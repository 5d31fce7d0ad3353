"""Speeds of models: what is measured, and how it is shown."""

import dataclasses
import json
import time

import pytest
import torch

from baselines.registry import Registry
from benchmarks.cli.speed import speed
from benchmarks.speed import models
from benchmarks.speed.models import Speed, measurable, measure
from benchmarks.speed.timing import compare
from results.errors import UsageError
from tests.benchmarks.command import memnet

CPU = torch.device("cpu")


def test_all_models_of_tokens_are_measured_lstm_first() -> None:
    variants, missing = measurable(None, peers=False)
    names = [variant.name for variant in variants]
    assert names[0] == "lstm"
    assert {"memnet", "transformer", "delta-rule", "mamba"} <= set(names)
    assert len(names) == len(set(names))
    assert not {"mlp", "cnn"} & set(names), "they read samples"
    assert not missing
    assert not any(variant.entry.requires for variant in variants)


def test_peers_that_are_not_installed_are_named() -> None:
    variants, missing = measurable(None, peers=True)
    required = {name for entry in Registry("model") for name in entry.requires}
    installed = {name for variant in variants for name in variant.entry.requires}
    assert set(missing) | installed == required
    assert not set(missing) & installed


def test_every_model_has_a_speed_of_training_and_of_reading() -> None:
    chosen, _ = measurable(None, peers=False)
    began = time.process_time()
    speeds = measure(chosen, rounds=1, device=CPU, sequences=2, length=8, stream=16)
    took = time.process_time() - began
    names = [variant.name for variant in chosen]
    assert [(one.work, one.model) for one in speeds] == [
        (work, name) for work in ("training", "reading") for name in names
    ]
    assert [one.share for one in speeds if one.model == "lstm"] == [1.0, 1.0]
    assert sum(16 / one.tokens_per_second for one in speeds) < took
    slowest = min(speeds, key=lambda one: one.share)
    assert slowest.share < 1.0


def test_share_is_speed_relative_to_the_first_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock where the first model takes 2 s for 16 tokens, and the second one 8 s."""
    now = iter([0.0, 2.0, 2.0, 10.0])
    timings = compare(
        "reading", dict.fromkeys(("a", "b"), lambda: lambda: None), 1, lambda: next(now)
    )
    assert [timing.seconds for timing in timings] == [2.0, 8.0]
    shown = [models._speed(timing, 16) for timing in timings]
    assert [(one.tokens_per_second, one.share) for one in shown] == [(8.0, 1.0), (2.0, 0.25)]


@pytest.mark.parametrize("as_json", [False, True])
def test_speeds_are_shown(
    as_json: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [
        Speed(model="lstm", work="training", tokens_per_second=130_000.0, share=1.0),
        Speed(model="lstm", work="reading", tokens_per_second=260_000.0, share=0.123),
    ]
    monkeypatch.setattr(models, "measurable", lambda names, peers: ([], ["x-package"]))
    monkeypatch.setattr(models, "measure", lambda variants, **_: found)
    speed("models", as_json, rounds=2)
    shown = capsys.readouterr()
    if as_json:
        assert json.loads(shown.out) == [dataclasses.asdict(one) for one in found]
    else:
        assert shown.out.splitlines()[2].split() == ["lstm", "130.0k", "1.00", "260.0k", "0.12"]
    assert shown.err == "not installed, so not measured: x-package\n"


def test_unknown_models_and_misplaced_options_are_errors() -> None:
    with pytest.raises(UsageError, match="lstn"):
        measurable(["lstn"], peers=False)
    done = memnet("speed", "streams", "--peers")
    assert done.returncode == 2
    assert "options of `memnet speed models`" in done.stderr
