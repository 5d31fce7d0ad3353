"""Contract tests of all registered methods."""

import re
from dataclasses import fields, replace
from typing import Any

import pytest

from baselines.registry import Registry
from benchmarks.checks import methods
from benchmarks.checks.rule import Case, Rule
from results.errors import UsageError
from results.records.record import Outcome
from results.validation.recompute import recomputed
from strategies.continual.counted_bytes import StoresPast
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Measures, Schedule, Stream
from tests.strategies.continual.toy_stream import NEEDS_BOUNDARIES, toy

ALL = Registry("method").names()
REGULARISERS = ("a-gem", "ewc", "lwf", "naive", "si")
"""Methods that constrain weights, answers or gradients: in the *class* scenario they are not
expected to be better than naive training.
"""


def having(option: str) -> list[str]:
    """Return the methods with an option."""
    methods = (Registry("method").get(name) for name in ALL)
    return [m.name for m in methods if option in {o.name for o in m.source.options}]


BUDGETED, SIZED = having("budget"), having("mem_size")


QUICK: dict[str, dict[str, Any]] = {"gdumb": {"passes": 8}, "ridge-slots": {"code": 8}}


def load(name: str) -> Any:
    return Registry("method").get(name).load()


def case(name: str) -> Case:
    return Case(entry=Registry("method").get(name), options=QUICK.get(name, {}))


def built(name: str, stream: Stream, **options: Any) -> ContinualStrategy:
    return methods.build(case(name), stream, **options)


def run(name: str, stream: Stream, **options: Any) -> Outcome:
    return methods.run(case(name), stream, **options)


@pytest.mark.parametrize("rule", methods.METHOD_RULES, ids=lambda rule: rule.name)
@pytest.mark.parametrize("name", ALL)
def test_method_fulfils_contract(name: str, rule: Rule) -> None:
    rule.check(case(name))


@pytest.mark.parametrize("name", [name for name in ALL if name not in REGULARISERS])
def test_it_is_better_than_naive(name: str) -> None:
    assert run("naive", toy()).metrics["accuracy"] <= 0.5
    assert run(name, toy(epochs=5)).metrics["accuracy"] > 0.7


@pytest.mark.parametrize("name", REGULARISERS)
def test_it_does_not_forget_with_a_head_per_task(name: str) -> None:
    assert run(name, toy(scenario="task")).metrics["accuracy"] > 0.9


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("ewc", {}),
        ("si", {}),
        ("lwf", {}),
        ("cumulative", {}),
        ("gdumb", {}),
        ("generative-replay", {}),
        ("icarl", {}),
        ("slda", {"features": "model"}),
        ("latent-replay", {"first": 1.0}),
        ("er", {"weighting": "experience"}),
        ("er-compressed", {"weighting": "experience"}),
        ("er-lossy", {"weighting": "experience"}),
    ],
)
def test_methods_that_need_boundaries_are_refused_online(
    name: str, options: dict[str, Any]
) -> None:
    with pytest.raises(UsageError, match=r"online = 10 has no task boundaries"):
        run(name, toy(schedule=Schedule(batch_size=10, online=10)), **options)


def test_the_refusal_of_gdumb_names_a_reason_and_alternatives() -> None:
    with pytest.raises(
        UsageError, match=r"trains a new model in every experience, .* has no task boundaries"
    ) as refusal:
        run("gdumb", toy(schedule=Schedule(batch_size=10, online=10)))
    named = (
        str(refusal.value)
        .partition(": use ")[2]
        .partition(", or leave")[0]
        .replace(" or ", ", ")
        .split(", ")
    )
    assert set(named) == set(ALL) - {*NEEDS_BOUNDARIES, "naive", "joint"}


@pytest.mark.parametrize(
    "schedule",
    [
        Schedule(epochs=3, batch_size=10),
        Schedule(iterations=12, batch_size=10),
        Schedule(batch_size=10, online=10),
    ],
)
def test_a_method_that_trains_once_is_evaluated_once(schedule: Schedule) -> None:
    """Its metrics, and those of optional measurements, are those of a single row."""
    outcome = run("joint", replace(toy(schedule=schedule), measures=Measures(track=3, probe=True)))
    matrix: Any = outcome.curves["accuracy_matrix"]
    within: Any = outcome.curves["accuracy_within"]
    assert [len(row) for row in matrix] == [2]
    assert outcome.metrics == recomputed(outcome.curves)
    given = {name for name, value in outcome.metrics.items() if value is not None}
    assert given == {"accuracy", "probe_accuracy"}
    assert all(None not in row for row in within)
    assert within[-1][1:] == pytest.approx(matrix[0])


REPLAY = ("er", "er-ace", "er-compressed", "er-lossy", "a-gem", "der-plus-plus", "latent-replay")


