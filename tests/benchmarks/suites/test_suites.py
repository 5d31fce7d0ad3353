"""The built-in suites: each can be planned and compares what it states."""

from functools import cache
from itertools import pairwise

import pytest

from baselines.interface import Signature
from baselines.registry import Entry
from benchmarks.checks import suites
from benchmarks.checks.rule import Case, Rule
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.plan import Plan, make_plan
from benchmarks.planning.request import Request
from benchmarks.planning.variant import base_name
from benchmarks.suites import (
    ablation,
    forgetting_dynamics,
    ladder,
    long_dependency,
    task_shift,
)

CATALOG = Catalog.read()
MATCHED = 0.05
"""Maximum relative difference of the sizes of models at matched parameters."""


ENTRIES = [*CATALOG.tasks, *CATALOG.streams, *CATALOG.suites]


@cache
def plan(name: str, profile: str | None = None) -> Plan:
    return make_plan(CATALOG, Request(name=name, profile=profile))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_title_and_version_are_literals(entry: Entry) -> None:
    facts = entry.source.facts
    assert str(facts["VERSION"]).isdigit()
    assert isinstance(facts["TITLE"], str)
    assert facts["TITLE"] == facts["TITLE"].strip()
    assert 3 < len(facts["TITLE"]) < 50


def test_titles_are_unique() -> None:
    titles = [entry.source.facts["TITLE"].casefold() for entry in ENTRIES]
    assert len(set(titles)) == len(titles) >= 25


@pytest.mark.parametrize("rule", suites.PLANNING_RULES, ids=lambda rule: rule.name)
@pytest.mark.parametrize("entry", list(CATALOG.suites), ids=lambda entry: entry.name)
def test_suite_fulfils_contract(entry: Entry, rule: Rule) -> None:
    rule.check(Case(entry=entry))


@pytest.mark.parametrize(("stream", "side"), [("split-digits", 8), ("split-mnist", 28)])
def test_sequence_models_have_matched_parameters(stream: str, side: int) -> None:
    signature = Signature(features=side, length=side, outputs=10)
    jobs = [
        job
        for job in plan("task-shift").jobs
        if job.cell.benchmark == stream and job.cell.seed == 0 and job.cell.method == "naive"
    ]
    chosen = {job.cell.model: job for job in jobs if job.cell.model in task_shift.MATCHED_MODELS}
    assert set(chosen) == set(task_shift.MATCHED_MODELS)
    sizes = []
    for job in chosen.values():
        module = job.model.load()
        sizes.append(
            sum(
                parameter.numel()
                for parameter in module.build(
                    module.Config(**job.cell.config["model"]), signature
                ).parameters()
            )
        )
    assert max(sizes) <= (1 + MATCHED) * min(sizes), sizes


TASKS = set(CATALOG.tasks.names()) - {
    member.benchmark for member in forgetting_dynamics.SUITE.members
}
"""Tasks of the suite `long-dependency`; `forgetting-dynamics` has one of its own."""


def test_every_stream_has_each_model_alone_with_replay_and_with_memory() -> None:
    found: dict[str, set[tuple[str, str]]] = {}
    for job in plan("task-shift").jobs:
        if job.cell.seed == 0:
            pair = (base_name(job.cell.model), base_name(job.cell.method))
            found.setdefault(job.cell.benchmark, set()).add(pair)
    assert len(found) == 7
    models, methods = ("memnet", "transformer", "lstm", "mlp"), ("naive", "er", "memnet")
    for pairs in found.values():
        assert pairs >= {(model, method) for model in models for method in methods}


@pytest.mark.parametrize("scenario", ["domain", "task"])
def test_a_suite_per_scenario(scenario: str) -> None:
    jobs = plan(f"task-shift-{scenario}").jobs
    assert len({job.cell.benchmark for job in jobs}) >= 4
    assert all(job.cell.config["benchmark"]["scenario"] == scenario for job in jobs)


def test_long_dependency_has_every_task_and_every_model_that_reads_it() -> None:
    """Models of samples of a single length (`mlp`, `cnn`) can't run on tasks."""
    models = {
        entry.name for entry in CATALOG.models if entry.source.facts.get("INPUTS") != ("samples",)
    }
    members = long_dependency.TASKS
    assert all(member in long_dependency.SUITE.members for member in members)
    assert {member.benchmark for member in members} == TASKS
    assert all({base_name(model) for model in member.models} == models for member in members)


def test_long_dependency_has_controls_of_memnets_initial_values_on_every_task() -> None:
    controls = [member for member in long_dependency.SUITE.members if member.role == "control"]
    assert {member.benchmark for member in controls} == TASKS
    assert all(
        set(member.models)
        == {"delta-rule[init=mimetic]", "mamba[init=mimetic]", "memnet[init=plain]"}
        for member in controls
    )


def test_ablation_covers_every_switch_of_memnet() -> None:
    switches = {
        option.name
        for option in CATALOG.models.get("memnet").source.options
        if option.annotation == "bool"
    }
    assert switches >= {"hebbian", "dreaming", "meta_policy", "hallucination", "serial"}
    without = {f"memnet[{switch}=false]" for switch in switches}
    tasks = [member for member in ablation.SUITE.members if not member.methods]
    assert tasks
    assert all({"memnet", *without} <= set(member.models) for member in tasks)


def test_each_rung_of_the_ladder_adds_one_mechanism() -> None:
    planned = {job.cell.config["model"]["init"]: job for job in plan("ladder").jobs}
    assert set(planned) == {"mimetic", "plain"}
    options = [dict(part.split("=") for part in rung[7:-1].split(",")) for rung in ladder.RUNGS]
    assert options[0] == dict(ladder.MECHANISMS)
    for fewer, more in pairwise([*options, {}]):
        assert len(fewer.items() - more.items()) == 1
        assert more.items() <= fewer.items()
    tasks = {member.benchmark: member.models for member in ladder.SUITE.members}
    assert len(tasks) == 12
    assert set(tasks.values()) == {ladder.LADDER_MODELS}
