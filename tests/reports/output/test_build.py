import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reports.analysis.selection import select
from reports.output.build import build, possible, write
from reports.output.report_folder import LISTING
from results.errors import UsageError
from results.records.manifest import Described
from results.records.record_parts import Failure
from results.store.store import Store
from tests.reports.conftest import (
    HOSTILE,
    STREAM,
    TASK,
    cell,
    failed_record,
    full,
    manifest,
    provenance,
    stream_record,
    task_record,
)

Fill = Callable[..., Store]

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'"
)


class Elements(HTMLParser):
    """Collects the start tags of a page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete site, built once."""
    records, plan = full()
    store = Store.open(tmp_path_factory.mktemp("runs"), create=True)
    for record in records:
        store.write(record)
    store.write_manifest(
        plan.model_copy(
            update={"models": (Described(name="memnet", summary="Slots, and links between them."),)}
        )
    )
    return build(store, tmp_path_factory.mktemp("out") / "report").parent


def pages(site: Path) -> Iterator[tuple[Path, list[tuple[str, dict[str, str | None]]]]]:
    for path in sorted(site.rglob("*.html")):
        yield path, Elements(path.read_text()).found


def test_all_files_are_written_and_listed(site: Path) -> None:
    files = sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    assert files == sorted([*(site / LISTING).read_text().split(), LISTING])
    assert {path.name for path in (site / "benchmarks").iterdir()} == {
        "delayed-recall.html",
        "split-digits.html",
    }
    assert {path.name for path in (site / "models").iterdir()} == {
        "memnet.html",
        "transformer.html",
        "lstm.html",
    }
    assert {path.name for path in (site / "methods").iterdir()} == {
        "er.html",
        "memnet.html",
        "naive.html",
    }
    assert len(list((site / "rows").iterdir())) == 9
    assert {
        "index.html",
        "report.md",
        "leaderboard.csv",
        "records.csv",
        "reproduce.sh",
        "assets/style.css",
        "assets/site.js",
    } <= set(files)
    assert {path.suffix for path in (site / "figures").iterdir()} >= {".svg", ".png"}


def test_every_link_points_to_a_file_of_the_site_and_to_a_part_of_it(site: Path) -> None:
    found = list(pages(site))
    ids = {path: {attributes.get("id") for _, attributes in elements} for path, elements in found}
    for path, elements in found:
        for _, attributes in elements:
            for target in filter(None, (attributes.get("href"), attributes.get("src"))):
                assert not re.match(r"[a-z]+:|/", target), (path, target)
                file, _, anchor = target.partition("#")
                page = (path.parent / file).resolve() if file else path
                assert page.is_file(), (path, target)
                assert not anchor or anchor in ids[page], (path, target)


def test_nothing_is_inline_and_the_policy_is_strict(site: Path) -> None:
    for path, elements in pages(site):
        policies = [
            attributes["content"]
            for tag, attributes in elements
            if attributes.get("http-equiv") == "Content-Security-Policy"
        ]
        assert policies == [POLICY], path
        assert not {tag for tag, _ in elements} & {"style", "iframe", "object", "embed", "base"}
        assert all(attributes.get("src") for tag, attributes in elements if tag == "script")
        assert not any(
            name == "style" or name.startswith("on")
            for _, attributes in elements
            for name in attributes
        ), path


def test_group_headings_span_all_columns(site: Path) -> None:
    for path in sorted(site.rglob("*.html")):
        for table in re.findall(r"<table.*?</table>", path.read_text(), re.DOTALL):
            columns = table.partition("</thead>")[0].count("<th ")
            for span in re.findall(r'colspan="([0-9]+)"', table):
                assert int(span) == columns, path


def test_pages_are_accessible(site: Path) -> None:
    for path, elements in pages(site):
        tags = [tag for tag, _ in elements]
        assert tags.count("h1") == tags.count("main") == 1, path
        assert tags.count("caption") == tags.count("table"), path
        assert all(attributes.get("scope") for tag, attributes in elements if tag == "th"), path
        assert all(attributes.get("alt") for tag, attributes in elements if tag == "img"), path
        assert all(
            attributes.get("aria-label") or attributes.get("aria-hidden")
            for tag, attributes in elements
            if tag == "svg"
        ), path
        ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
        assert len(ids) == len(set(ids)), path


def test_the_front_page_shows_answers_and_commands(site: Path) -> None:
    page = (site / "index.html").read_text()
    for text in (
        "memnet has the highest mean score, 9",
        "2/3",
        "chance level 0.100",
        "memnet run delayed-recall --models lstm,memnet,transformer --seeds 0-2",
        "0123456789abcdef",
    ):
        assert text in page