@pytest.mark.parametrize("name", REPLAY)
def test_replay_methods_run_online_within_their_budget(name: str) -> None:
    outcome = run(name, toy(schedule=Schedule(batch_size=10, online=10)), budget=400)
    assert outcome.cost.buffer_bytes <= 400
    assert len(outcome.curves["accuracy_matrix"]) == 2


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("naive", {}, 3 * 60 + 3 * 60),
        ("joint", {}, 3 * 120),
        ("cumulative", {}, 3 * 60 + 3 * 120),
        (
            "er",
            {},
            3 * 60 + 2 * 3 * 60,
        ),  # as many stored samples as new ones, from the second experience on
        ("a-gem", {}, 3 * 60 + 2 * 3 * 60),
        ("icarl", {}, 3 * 60 + 2 * 3 * 60),
        ("generative-replay", {}, 3 * 60 + 2 * 3 * 60),
        ("generative-classifier", {}, 2 * 3 * 60),
        ("er-ace", {}, 10 + 2 * (2 * 3 * 60 - 10)),  # from the second step on
        ("latent-replay", {}, 3 * 60 + 2 * 3 * 60),
        ("memnet", {}, 2 * 3 * 60),
        ("memnet", {"encoder": "learned"}, 3 * 60 + 2 * 3 * 60),
        (
            "der-plus-plus",
            {},
            10 + 3 * (2 * 3 * 60 - 10),
        ),  # two draws of as many samples, from the second step on
        ("gdumb", {"passes": 6}, 6 * 60 + 6 * 120),
        (
            "slda",
            {"features": "model"},
            3 * 60 + 2 * 60,
        ),  # steps in the first experience, and each sample once
        ("slda", {}, 2 * 60),
        ("ridge", {}, 2 * 60),
        ("ridge-slots", {}, 2 * 60),
    ],
)
def test_every_processed_sample_is_counted(
    name: str, options: dict[str, Any], expected: int
) -> None:
    """Three epochs of two experiences of 60 samples, 10 at a time."""
    assert run(name, toy(), **options).cost.train_examples == expected


@pytest.mark.parametrize("name", BUDGETED)
def test_stored_bytes_fill_the_budget(name: str) -> None:
    for budget in (200, 1000):
        stored = run(name, toy(epochs=1), budget=budget).cost.buffer_bytes
        assert budget - 100 < stored <= budget


@pytest.mark.parametrize("name", BUDGETED)
def test_a_budget_without_a_sample_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="budget"):
        run(name, toy(epochs=1), budget=20)


@pytest.mark.parametrize("name", SIZED)
def test_a_size_without_a_sample_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="mem_size"):
        run(name, toy(epochs=1), mem_size=0)


@pytest.mark.parametrize("name", SIZED)
@pytest.mark.parametrize("shares", ["reservoir", "balanced", "per-class"])
def test_a_method_is_refused_when_built_or_stores_something(name: str, shares: str) -> None:
    """Capacities from nothing to one sample per class; no method may silently store nothing."""
    names = {option.name for option in Registry("method").get(name).source.options}
    options = {"shares": shares} if "shares" in names else {}
    stream = toy(epochs=1)
    for size in ({"mem_size": n} for n in (1, 2, 3, 4, 30)):
        try:
            strategy = built(name, stream, **options, **size)
        except UsageError:
            assert size["mem_size"] < 30
            continue
        strategy.train(stream.benchmark.train_stream[0])
        (plugin,) = [plugin for plugin in strategy.plugins if isinstance(plugin, StoresPast)]
        stored = len(plugin.buffer) if hasattr(plugin, "buffer") else plugin.memory.bank.occupied
        assert stored if isinstance(stored, int) else bool(stored.any())


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("ewc", {"samples": 0}),
        ("gdumb", {"passes": 0}),
        ("latent-replay", {"code": 0}),
        ("latent-replay", {"hidden": 0}),
    ],
)
def test_a_size_with_which_a_method_does_nothing_is_refused(
    name: str, options: dict[str, int]
) -> None:
    (option,) = options
    with pytest.raises(UsageError, match=f"{option} = 0: give at least {option}=1"):
        built(name, toy(), **options)


def test_the_least_memory_of_memnet_is_named_and_works() -> None:
    with pytest.raises(UsageError, match="fewer than 4 classes: give at least budget=") as refusal:
        built("memnet", toy(), budget=50)
    least = int(re.findall(r"budget=(\d+)", str(refusal.value))[0])
    assert len(built("memnet", toy(), budget=least).model.bank.links) == 4
    with pytest.raises(UsageError, match="fewer than 4 classes"):
        built("memnet", toy(), budget=least - 1)


OTHER = {
    "code": 16,
    "hidden": 50,
    "top_k": 3,
    "reconstruction_weight": 7.0,
    "neighbour_weight": 0.25,
    "trust": 0.6,
}
"""Options that er-encoder shares with memnet, at values other than the defaults."""


@pytest.mark.parametrize("options", [{}, OTHER], ids=["defaults", "other"])
@pytest.mark.parametrize(
    "stored",
    [{"budget": 2_000}, {"budget": 400_000}, {"mem_size": 200}],
    ids=["2k", "400k", "samples"],
)
def test_er_encoder_and_memnet_resolve_shared_options_equally(
    options: dict[str, Any], stored: dict[str, int]
) -> None:
    one, two = (load(name).Config for name in ("er-encoder", "memnet"))
    shared = {field.name for field in fields(one)} & {field.name for field in fields(two)} - {
        "budget",
        "mem_size",
    }
    assert shared == set(OTHER)
    ours = built("er-encoder", toy(), **options, **stored).model.config
    theirs = built("memnet", toy(), encoder="learned", **options, **stored).model.config
    for name in (*sorted(shared), "temperature"):
        assert (
            getattr(ours, name) == options.get(name, getattr(theirs, name)) == getattr(theirs, name)
        ), name


def test_every_method_has_a_title_of_its_own() -> None:
    titles = [entry.source.facts.get("TITLE") for entry in Registry("method")]
    assert None not in titles
    assert len(set(titles)) == len(titles)
    bounds = {entry.name for entry in Registry("method") if entry.role == "bound"}
    assert bounds == {"cumulative", "joint", "naive"}
