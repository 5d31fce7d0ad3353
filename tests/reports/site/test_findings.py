from collections.abc import Callable

from reports.analysis.selection import select
from reports.site.findings import Finding, findings
from results.records.record import Record
from results.store.store import Store
from tests.reports.analysis.test_learning import trained
from tests.reports.conftest import TASK, cell, failed_record, manifest, stream_record, task_record

Fill = Callable[..., Store]


def finding(fill: Fill, *records: Record) -> Finding:
    [found] = findings(
        select(fill(*records, manifests=(manifest([record.cell for record in records], TASK),)))
    )
    return found


def scored(model: str, *scores: float) -> list[Record]:
    return [task_record(cell(model, seed), [score]) for seed, score in enumerate(scores)]


def test_a_significant_lead(fill: Fill) -> None:
    found = finding(
        fill,
        *scored("memnet", 0.9, 0.91, 0.92, 0.91, 0.91),
        *scored("lstm", 0.3, 0.32, 0.31, 0.31, 0.31),
    )
    assert found.claim == "memnet is best"
    assert "memnet reaches 0.910 ± 0.009 accuracy; lstm 0.310 ± 0.009." in found.detail
    assert "Chance level: 0.062." in found.detail


def test_a_lead_that_is_not_significant(fill: Fill) -> None:
    found = finding(
        fill,
        *scored("memnet", 0.9, 0.5, 0.7, 0.8, 0.6),
        *scored("lstm", 0.6, 0.65, 0.7, 0.6, 0.6),
    )
    assert found.claim == "Tie: memnet is not significantly better than lstm"
    assert "do not differ significantly" in found.detail


def test_few_common_seeds_are_not_tested(fill: Fill) -> None:
    found = finding(fill, *scored("memnet", *[0.9] * 4), *scored("lstm", *[0.1] * 6))
    assert found.claim == "memnet is ahead of lstm, not tested, with too few seeds"
    assert "(not tested: fewer than 5 common seeds)" in found.detail


FIXED = "No model that competes is significantly above chance after its fixed number of steps"


def test_no_model_above_chance(fill: Fill) -> None:
    scores = (0.05, 0.06, 0.10, 0.04, 0.11)
    assert finding(fill, *scored("memnet", *scores)).claim == FIXED
    assert finding(fill, *scored("lstm", 0.05)).claim == FIXED


def test_no_model_above_chance_at_convergence(fill: Fill) -> None:
    claim = finding(fill, trained(0, 0.0, 0.05, solved=False)).claim
    assert claim == "No model that competes is significantly above chance"


def test_few_seeds_above_chance_are_not_called_chance(fill: Fill) -> None:
    assert finding(fill, *scored("memnet", 0.9, 0.5, 0.1)).claim == "memnet is the only model"


def test_the_largest_distance_and_missing_seeds_are_named(fill: Fill) -> None:
    found = finding(
        fill, task_record(cell("memnet", 0), [1.0, 0.5]), failed_record(cell("memnet", 1))
    )
    assert "At the largest distance, 256 tokens: memnet 0.500." in found.detail
    assert "Missing seeds: memnet 1/2." in found.detail


def test_no_finished_seed(fill: Fill) -> None:
    assert finding(fill, failed_record(cell("memnet", 0))).claim == "No result yet"


def test_a_finished_seed_without_the_primary_metric(
    fill: Fill,
) -> None:
    of = cell("memnet", 0)
    near = of.model_copy(
        update={"config": {**of.config, "benchmark": {"train_length": 128, "furthest": 256}}}
    )
    record = task_record(near, [1.0, 0.5])
    member = TASK.model_copy(update={"primary": "accuracy_at_8192"})
    [found] = findings(select(fill(record, manifests=(manifest([near], member),))))
    assert found.claim == "Finished, but accuracy at 8,192 was not measured"
    assert found.detail == (
        "One seed has finished, without the primary metric. Measured: accuracy; accuracy at "
        "128, 256. It needs --set furthest=8192; these cells have furthest=256. "
        "At the largest distance, 256 tokens: memnet 0.500."
    )


def test_the_default_options_measure_other_primary_metrics(fill: Fill) -> None:
    record = task_record(cell("memnet", 0), [None])
    found = finding(fill, record, failed_record(cell("memnet", 1)))
    assert found.claim == "Finished, but accuracy was not measured"
    assert found.detail == (
        "One seed has finished, without the primary metric. Nothing else was measured. "
        "The benchmark's default options measure it. Missing seeds: memnet 1/2."
    )


def test_seeds_that_do_not_reach_nine_tenths_are_counted(fill: Fill) -> None:
    unsolved = finding(fill, *scored("gru", 0.5, 0.6)).detail
    assert "The task is not solved: no seed of gru reaches 0.9." in unsolved
    detail = finding(fill, *scored("memnet", 1.0, 1.0, 0.2, 0.95, 0.1)).detail
    assert "2 of 5 seeds of memnet fail to reach 0.9." in detail
    assert "fail" not in finding(fill, *scored("lstm", 1.0, 0.9)).detail


def test_one_seed_is_not_tested(fill: Fill) -> None:
    found = finding(fill, *scored("memnet", 0.9), *scored("lstm", 0.1))
    assert "(one seed: not tested)" in found.detail


def test_one_seed_against_several_establishes_nothing(fill: Fill) -> None:
    found = finding(fill, *scored("gru", 0.9), *scored("mamba", 0.1, 0.1))
    assert found.claim == "gru is ahead with one seed: not established"


def test_a_control_makes_no_claim_but_a_better_one_is_named(fill: Fill) -> None:
    levels = {"bigram": 0.9, "lstm": 0.8, "gru": 0.1}
    records = [
        task_record(cell(model, seed), [level + (seed if model != "gru" else 2 * seed) / 1000])
        for model, level in levels.items()
        for seed in range(5)
    ]
    [found] = findings(select(fill(*records)))
    assert found.claim == "lstm is best"
    assert "A control scores higher: bigram 0.902 ± 0.002." in found.detail
    [alone] = findings(select(fill(*records[:5], name="alone")))
    assert alone.claim == "bigram is the only model"
    assert "higher" not in alone.detail


def test_a_control_at_a_larger_budget_is_not_named(fill: Fill) -> None:
    levels = {
        "memnet[budget=9000]": 0.9,
        "er[budget=9000]": 0.8,
        "er-encoder[budget=9000]": 0.7,
        "er-encoder[budget=90000]": 0.99,
        "er[budget=90000]": 0.95,
    }
    records = [
        stream_record(cell("mlp", 0, benchmark="split-digits", method=method), [[level]])
        for method, level in levels.items()
    ]
    [found] = findings(select(fill(*records)))
    assert found.detail.startswith(
        "memnet, 9.0 kB stored reaches 0.900 accuracy; er, 9.0 kB stored 0.800 (one seed"
    )
    assert "Controls" not in found.detail
    assert "control" not in found.detail