def test_a_model_has_a_page(site: Path) -> None:
    page = (site / "models" / "memnet.html").read_text()
    for text in (
        "Slots, and links between them.",
        "51,200 to 70,000",
        "not tested",
        "memnet run split-digits --models memnet --methods",
    ):
        assert text in page
    assert "Slots, and links" not in (site / "models" / "lstm.html").read_text()


def test_a_method_with_a_model_s_name_has_its_own_summary(fill: Fill, tmp_path: Path) -> None:
    record = stream_record(cell("memnet", 0, benchmark="split-digits", method="memnet"), [[0.9]])
    model, method = (
        Described(name="memnet", summary=summary)
        for summary in ("A model of slots.", "A method that dreams.")
    )
    plan = manifest([record.cell], STREAM).model_copy(
        update={"models": (model,), "methods": (method,)}
    )
    page = (
        build(fill(record, manifests=(plan,)), tmp_path / "out").parent / "models" / "memnet.html"
    ).read_text()
    assert '<p class="lead">A model of slots.</p>' in page
    assert "<dt>memnet</dt><dd>A method that dreams.</dd>" in page


def page_with(site: Path, record: str) -> str:
    """Return the page of the row that has this record."""
    [page] = [text for path in (site / "rows").iterdir() if record in (text := path.read_text())]
    return page


def test_a_row_s_page_has_curves_slots_costs_and_provenance(site: Path) -> None:
    page = page_with(site, cell("memnet", 0).id)
    for text in (
        "accuracy by distance",
        "share of slots alive",
        "read entropy",
        "204.8 kB",
        "train_length",
        "A CPU",
        "--seeds 0-2",
    ):
        assert text.replace("204.8", "205") in page
    failed = page_with(site, cell("transformer", 2).id)
    assert "Traceback (most recent call last)" in failed
    stream = page_with(site, cell("memnet", 0, benchmark="split-digits", method="memnet").id)
    assert "Accuracy matrix" in stream


def test_hostile_text_is_escaped(site: Path) -> None:
    for path in (*site.rglob("*.html"), site / "report.md"):
        text = path.read_text()
        assert "<img src=x" not in text
    assert "](https://evil" not in (site / "report.md").read_text()
    assert "&lt;img src=x onerror=alert(1)&gt;" in (site / "index.html").read_text()


def test_hostile_text_in_every_field_is_escaped(fill: Fill, tmp_path: Path) -> None:
    """Includes names that no valid record has: pages do not rely on the validation of records."""
    record = task_record(
        cell("memnet", 0), [0.5], slots={HOSTILE: 1.0, "occupancy": HOSTILE, "reuse": 10**400}
    )
    hostile = provenance(
        commit=HOSTILE,
        cpu=HOSTILE,
        platform=HOSTILE,
        device=HOSTILE,
        packages={HOSTILE: HOSTILE},
        finished_at=HOSTILE,
    )
    curves = {
        **record.curves,
        f"accuracy_by_distance_{HOSTILE}": [[1, 0.5, 1]],
        "training_loss": [[1, HOSTILE], [2, 1e300], [3, 10**400]],
    }
    metrics = {**record.metrics, HOSTILE: 1.0, "accuracy_at_" + "9" * 5000: 1.0}
    record = record.model_copy(update={"provenance": hostile, "metrics": metrics, "curves": curves})
    failure = failed_record(cell("memnet", 1)).model_copy(
        update={"error": Failure(type=HOSTILE, message=HOSTILE, traceback=HOSTILE)}
    )
    member = TASK.model_copy(update={"summary": HOSTILE, "primary": HOSTILE})
    plan = manifest([record.cell, failure.cell], member).model_copy(
        update={"summary": HOSTILE, "models": (Described(name="memnet", summary=HOSTILE),)}
    )
    selection = select(fill(record, failure, manifests=(plan,)))
    names = {"model": HOSTILE, "method": HOSTILE}
    renamed = [replace(entry, model=HOSTILE, method=HOSTILE) for entry in selection.entries]
    for entry in renamed:
        for one in (*entry.ok, *entry.failed):
            vars(one)["cell"] = one.cell.model_copy(update=names)
    out = write(replace(selection, entries=(*selection.entries, *renamed)), tmp_path / "out").parent
    assert len(list(out.rglob("*.html"))) == 6
    for path in (*out.rglob("*.html"), out / "report.md"):
        text = path.read_text()
        assert "onerror" in text
        assert "<img src=x" not in text
        assert path.suffix == ".html" or "](https://evil" not in text
        assert path.name == "report.md" or not any(
            "onerror" in attributes for _, attributes in Elements(text).found
        )
    assert all(
        re.fullmatch(r"[A-Za-z0-9./_-]+", line) for line in (out / LISTING).read_text().splitlines()
    )


