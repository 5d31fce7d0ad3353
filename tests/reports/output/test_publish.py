import io
import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import reports
from reports.analysis.selection import select
from reports.output.build import build
from reports.output.publish import parquet, publish
from reports.output.report_folder import LISTING
from results.errors import UsageError
from results.records.record import parse
from results.store.store import Store
from tests.benchmarks.command import memnet
from tests.reports.conftest import HOSTILE, TASK, cell, failed_record, manifest, slots, task_record

Fill = Callable[..., Store]
ROOT = Path(__file__).parents[3]


def store(fill: Fill, name: str = "store") -> Store:
    records = [task_record(cell("memnet", seed), [0.9, 0.5], slots=slots(seed)) for seed in (0, 1)]
    records.append(failed_record(cell("memnet", 2), HOSTILE))
    return fill(
        *records, manifests=(manifest([record.cell for record in records], TASK),), name=name
    )


def test_all_files_for_a_host_are_written(fill: Fill, tmp_path: Path) -> None:
    site = publish(store(fill), tmp_path / "site").parent
    assert (site / ".nojekyll").read_bytes() == b""
    card = (site / "README.md").read_text()
    front = re.match(r"---\n(.*?)\n---\n", card, re.DOTALL)
    assert front
    matter = dict(line.split(": ", 1) for line in front[1].splitlines())
    assert (matter["sdk"], matter["app_file"]) == ("static", "index.html")
    assert (site / matter["app_file"]).is_file()
    assert "3 records on 1\nbenchmark," in card
    assert {".nojekyll", "README.md", "records.parquet", "records.csv", "index.html"} <= set(
        (site / LISTING).read_text().split()
    )


@pytest.mark.parametrize("command", ["publish", "report"])
def test_site_has_the_rows_of_several_stores(fill: Fill, tmp_path: Path, command: str) -> None:
    options: list[str] = []
    for model in ("memnet", "lstm"):
        record = task_record(cell(model, 0), [0.9, 0.5])
        root = fill(record, manifests=(manifest([record.cell], TASK),), name=model).root
        options += ["--store", str(root)]
    done = memnet(command, *options, "--out", "site", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "site" / "records.csv")
    assert set(table["model"]) == {"memnet", "lstm"}


def test_publishing_is_reproducible(fill: Fill, tmp_path: Path) -> None:
    first, second = (
        publish(store(fill, name), tmp_path / f"{name}-site").parent for name in ("first", "second")
    )
    names = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert len(names) > 10
    assert [(second / name).read_bytes() for name in names] == [
        (first / name).read_bytes() for name in names
    ]


def test_a_user_s_readme_is_not_replaced(fill: Fill, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    for name in ("README.md", "index.html"):
        (tmp_path / "site" / name).write_text("mine")
    root = str(store(fill).root)
    refused = memnet("publish", "--store", root, "--out", "site", cwd=tmp_path)
    assert refused.returncode == 2
    assert "would replace: README.md, index.html; give another folder by --out" in refused.stderr
    assert {path.name: path.read_text() for path in (tmp_path / "site").iterdir()} == {
        "README.md": "mine",
        "index.html": "mine",
    }


def test_a_site_is_published_again_after_a_report_or_an_earlier_version(
    fill: Fill, tmp_path: Path
) -> None:
    filled, site = store(fill), tmp_path / "site"
    publish(filled, site)
    build(filled, site)
    assert "README.md" in (site / LISTING).read_text().split()
    publish(filled, site)
    before = [
        name
        for name in (site / LISTING).read_text().split()
        if name not in (".nojekyll", "README.md", "records.parquet")
    ]
    (site / LISTING).write_text("\n".join(before))  # as a report of an earlier version left it
    publish(filled, site)
    (site / LISTING).unlink()
    assert publish(filled, site).is_file()


def test_the_table_contains_complete_records(fill: Fill) -> None:
    filled = store(fill)
    frame = pd.read_parquet(io.BytesIO(parquet(select(filled))))
    assert frame["metric.accuracy_at_128"].dtype == "Float64"
    assert frame["cost.parameters"].dtype == "Int64"
    assert list(frame["status"]) == ["ok", "ok", "failed"]
    for row in frame.to_dict("records"):
        record = parse(filled.path(row["id"]).read_bytes())
        parts = record.model_dump(mode="json")
        assert all(
            json.loads(row[f"{part}.json"]) == parts[part]
            for part in ("cell", "curves", "slots", "provenance", "error")
        )


def test_a_store_of_failed_cells_is_published(fill: Fill, tmp_path: Path) -> None:
    assert publish(fill(failed_record(cell("memnet", 0), HOSTILE)), tmp_path / "site").is_file()


def test_an_empty_store_is_not_published(fill: Fill, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no records"):
        publish(fill(), tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_missing_pyarrow_is_an_error_that_names_the_extra(
    fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"memnet-bench\[publish\]"):
        publish(store(fill), tmp_path / "site")


@pytest.mark.slow
def test_the_command_in_the_docs_publishes_the_official_records(tmp_path: Path) -> None:
    text = (Path(reports.__file__).parent / "PUBLISHING.md").read_text(encoding="utf-8")
    words = shlex.split(
        next(line for line in text.splitlines() if line.startswith("memnet publish")), comments=True
    )[1:]
    words[words.index("results/published")] = str(ROOT / "results" / "published")
    done = memnet(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "index.html").is_file()
