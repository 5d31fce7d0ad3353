from collections.abc import Callable

from reports.analysis.selection import select
from reports.site.front import counts, render
from reports.site.lines import lines
from reports.site.reproduce import script
from results.store.store import Store
from tests.reports.conftest import (
    STREAM,
    TASK,
    cell,
    failed_record,
    manifest,
    stream_record,
    task_record,
)

Fill = Callable[..., Store]


def test_counts_are_singular_or_plural_and_omit_zeros(fill: Fill) -> None:
    one = [task_record(cell("memnet", 0), [0.5])]
    more = [*one, task_record(cell("lstm", 0), [0.5]), failed_record(cell("lstm", 1))]
    assert counts(select(fill(*one, name="one"))) == [
        ("benchmark", 1),
        ("model", 1),
        ("finished cell", 1),
    ]
    assert counts(select(fill(*more, name="more"))) == [
        ("benchmark", 1),
        ("models", 2),
        ("finished cells", 2),
        ("failed", 1),
    ]


def test_the_list_of_models_has_titles_with_names(fill: Fill) -> None:
    selection = select(fill(task_record(cell("memnet[hops=1]", 0), [0.5])))
    models = render(selection, lines(selection)).partition('id="models"')[2]
    assert '">memnet, hops 1</a> <small class="raw">memnet[hops=1]</small>' in models


def test_filters_show_titles_and_keep_the_names_in_records(fill: Fill) -> None:
    records = [
        task_record(cell("memnet", 0), [0.5]),
        stream_record(cell("mlp", 0, benchmark="split-digits", method="er[budget=2000]"), [[0.9]]),
    ]
    plan = manifest([one.cell for one in records], TASK, STREAM)
    plan = plan.model_copy(update={"title": "A first look"})
    plan = plan.model_copy(
        update={"benchmarks": (TASK.model_copy(update={"title": "Delayed recall"}), STREAM)}
    )
    selection = select(fill(*records, manifests=(plan,)))
    page = render(selection, lines(selection))
    for option in (
        '<option value="quick">A first look</option>',
        '<option value="delayed-recall">Delayed recall</option>',
        '<option value="er[budget=2000]">er, 2.0 kB stored</option>',
    ):
        assert option in page
    assert '<option value="supervised">' not in page


def test_run_it_begins_with_one_command_and_folds_the_others(fill: Fill) -> None:
    selection = select(fill(task_record(cell("memnet", 0), [0.5])))
    part = render(selection, lines(selection)).partition('id="reproduce"')[2]
    one, _, folded = part.partition("<details>")
    assert "sh reproduce.sh" in one
    assert "memnet run delayed-recall" not in one
    assert "Its 1 command," in folded
    command = "memnet run delayed-recall --models memnet --seeds 0, --set train_length=128"
    assert command in folded
    text = script(selection)
    assert text.startswith("#!/bin/sh\n")
    assert f"\nset -e\n{command}" in text
    assert text.endswith("\nmemnet report\n")