def test_the_same_records_give_the_same_files_with_any_number_of_jobs(
    fill: Fill, tmp_path: Path
) -> None:
    records = [
        task_record(cell(model, seed), [0.9, 0.5 + seed / 10])
        for model in ("memnet", "lstm")
        for seed in (0, 1)
    ]
    records.append(
        stream_record(
            cell("memnet", 0, benchmark="split-digits", method="naive"), [[0.9, 0.1], [0.2, 0.9]]
        )
    )
    plan = manifest([record.cell for record in records], TASK, STREAM)
    first = build(fill(*records, manifests=(plan,), name="first"), tmp_path / "one").parent
    second = build(
        fill(*reversed(records), manifests=(plan,), name="second"), tmp_path / "two", jobs=2
    ).parent
    names = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(second) for path in second.rglob("*") if path.is_file())
    assert [(second / name).read_bytes() for name in names] == [
        (first / name).read_bytes() for name in names
    ]


def test_only_files_of_an_earlier_build_are_deleted(fill: Fill, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(
        fill(
            task_record(cell("memnet", 0), [0.5]), task_record(cell("lstm", 0), [0.4]), name="first"
        ),
        out,
    )
    (out / "models" / "mine.html").write_text("mine")
    (out / "keep.txt").write_text("mine")
    with (out / LISTING).open("a") as listing:
        listing.write("keep.txt\n../outside.html\nmodels/../../outside.html\n")
    (tmp_path / "outside.html").write_text("mine")
    build(fill(task_record(cell("memnet", 0), [0.5]), name="second"), out)
    assert {path.name for path in (out / "models").iterdir()} == {"memnet.html", "mine.html"}
    assert len(list((out / "rows").iterdir())) == 1
    assert page_with(out, cell("memnet", 0).id)
    assert (out / "keep.txt").exists()
    assert (tmp_path / "outside.html").exists()


def test_a_folder_with_user_files_is_not_changed(fill: Fill, tmp_path: Path) -> None:
    store = fill(task_record(cell("memnet", 0), [0.5]))
    for name in ("index.html", "models/memnet.html", LISTING):
        out = tmp_path / name.replace("/", "-")
        (out / name).parent.mkdir(parents=True)
        (out / name).write_text("mine")
        with pytest.raises(
            UsageError, match=f"would replace: {name}; give another folder by --out"
        ):
            build(store, out)
        assert [path for path in out.rglob("*") if path.is_file()] == [out / name]
        assert (out / name).read_text() == "mine"


def test_only_listed_files_are_replaced(fill: Fill, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(fill(task_record(cell("memnet", 0), [0.5]), name="first"), out)
    (out / "models" / "lstm.html").write_text("mine")
    with pytest.raises(UsageError, match=r"would replace: models/lstm\.html"):
        build(fill(task_record(cell("lstm", 0), [0.5]), name="second"), out)
    assert (out / "models" / "memnet.html").is_file()


def test_an_interrupted_build_can_be_repeated(
    fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, out = fill(task_record(cell("memnet", 0), [0.5])), tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(
            "reports.output.build.front.render", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            build(store, out)
    assert (out / "benchmarks" / "delayed-recall.html").is_file()
    assert build(store, out).is_file()


def test_a_site_without_a_list_is_replaced(fill: Fill, tmp_path: Path) -> None:
    store, out = fill(task_record(cell("memnet", 0), [0.5])), tmp_path / "out"
    build(store, out)
    (out / LISTING).unlink()
    assert build(store, out).is_file()
    assert "index.html" in (out / LISTING).read_text().split()


def test_all_written_files_are_known_in_advance(site: Path, fill: Fill) -> None:
    records, plan = full()
    selection = select(fill(*records, manifests=(plan,)))
    assert {*(site / LISTING).read_text().split()} <= {*possible(selection)}


def test_an_empty_store_has_a_page(fill: Fill, tmp_path: Path) -> None:
    assert "holds no records yet" in build(fill(), tmp_path / "out").read_text()


def test_a_plan_without_records_has_a_page(fill: Fill, tmp_path: Path) -> None:
    store = fill(manifests=(manifest([cell("memnet", 0)], TASK),))
    page = build(store, tmp_path / "out").read_text()
    assert "No result yet" in page
    assert "0/1" in page
    assert select(store).missing == 1


def test_an_unwritable_folder_is_an_error(fill: Fill, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write the report"):
        build(fill(), tmp_path / "file")
