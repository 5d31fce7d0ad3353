"""Options that do not fit together are refused before any cell runs."""

from pathlib import Path

import numpy as np
import pytest

from baselines.registry import Registry
from benchmarks.cli.plan_options import plan_from
from benchmarks.execution import check_builds as subject
from benchmarks.execution.check_jobs import check as check_jobs
from results.errors import UsageError
from tests.benchmarks.execution.wee_cells import WEE, environment


def check(
    name: str,
    models: str = "lstm",
    methods: str | None = None,
    *settings: str,
    root: Path = Path("nowhere"),
    seeds: str = "1",
    **budgets: str,
) -> None:
    found = plan_from(
        name, models, methods, seeds, list(settings), list(WEE), data_root=root, **budgets
    )
    check_jobs(found.jobs, environment(root))


@pytest.mark.parametrize(
    ("methods", "setting", "message"),
    [
        ("naive", "experiences=11", "split-digits: 10 classes .*choose 1 to 10"),
        ("naive", "epochs=0", "split-digits: epochs = 0 must be at least 1"),
        ("naive", "batch_size=-2", "split-digits: batch_size = -2 must be at least 1"),
        ("naive", "iterations=-1", "iterations and online at least 0"),
        ("naive", "track=-1", "track=-1 must be a number of steps, or 0"),
        ("er[mem_size=9,shares=per-class]", "epochs=1", "in 10 equal shares, one per class"),
        ("er[budget=5]", "epochs=1", "with lstm and er.budget=5.: .*can't hold a sample"),
        ("naive,ewc", "online=10", "with lstm and ewc: .*has no task boundaries"),
        ("memnet[budget=10]", "epochs=1", r"with lstm and memnet.budget=10.: "),
        ("er[total_budget=1000]", "epochs=1", "the parameters alone are"),
    ],
)
def test_combination_on_a_stream_is_refused(methods: str, setting: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check(
            "split-digits", "lstm" if methods != "memnet" else "memnet[slots=0]", methods, setting
        )


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("steps=-4", "wee: steps = -4 must be at least 1"),
        ("batch_size=0", "wee: batch_size = 0 must be at least 1"),
        ("streams=0", "wee: streams = 0 must be at least 1"),
        ("model.width=-1", r"wee with scripted\[width=-1\] can't be built .*negative dimension"),
    ],
)
def test_combination_on_a_task_is_refused(setting: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check("wee", "scripted", None, setting)


def test_a_mini_batch_larger_than_the_memory_is_refused_while_planning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A sequence of `wee` has six tokens and a target of 8 bytes, and four logits of 4 bytes."""
    monkeypatch.setattr(subject, "machine_bytes", lambda: 72 * 1000)
    check("wee", "scripted", None, "batch_size=1000")
    with pytest.raises(UsageError, match=r"wee: batch_size = 1001 .* smaller batch_size"):
        check("wee", "scripted", None, "batch_size=1001")


def test_a_method_that_does_not_fit_in_memory_is_refused_while_planning() -> None:
    with pytest.raises(UsageError, match=r"there is not enough memory, .* choose smaller sizes"):
        check("split-digits", "mlp", "ridge[count=10000000]")


@pytest.mark.parametrize(
    "method", ["ewc[samples=1000000000]", "gdumb[passes=1000000000]", "ridge[count=1000000000]"]
)
def test_a_size_beyond_all_use_is_refused_by_name(method: str) -> None:
    with pytest.raises(UsageError, match=r"\] = 1000000000 is too large: it takes at most"):
        check("split-digits", "mlp", method)


def test_method_for_images_is_refused_on_features(tmp_path: Path) -> None:
    inputs = np.random.default_rng(0).normal(size=(40, 6, 3)).astype(np.float32)
    np.savez(tmp_path / "flowers.npz", inputs=inputs, labels=np.arange(40) % 4)
    with pytest.raises(
        UsageError, match=r"from-folder with lstm and er-compressed: .*use method er"
    ):
        check(
            "from-folder",
            "lstm",
            "er,er-compressed",
            "data=flowers",
            "experiences=2",
            root=tmp_path,
        )


def test_every_distinct_benchmark_is_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    attempt = subject._attempt
    monkeypatch.setattr(
        subject,
        "_attempt",
        lambda job, what, build: (built.append(what), attempt(job, what, build))[1],
    )
    check("split-digits", "lstm", "naive,er", seeds="3")
    assert built == [
        "split-digits",
        "split-digits with lstm and naive",
        "split-digits with lstm and er",
    ]


METHOD_OPTIONS = [
    f"{entry.name}[{option.name}=-1]"
    for entry in Registry("method")
    for option in entry.source.options
    if isinstance(option.default, int | float)
    and not isinstance(option.default, bool)
    and not option.default < 0  # below 0, MemNet estimates its weight of corrections
]


@pytest.mark.parametrize("method", METHOD_OPTIONS)
def test_negative_option_of_a_method_is_refused(method: str) -> None:
    with pytest.raises(UsageError, match=r"must be|give at least|choose one of"):
        check("split-digits", "mlp", method)


@pytest.mark.parametrize(
    "method",
    [
        "memnet[top_k=0]",
        "memnet[hidden=0]",
        "memnet[trust=1.5]",
        "memnet[temperature=inf]",
        "er-encoder[top_k=0]",
        "er-encoder[hidden=0]",
        "er-encoder[trust=1.5]",
        "lwf[temperature=0]",
        "si[damping=0]",
        "slda[shrinkage=0]",
        "ewc[strength=nan]",
    ],
)
def test_option_out_of_its_range_is_refused(method: str) -> None:
    with pytest.raises(UsageError, match=r"must be|finite"):
        check("split-digits", "mlp", method)
