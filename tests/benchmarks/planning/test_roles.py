import pytest

from benchmarks.planning.catalog import Catalog
from benchmarks.planning.jobs import Planner
from benchmarks.planning.plan import make_plan
from benchmarks.planning.request import Request
from benchmarks.planning.roles import role_of
from benchmarks.planning.set_options import Settings
from benchmarks.planning.suite import Member
from results.records.roles import ENTRY_ROLES, Role, split_budget

CATALOG = Catalog.read()
PLANNER = Planner(CATALOG, Settings())


@pytest.mark.parametrize(
    ("model", "declared", "role"),
    [
        ("memnet", None, "reference"),
        ("memnet", "ablation", "reference"),
        ("bigram", None, "control"),
        ("memnet[hebbian=false]", None, "ablation"),
        ("memnet[slots=12,sparsity_weight=0]", None, "ablation"),
        ("memnet[slots=12]", None, "size"),
        ("memnet[reuse=0.8]", None, "ablation"),
        ("memnet[chunk=32,heads=1,hebbian=false,slots=144]", "size", "size"),
        ("memnet[key_taps=1]", "ablation", "ablation"),
        ("token-memory[slots=40]", None, "control"),
        ("transformer[width=56]", "reference", "reference"),
    ],
)
def test_role_of_a_model(model: str, declared: Role | None, role: Role) -> None:
    assert role_of(PLANNER.model(model), declared) == role


@pytest.mark.parametrize(
    ("method", "role"),
    [
        ("er", "reference"),
        ("naive", "bound"),
        ("joint", "bound"),
        ("er-encoder", "control"),
        ("er[budget=9000]", "budget"),
        ("memnet[trust=0]", "ablation"),
        ("memnet[budget=9000,trust=0]", "ablation"),
        ("er-encoder[budget=9000]", "control"),
        ("er-encoder[total_budget=1000000]", "control"),
        ("er-encoder[budget=9000,form=deflated]", "control"),
        ("ridge-slots[budget=9000]", "control"),
    ],
)
def test_role_of_a_method(method: str, role: Role) -> None:
    assert role_of(PLANNER.method(method)) == role


def test_a_suite_does_not_make_a_control_a_reference() -> None:
    assert role_of(PLANNER.method("er-encoder[form=deflated]"), "reference") == "control"
    assert role_of(PLANNER.model("token-memory[slots=40]"), "reference") == "control"
    assert role_of(PLANNER.model("token-memory[slots=40]"), "size") == "size"


def test_manifests_without_roles_know_the_project_s_controls_and_bounds() -> None:
    """`results` imports no entries, so its table repeats their facts."""
    entries = (*CATALOG.models, *CATALOG.methods)
    assert {
        (entry.kind, entry.name): entry.role for entry in entries if entry.role != "reference"
    } == ENTRY_ROLES


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("er", ("er", None)),
        ("er[budget=9000]", ("er", "budget=9000")),
        ("er[budget=9000,form=raw]", ("er[form=raw]", "budget=9000")),
        ("er[hidden=64,total_budget=9000]", ("er[hidden=64]", "total_budget=9000")),
        ("er[mem_size=9000]", ("er[mem_size=9000]", None)),
    ],
)
def test_a_budget_is_split_from_the_name_of_a_method(
    method: str, expected: tuple[str, str | None]
) -> None:
    assert split_budget(method) == expected


def test_total_budget_is_a_budget() -> None:
    assert role_of(PLANNER.method("er[total_budget=1000000]")) == "budget"


def test_unknown_role_of_a_member_is_refused() -> None:
    with pytest.raises(ValueError, match="role = 'rival' must be one of reference"):
        Member(benchmark="copy", models=("lstm",), role="rival")  # type: ignore[arg-type]


def test_manifest_of_a_suite_has_version_titles_and_roles() -> None:
    manifest = make_plan(CATALOG, Request(name="ablation")).manifest()
    entry = CATALOG.runnable("ablation")
    assert (manifest.version, manifest.title) == (entry.version, entry.title)
    models = {one.name: one for one in manifest.models}
    assert models["memnet"].role == "reference"
    assert models["memnet[key_taps=1]"].role == "ablation"
    assert models["memnet[hebbian=false]"].role == "ablation"
    assert {one.name: one.role for one in manifest.methods}["memnet[dreams=0]"] == "ablation"
    assert models["memnet"].title == CATALOG.model("memnet").title
    assert all(one.title for one in manifest.benchmarks)


def test_manifest_of_a_task_has_no_version() -> None:
    manifest = make_plan(CATALOG, Request(name="copy", models=("bigram",))).manifest()
    assert manifest.version is None
    assert [one.role for one in manifest.models] == ["control"]
