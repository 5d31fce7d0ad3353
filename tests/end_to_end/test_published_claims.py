"""The published claims: they can be run, and their verdicts are those of the records."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from benchmarks.planning.catalog import Catalog
from benchmarks.planning.earlier_versions import earlier_versions
from benchmarks.planning.jobs import Planner
from benchmarks.planning.plan import make_plan
from benchmarks.planning.request import Request
from benchmarks.planning.set_options import Settings
from reports.analysis.claims import CONFIRMED, REFUTED, SAME_RUN, UNDECIDED, Claim, read_claims
from reports.analysis.judgements import Judgement, claim_verdicts, judgements
from results.records.cell import SUPERVISED
from results.store.store import Store

PUBLISHED = Path(__file__).parents[2] / "results" / "published"
CLAIMS = read_claims((PUBLISHED / "CLAIMS.md").read_text())
FITTED = re.compile(r"(?<=^mlp)\[width=\d+\](?= / )|hidden=\d+,(?=total_budget)")
"""The widths that fit a total budget."""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.read()


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda one: f"{one.benchmark}: {one.control}")
def test_rows_and_options_of_a_claim_exist_under_their_full_names(
    claim: Claim, catalog: Catalog
) -> None:
    name, _, bracket = claim.benchmark.rstrip("]").partition("[")
    options = dict(part.split("=") for part in bracket.split(",") if part)
    protocol = options.pop("protocol", "fixed")
    planner = Planner(catalog, Settings(benchmark={**options, "protocol": protocol}))
    if catalog.benchmark(name).kind == "stream":
        planner = Planner(catalog, Settings(benchmark=options))
    rows = [claim.row] if claim.control.endswith(SAME_RUN) else [claim.row, claim.control]
    for row in rows:
        model, _, method = row.partition(" / ")
        cell = planner.again(name, model, method, seed=0).cell
        found = cell.model if not method else f"{cell.model} / {cell.method}"
        assert found == row, "the name of a record"


def test_suite_of_claims_plans_their_rows_and_no_others(catalog: Catalog) -> None:
    """MemNet and its variants have ten seeds on tasks, other models and streams five.

    The widths that fit a total budget need the data, and are left out of the comparison.
    """
    planned: dict[tuple[str, str], set[int]] = defaultdict(set)
    for job in make_plan(catalog, Request(name="claims")).jobs:
        cell = job.cell
        row = cell.model if cell.method == SUPERVISED else f"{cell.model} / {cell.method}"
        converged = cell.config["training"].get("protocol") == "converged"
        planned[f"{cell.benchmark}{' converged' * converged}", row].add(cell.seed)
    claimed: dict[tuple[str, str], int] = {}
    for claim in CLAIMS:
        name, _, bracket = claim.benchmark.partition("[")
        key = f"{name}{' converged' * ('protocol=converged' in bracket)}"
        stream = catalog.benchmark(name).kind == "stream"
        rows = [claim.row] if claim.control.endswith(SAME_RUN) else [claim.row, claim.control]
        for row in rows:
            many = row.startswith("memnet") and not stream
            claimed[key, FITTED.sub("", row)] = 10 if many else 5
    assert {key: len(seeds) for key, seeds in planned.items()} == claimed


def test_tasks_are_judged_by_their_primary_metric_or_the_hit_rate(catalog: Catalog) -> None:
    for claim in CLAIMS:
        entry = catalog.benchmark(claim.benchmark.partition("[")[0])
        if entry.kind == "task":
            assert claim.metric in (entry.source.facts["PRIMARY"], "hit_rate"), claim


@pytest.fixture(scope="module")
def judged(catalog: Catalog) -> list[Judgement]:
    """Return the judgement of each comparison by planned cells, in today's versions.

    On tasks no other record counts, so other rates and more seeds than planned can't decide.
    """
    records = list(Store(PUBLISHED))
    outdated = earlier_versions((record.cell for record in records), catalog)
    today = [record for record in records if record.id not in outdated]
    planned = {job.cell.id for job in make_plan(catalog, Request(name="claims")).jobs}
    streams = set(catalog.streams.names())
    return judgements(
        CLAIMS,
        [one for one in today if one.id in planned or one.cell.benchmark in streams],
    )


def test_verdicts_are_those_of_the_records(judged: list[Judgement]) -> None:
    wrong = {
        one.claim: (one.verdict, one.reason) for one in judged if one.verdict != one.claim.verdict
    }
    assert wrong == {}


def test_verdicts_of_whole_claims_are_those_of_the_records(judged: list[Judgement]) -> None:
    """The rule's paragraph ends with them."""
    text = " ".join((PUBLISHED / "CLAIMS.md").read_text().split())
    (stated,) = re.findall(r"Confirmed claims: ([^.]+)\. Refuted claims: ([^.]+)\.", text)
    verdicts = {claim.claim: UNDECIDED for claim in CLAIMS}
    for verdict, names in zip((CONFIRMED, REFUTED), stated, strict=True):
        verdicts |= dict.fromkeys([] if names == "none" else names.split(", "), verdict)
    assert claim_verdicts(judged) == verdicts


def test_each_claim_has_a_sentence() -> None:
    text = (PUBLISHED / "CLAIMS.md").read_text()
    assert {claim.claim for claim in CLAIMS} == set(re.findall(r"^- \*\*(\w+)\. ", text, re.M))
