"""Roles and titles of rows, from manifests."""

import pytest

from reports.analysis.roles import Descriptions, descriptions
from reports.analysis.titles import variant_title
from results.records.manifest import Described, Manifest
from results.records.roles import Role


def manifest(models: tuple[Described, ...], methods: tuple[Described, ...] = ()) -> Manifest:
    return Manifest(name="m", benchmarks=(), models=models, methods=methods, cells=())


@pytest.mark.parametrize(
    ("model", "method", "expected"),
    [
        ("reference", "reference", "reference"),
        ("reference", "bound", "bound"),
        ("control", "bound", "bound"),
        ("size", "control", "size"),
        ("ablation", "budget", "ablation"),
        ("reference", "budget", "budget"),
        ("budget", "control", "control"),
        ("budget", "bound", "bound"),
    ],
)
def test_a_stream_s_row_has_the_role_that_sets_it_apart(
    model: Role, method: Role, expected: Role
) -> None:
    found = Descriptions(roles={("model", "a"): model, ("method", "b"): method})
    assert found.role("a", "b", on_stream=True) == expected
    assert found.role("a", "b", on_stream=False) == model


def test_without_a_manifest_a_name_with_options_is_a_variant() -> None:
    assert Descriptions().role("a[b=1]", "supervised", on_stream=False) == "ablation"
    assert Descriptions().role("a", "supervised", on_stream=False) == "reference"


@pytest.mark.parametrize(
    ("method", "declared", "expected"),
    [
        ("joint", None, "bound"),
        ("naive", None, "bound"),
        ("er-encoder", None, "control"),
        ("er-encoder[budget=9000]", None, "control"),
        ("er-encoder[budget=9000]", "budget", "control"),
        ("er-encoder[form=deflated]", "reference", "control"),
        ("er-encoder[form=deflated]", "ablation", "ablation"),
        ("er[budget=9000]", None, "budget"),
        ("er[budget=9000]", "budget", "budget"),
        ("er[budget=9000,form=raw]", None, "ablation"),
    ],
)
def test_a_control_or_bound_is_one_in_any_manifest_and_at_any_budget(
    method: str, declared: Role | None, expected: Role
) -> None:
    """Manifests before schema 6 state no role, and some of schema 6 state that of a budget."""
    found = descriptions([manifest((), (Described(name=method, role=declared),))])
    assert found.role("mlp", method, on_stream=True) == expected


def test_a_plugin_s_control_is_one_at_any_budget() -> None:
    methods = (Described(name="mine", role="control"), Described(name="mine[budget=1]"))
    found = descriptions([manifest((), methods)])
    assert found.role("mlp", "mine[budget=1]", on_stream=True) == "control"


def test_titles_and_roles_come_from_the_first_manifest() -> None:
    one = manifest((Described(name="a[b=1]", title="A model", role="size"),))
    two = manifest((Described(name="a", title="Another title", role="control"),))
    found = descriptions([one, two])
    assert found.role("a[b=1]", "", on_stream=False) == "size"
    assert found.role("a (0.01)", "", on_stream=False) == "control"
    assert found.title("model", "a") == "A model"
    assert found.title("model", "a[b=1,c=2]") == "A model, b=1, c=2"
    assert found.title("method", "er") == "er"


def test_a_variant_s_title_spells_out_its_options() -> None:
    name = "split-mnist[protocol=vandeven2022,scenario=class]"
    expected = "Split MNIST, protocol of van de Ven et al. 2022, class-incremental"
    assert variant_title("Split MNIST", name) == expected
    assert variant_title("", "t[train_length=64]") == "t, train length 64"
    assert variant_title("Induction", "induction[furthest=1048576]") == (
        "Induction, furthest 1,048,576"
    )
