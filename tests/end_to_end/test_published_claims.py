"""The published claims: they can be run, and their verdicts are those of the records."""

import re
from pathlib import Path

import pytest

from benchmarks.planning.catalog import Catalog
from benchmarks.planning.earlier_versions import earlier_versions
from benchmarks.planning.jobs import Planner
from benchmarks.planning.set_options import Settings
from reports.analysis.claims import SAME_RUN, Claim, judgements, read_claims
from results.store.store import Store

PUBLISHED = Path(__file__).parents[2] / "results" / "published"
CLAIMS = read_claims((PUBLISHED / "CLAIMS.md").read_text())


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


def test_tasks_are_judged_by_their_primary_metric_or_the_hit_rate(catalog: Catalog) -> None:
    for claim in CLAIMS:
        entry = catalog.benchmark(claim.benchmark.partition("[")[0])
        if entry.kind == "task":
            assert claim.metric in (entry.source.facts["PRIMARY"], "hit_rate"), claim


def test_verdicts_are_those_of_the_records(catalog: Catalog) -> None:
    records = list(Store(PUBLISHED))
    outdated = earlier_versions((record.cell for record in records), catalog)
    found = judgements(CLAIMS, [record for record in records if record.id not in outdated])
    assert {one.claim: one.verdict for one in found} == {claim: claim.verdict for claim in CLAIMS}


def test_each_claim_has_a_sentence() -> None:
    text = (PUBLISHED / "CLAIMS.md").read_text()
    assert {claim.claim for claim in CLAIMS} == set(re.findall(r"^- \*\*(\w+)\. ", text, re.M))
