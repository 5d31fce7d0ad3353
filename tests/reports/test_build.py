import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reports.build import build
from reports.selection import select
from results.errors import UsageError
from results.record import Failure
from results.store import Store
from tests.reports.conftest import HOSTILE, TASK, cell, failed_record, full, manifest, provenance, task_record

Fill = Callable[..., Store]


class Elements(HTMLParser):
    """Collects the start tags of a page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole report, built once."""
    records, plan = full()
    store = Store.open(tmp_path_factory.mktemp("runs"), create=True)
    for record in records:
        store.write(record)
    store.write_manifest(plan)
    return build(store, tmp_path_factory.mktemp("out") / "report")


def test_everything_is_written(report: Path) -> None:
    assert report.name == "index.html"
    assert {path.name for path in report.parent.iterdir()} == {"index.html", "report.md", "leaderboard.csv", "records.csv", "figures"}
    figures = sorted(path.name for path in (report.parent / "figures").iterdir())
    assert len(figures) == 12
    assert {path.suffix for path in (report.parent / "figures").iterdir()} == {".svg", ".png"}


def test_the_page_needs_nothing_but_itself(report: Path) -> None:
    page = report.read_text()
    assert not re.search(r"https?://(?!evil\.example)", page)
    for tag, attributes in Elements(page).found:
        assert tag not in {"script", "link", "iframe", "object", "embed", "img", "base"}
        assert "src" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)


def test_the_page_is_accessible(report: Path) -> None:
    elements = Elements(report.read_text()).found
    assert all(attributes.get("scope") for tag, attributes in elements if tag == "th")
    assert all(attributes.get("aria-label") and attributes.get("role") == "img" for tag, attributes in elements if tag == "svg")
    tags = [tag for tag, _ in elements]
    assert tags.count("svg") == 6
    assert tags.count("caption") == tags.count("table") == 4
    assert tags.count("h1") == 1
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {(attributes["href"] or "")[1:] for tag, attributes in elements if tag == "a"}
    assert targets <= set(ids)


def test_the_page_says_what_was_run(report: Path) -> None:
    page = report.read_text()
    for text in ("memnet leads", "2/3", "Guessing gives 0.100", "memnet run quick --models memnet,transformer,lstm", "0123456789abcdef"):
        assert text in page


def test_hostile_text_is_only_text(report: Path) -> None:
    page, markdown = report.read_text(), (report.parent / "report.md").read_text()
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img" not in markdown
    assert "](https://evil" not in markdown


def test_hostile_text_in_every_field_is_only_text(fill: Fill, tmp_path: Path) -> None:
    record = task_record(cell("memnet", 0), [0.5], slots={HOSTILE: 1.0, "occupancy": HOSTILE})
    hostile = provenance(commit=HOSTILE, cpu=HOSTILE, platform=HOSTILE, device=HOSTILE, packages={HOSTILE: HOSTILE}, finished_at=HOSTILE)
    record = record.model_copy(
        update={"provenance": hostile, "metrics": {**record.metrics, HOSTILE: 1.0, "accuracy_at_" + "9" * 5000: 1.0}}
    )
    failure = failed_record(cell("memnet", 1)).model_copy(update={"error": Failure(type=HOSTILE, message=HOSTILE, traceback=HOSTILE)})
    member = TASK.model_copy(update={"summary": HOSTILE, "primary": HOSTILE})
    plan = manifest([record.cell, failure.cell], member).model_copy(update={"summary": HOSTILE})
    page = build(fill(record, failure, manifests=(plan,)), tmp_path / "out")
    for name in ("index.html", "report.md"):
        text = page.with_name(name).read_text()
        assert "onerror" in text
        assert "<img" not in text
    assert "](https://evil" not in page.with_name("report.md").read_text()


def test_the_same_records_give_the_same_files(fill: Fill, tmp_path: Path) -> None:
    records = [task_record(cell(model, seed), [0.9, 0.5 + seed / 10]) for model in ("memnet", "lstm") for seed in (0, 1)]
    plan = manifest([record.cell for record in records], TASK)
    first = build(fill(*records, manifests=(plan,), name="first"), tmp_path / "one").parent
    second = build(fill(*reversed(records), manifests=(plan,), name="second"), tmp_path / "two").parent
    names = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert len(names) == 6
    assert [(second / name).read_bytes() for name in names] == [(first / name).read_bytes() for name in names]


def test_an_empty_store_gives_a_page_that_says_so(fill: Fill, tmp_path: Path) -> None:
    assert "holds no records yet" in build(fill(), tmp_path / "out").read_text()


def test_what_is_planned_but_not_run_gives_a_page(fill: Fill, tmp_path: Path) -> None:
    store = fill(manifests=(manifest([cell("memnet", 0)], TASK),))
    page = build(store, tmp_path / "out").read_text()
    assert "No result yet" in page
    assert "0/1" in page
    assert select(store).missing == 1


def test_a_folder_that_cannot_be_written_is_named(fill: Fill, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write the report"):
        build(fill(), tmp_path / "file")
