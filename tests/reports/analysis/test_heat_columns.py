"""The front page's tables prefer official options, and name what they leave out."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from reports.analysis.heat import Heat, heat_tables
from reports.analysis.heat_columns import LeftOut, columns
from reports.analysis.selection import select
from reports.analysis.subjects import Subject
from reports.site import front
from reports.site.lines import lines
from results.records.record import Record
from results.store.store import Store
from tests.reports.conftest import STREAM, TASK, cell, manifest, stream_record, task_record

Fill = Callable[..., Store]
DEFAULT = 128
"""Default of an option."""

SHORT = 16
"""Its value in a short first look."""


def task_rows(model: str, seeds: int, *, length: int = DEFAULT) -> list[Record]:
    cells = [cell(model, seed, benchmark=TASK.name, length=length) for seed in range(seeds)]
    return [task_record(one, [0.5]) for one in cells]


def stream_rows(*methods: str, length: int = DEFAULT) -> list[Record]:
    return [
        stream_record(
            cell("mlp", 0, benchmark=STREAM.name, method=method, length=length), [[0.9, 0.1]]
        )
        for method in methods
    ]


def store(fill: Fill, records: Sequence[Record]) -> Store:
    """Return a store whose manifest knows the default."""
    known = {"defaults": {"train_length": DEFAULT}}
    members = (TASK.model_copy(update=known), STREAM.model_copy(update=known))
    return fill(*records, manifests=(manifest([one.cell for one in records], *members),))


def only(heats: list[Heat]) -> Heat:
    [heat] = heats
    return heat


def test_a_task_s_column_has_the_default_options(fill: Fill) -> None:
    records = [*task_rows("lstm", 1)]
    for model in ("lstm", "gru", "mamba"):
        records += task_rows(model, 3, length=SHORT)
    selection = select(store(fill, records))
    heat = only(heat_tables(selection))
    assert [subject.name for subject in heat.subjects] == [f"{TASK.name}[train_length=128]"]
    [(other, count)] = heat.left_out.variants
    assert (other.name, count, heat.left_out.rows) == (f"{TASK.name}[train_length=16]", 3, 0)
    page = front.render(selection, lines(selection))
    assert "Not in this table, but in the leaderboard and on pages of their own" in page
    assert "delayed-recall, train length 16</a> (3 rows).</p>" in page


def test_options_of_a_suite_are_as_good_as_the_defaults(fill: Fill) -> None:
    records = [*task_rows("lstm", 1), *task_rows("lstm", 1, length=SHORT)]
    selection = select(store(fill, [*records, *task_rows("gru", 1, length=SHORT)]))
    heat = only(heat_tables(replace(selection, official={TASK.name: [{"train_length": SHORT}]})))
    assert [subject.name for subject in heat.subjects] == [f"{TASK.name}[train_length=16]"]


def test_methods_with_other_options_are_left_out_in_words(fill: Fill) -> None:
    records = [*stream_rows("naive", "er"), *stream_rows("si", "lwf", "er", "naive", length=SHORT)]
    selection = select(store(fill, [*records, *stream_rows("er[mem_size=20]")]))
    heat = only(heat_tables(selection))
    assert {row.title for row in heat.rows} == {"er", "naive"}
    [(other, count)] = heat.left_out.variants
    assert (other.name, count, heat.left_out.rows) == (f"{STREAM.name}[train_length=16]", 4, 1)
    page = front.render(selection, lines(selection))
    assert "split-digits, train length 16</a> (4 rows).</p>" in page
    assert "1 row of other options of models and methods, such as sizes, budgets and" in page


def test_of_two_rows_of_equal_names_the_one_with_most_seeds_is_shown(fill: Fill) -> None:
    few, many = (
        [task_record(cell("lstm", seed, version=version), [score]) for seed in range(count)]
        for version, count, score in (("1", 2, 0.9), ("2", 4, 0.2))
    )
    for records in ([*few, *many], [*many, *few]):
        heat = only(heat_tables(select(fill(*records))))
        assert [row.scores[TASK.name].mean for row in heat.rows] == [0.2]
        assert heat.left_out == LeftOut((), 1)


def test_without_official_options_every_variant_of_a_stream_with_several_rows_is_a_column(
    fill: Fill,
) -> None:
    selection = select(
        fill(*stream_rows("a", "b", "c"), *stream_rows("a", "b", "c", "d", length=SHORT))
    )
    rows = {subject: selection.of(subject) for subject in selection.subjects}
    [long, short] = selection.subjects
    assert columns(rows, {long: 0, short: 0}) == [long, short]
    assert columns(rows, {long: 1, short: 0}) == [long]
    assert columns(rows, {long: 0, short: 2}) == [short]
    assert columns(rows, {long: 1, short: 2}) == [long, short]
    empty = Subject("s", "stream", benchmark="s")
    assert columns({empty: ()}, {empty: 0}) == []
    old = [replace(entry, earlier=True) for entry in rows[short]]
    assert columns({long: rows[long], short: old}, {long: 0, short: 2}) == [long, short]
