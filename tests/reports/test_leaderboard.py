import csv
import io
import json
import re
from collections.abc import Callable

import pytest

from reports.leaderboard import FORMATS, render
from results.errors import UsageError
from results.store import Store
from tests.reports.conftest import TASK, cell, failed_record, full, manifest, small, task_record

Fill = Callable[..., Store]

# memnet: 0.95 and 0.85, so 0.9 ± 12.706 · 0.05; lstm: 0.5 and 0.3, so 0.4 ± 12.706 · 0.1 (Student's t with one degree of freedom).
MARKDOWN = """\
| benchmark      |   # | model   | method     |         score |   chance \
| metric   |   seeds |   parameters |   state |   buffer |   training |
|:---------------|----:|:--------|:-----------|--------------:|---------:\
|:---------|--------:|-------------:|--------:|---------:|-----------:|
| delayed-recall |   1 | memnet  | supervised | 0.900 ± 0.635 |    0.062 \
| accuracy |     2/2 |       51,200 |  8.2 kB |      0 B |     12.5 s |
| delayed-recall |   2 | lstm    | supervised | 0.400 ± 1.271 |    0.062 \
| accuracy |     2/2 |       51,200 |  8.2 kB |      0 B |     12.5 s |
"""

CSV = """\
benchmark,kind,rank,model,method,setting,metric,mean,low,high,chance,seeds_ok,seeds_failed,seeds_planned,parameters,parameter_bytes,state_bytes,buffer_bytes,train_seconds,train_examples
delayed-recall,task,1,memnet,supervised,SETTING,accuracy,0.9,0.26469,1.53531,0.0625,2,0,2,51200,204800,8192,0,12.5,32000
delayed-recall,task,2,lstm,supervised,SETTING,accuracy,0.4,-0.87062,1.67062,0.0625,2,0,2,51200,204800,8192,0,12.5,32000
"""

LATEX_ROW = r" delayed-recall &   1 & memnet  & supervised & 0.900 $\pm$ 0.635 &    0.062 & accuracy &     2/2 & "


@pytest.fixture
def store(fill: Fill) -> Store:
    records, plan = small()
    return fill(*records, manifests=(plan,))


def test_markdown(store: Store) -> None:
    assert render(store, "md") == MARKDOWN


def test_csv(store: Store) -> None:
    text = render(store, "csv")
    [setting] = set(re.findall(r"supervised,([0-9a-f]{8}),", text))
    assert text == CSV.replace("SETTING", setting)


def test_latex(store: Store) -> None:
    text = render(store, "latex")
    assert text.startswith("\\begin{tabular}{lrllrrlrrrrr}\n\\toprule\n")
    assert LATEX_ROW in text
    assert text.endswith("\\bottomrule\n\\end{tabular}\n")


def test_latex_escapes_names(fill: Fill) -> None:
    store = fill(task_record(cell("my_model[a=1]", 0), [0.5]))
    assert r"my\_model[a=1]" in render(store, "latex")


def test_json(store: Store) -> None:
    document = json.loads(render(store, "json"))
    assert [(row["model"], row["rank"], row["mean"], row["seeds_ok"]) for row in document["rows"]] == [
        ("memnet", 1, 0.9, 2),
        ("lstm", 2, 0.4, 2),
    ]
    assert document["benchmarks"][0]["chance"] == 0.0625


def test_html(store: Store) -> None:
    text = render(store, "html")
    assert text.startswith("<table>")
    assert text.count('<th scope="row">') == 2
    assert text.count('<th scope="rowgroup"') == 1
    assert text.count('<th scope="col"') == 11
    assert "0.900 ± 0.635" in text


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_records_give_the_same_bytes(fill: Fill, format: str) -> None:
    records, plan = full()
    first = fill(*records, manifests=(plan,), name="first")
    second = fill(*reversed(records), manifests=(plan,), name="second")
    assert render(first, format) == render(second, format)


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_store_has_an_empty_table(fill: Fill, format: str) -> None:
    assert "benchmark" in render(fill(), format) or format == "html"


def test_failed_seeds_show(fill: Fill) -> None:
    cells = [cell("memnet", seed) for seed in range(3)]
    records = [task_record(cells[0], [0.5]), task_record(cells[1], [0.7]), failed_record(cells[2])]
    store = fill(*records, manifests=(manifest(cells, TASK),))
    assert "|     2/3 |" in render(store, "md")
    [row] = csv.DictReader(io.StringIO(render(store, "csv")))
    assert (row["mean"], row["seeds_ok"], row["seeds_failed"], row["seeds_planned"]) == ("0.6", "2", "1", "3")


def test_a_row_without_a_score_comes_last_and_has_no_rank(fill: Fill) -> None:
    store = fill(task_record(cell("a-bounded", 0), [0.9, None]), task_record(cell("b-worst", 0), [0.1, 0.0]))
    rows = json.loads(render(store, "json"))["rows"]
    assert [(row["model"], row["rank"], row["mean"]) for row in rows] == [("b-worst", 1, 0.05), ("a-bounded", None, None)]
    assert [(row["low"], row["high"]) for row in rows] == [(None, None)] * 2
    assert "| —" in render(store, "md").replace("  ", "")


def test_equal_means_share_a_rank(fill: Fill) -> None:
    store = fill(*(task_record(cell(model, 0), [score]) for model, score in (("a", 0.5), ("b", 0.5), ("c", 0.4))))
    assert [row["rank"] for row in json.loads(render(store, "json"))["rows"]] == [1, 1, 3]


def test_the_primary_metric_of_the_plan_ranks(fill: Fill) -> None:
    cells = [cell("near", 0), cell("far", 0)]
    member = TASK.model_copy(update={"primary": "accuracy_at_256"})
    store = fill(task_record(cells[0], [1.0, 0.1]), task_record(cells[1], [0.1, 0.2]), manifests=(manifest(cells, member),))
    rows = json.loads(render(store, "json"))["rows"]
    assert [(row["model"], row["metric"], row["mean"]) for row in rows] == [
        ("far", "accuracy_at_256", 0.2),
        ("near", "accuracy_at_256", 0.1),
    ]


def test_settings_are_told_apart_where_names_are_not_enough(fill: Fill) -> None:
    plain = render(fill(task_record(cell("memnet", 0), [0.5])), "md")
    both = render(fill(task_record(cell("memnet", 0), [0.5]), task_record(cell("memnet", 0, length=256), [0.6]), name="both"), "md")
    assert "setting" not in plain
    assert "setting" in both
    assert both.count("| memnet ") == 2


def test_an_unknown_format_is_named(store: Store) -> None:
    with pytest.raises(UsageError, match=r"'xml'.*md, csv, json, latex, html"):
        render(store, "xml")
