"""Names of mechanisms belong to options that MemNet and its method have."""

from baselines.registry import Registry
from benchmarks.suites import ablation
from reports.tables.mechanisms import MECHANISM_TITLES, mechanism


def test_options_of_the_suite_of_ablations_have_names() -> None:
    for name in (*ablation.WITHOUT[1:], *ablation.PERSISTENT_WITHOUT[1:]):
        assert mechanism("memnet", name.partition("[")[2].removesuffix("]")), name


def test_other_models_and_options_have_no_mechanism() -> None:
    assert mechanism("memnet[heads=1]", "sparsity_weight=0.0") == "the penalty on writing"
    assert mechanism("memnet", "hops=3") == ""
    assert mechanism("mine", "hops=1") == ""


def test_names_of_options_exist_today_or_in_published_records() -> None:
    today = {
        option.name
        for kind in ("model", "method")
        for option in Registry(kind).get("memnet").source.options
    }
    assert {one.partition("=")[0] for one in MECHANISM_TITLES} - today <= {
        "training_slots",
        "anchor_weight",
        "neighbour_weight",
        "trust",
    }
