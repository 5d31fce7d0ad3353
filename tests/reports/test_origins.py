from collections.abc import Callable

from reports.origins import commands, origins, seed_text
from reports.selection import select
from results.store import Store
from tests.reports.conftest import STREAM, TASK, cell, manifest, provenance, task_record

Fill = Callable[..., Store]


def test_what_differs_is_flagged(fill: Fill) -> None:
    first, second = (task_record(cell("memnet", seed), [0.5]) for seed in (0, 1))
    other = second.model_copy(update={"provenance": provenance(cpu="Another CPU", dirty=True, packages={"torch": "2.9.0"})})
    facts = {fact.name: fact for fact in origins(select(fill(first, other)))}
    assert facts["CPU"].values == (("A CPU", 1), ("Another CPU", 1))
    assert facts["CPU"].warning
    assert facts["numpy"].values == (("2.4.6", 1), ("not installed", 1))
    assert not facts["torch"].warning
    assert "commit alone" in facts["uncommitted changes"].warning


def test_no_records_no_facts(fill: Fill) -> None:
    assert origins(select(fill())) == []


def test_commands_of_a_suite_and_of_a_stream(fill: Fill) -> None:
    suite = manifest([cell("memnet", seed) for seed in (0, 1)] + [cell("lstm", seed) for seed in (0, 1)], TASK, name="quick")
    rows = [("memnet", "naive"), ("memnet", "memnet"), ("lstm", "naive"), ("mlp[a=1]", "naive")]
    stream = manifest([cell(model, 4, benchmark="split-digits", method=method) for model, method in rows], STREAM, name="split-digits")
    assert commands(select(fill(manifests=(suite, stream)))) == [
        "memnet run quick --models memnet,lstm --seeds 0-1",
        "memnet run split-digits --models memnet --methods naive,memnet --seeds 4,",
        "memnet run split-digits --models 'lstm,mlp[a=1]' --methods naive --seeds 4,",
    ]


def test_seeds_as_the_command_takes_them() -> None:
    assert [seed_text(seeds) for seeds in ([2, 0, 1], [1, 4, 7], [5])] == ["0-2", "1,4,7", "5,"]
