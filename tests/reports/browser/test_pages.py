"""Every kind of page in a real browser: no errors, no external requests, safe, accessible."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from reports.analysis.selection import ResultRow
from reports.analysis.subjects import Subject
from reports.site.addresses import model_page, row_page
from results.records.cell import Cell
from tests.reports.browser.conftest import HOSTILE
from tests.reports.conftest import cell


def row_of(of: Cell) -> str:
    """Return the path of the page that has a cell."""
    subject = Subject(of.benchmark, "task")
    return row_page(ResultRow(subject, of.model, of.method, of.setting, (), (), 3))


PAGES = {
    "front": "index.html",
    "ablations": "ablations.html",
    "task": "benchmarks/association.html",
    "stream": "benchmarks/split-digits.html",
    "model": "models/memnet.html",
    "variant": model_page("memnet[hebbian=false]"),
    "method": "methods/er.html",
    "row of a task": row_of(cell("memnet", 0)),
    "row of a stream": row_of(cell("memnet", 0, benchmark="split-digits", method="memnet")),
    "row with a failed seed": row_of(cell("transformer", 2)),
    "inspection": "inspection/index.html",
    "inspection of a stream": "inspection-stream/index.html",
    "inspection of the default memory": "inspection-default/index.html",
    "hostile name": model_page(HOSTILE),
}
every_page = pytest.mark.parametrize("address", PAGES.values(), ids=PAGES.keys())
SERIOUS = {"serious", "critical"}


def axe() -> str:
    """Return the source of axe-core from its package."""
    found = importlib.util.find_spec("axe_playwright_python")
    assert found is not None
    assert found.origin is not None
    return (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")


@every_page
def test_a_page_loads_without_errors(page: Any, served: str, address: str) -> None:
    """The fixture checks errors and requests; this test checks that all images are loaded."""
    page.goto(served + address)
    for image in page.locator("img").all():
        image.scroll_into_view_if_needed()
        image.evaluate("(image) => image.decode()")
        assert image.evaluate("(image) => image.naturalWidth") > 0
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontWeight") == "600"
    assert page.locator("h1").count() == 1


@every_page
def test_a_page_fits_every_screen(page: Any, served: str, address: str) -> None:
    page.goto(served + address)
    for width in (320, 390, 768, 1024, 1400, 1600):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1400, 900)])
def test_results_are_on_the_first_screen(page: Any, served: str, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(served + "index.html")
    row = page.locator("table.heat tbody tr").first.bounding_box()
    assert row["y"] + row["height"] <= height


@every_page
def test_axe_finds_nothing_serious(page: Any, served: str, address: str) -> None:
    """All rules in light mode; contrast in dark mode."""
    page.goto(served + address)
    page.evaluate(axe())
    light = page.evaluate("axe.run(document, {preload: false})")
    assert len(light["passes"]) > 10
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate("axe.run(document, {preload: false, runOnly: ['color-contrast']})")
    assert len(dark["passes"]) == 1
    serious = [
        one for found in (light, dark) for one in found["violations"] if one["impact"] in SERIOUS
    ]
    assert [(one["id"], [node["html"] for node in one["nodes"][:3]]) for one in serious] == []


def test_pages_work_as_local_files(page: Any, site: Path) -> None:
    """Without a server, styles apply, tables sort, and the address contains the filters."""
    page.goto((site / "index.html").as_uri())
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontWeight") == "600"
    page.locator("table.leaderboard thead").get_by_role(
        "button", name="training", exact=True
    ).click()
    assert page.evaluate("location.search") == "?sort=training&order=desc"
    page.locator("#filters [name=method]").select_option("er")
    page.reload()
    assert page.locator("#shown").inner_text().startswith("2 of")


def test_pages_work_without_scripts(browser: Any, served: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served)
    rows = page.locator("table.leaderboard tbody tr:not(.group)")
    assert rows.count() == 18
    assert all(row.is_visible() for row in rows.all())
    assert page.locator("thead button").count() == 0
    assert not page.locator("#filters").is_visible()
    assert not page.locator(".scripted").is_visible()
    page.get_by_role("link", name="association").first.click()
    assert page.locator("h1").inner_text() == "Association"
    page.locator("#seeds + .scroll td a").first.click()
    assert re.search(r"/rows/association-[a-z0-9-]+\.html#seed-[0-9]$", page.url)
    context.close()


def test_a_hostile_name_is_escaped(page: Any, served: str) -> None:
    """As markup, it would request an image and open a dialog; the fixture detects both."""
    page.goto(served)
    link = page.locator("table.leaderboard").get_by_role("link", name=HOSTILE, exact=True)
    assert link.inner_text() == HOSTILE
    page.locator("#filters [name=model]").fill("<img")
    assert link.is_visible()
    link.click()
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator("img").count() == 0
    page.get_by_role("link", name="split-digits").first.click()
    assert page.locator("img[src=x]").count() == 0
    assert page.locator("body").get_by_text(HOSTILE).count() >= 2


def test_no_script_runs_but_the_sites_own(browser: Any, served: str) -> None:
    """The policy blocks an injected script and an injected event handler."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(served)
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = 1";
            document.body.append(script);
            const image = document.createElement("img");
            image.setAttribute("onerror", "window.ran = 1");
            image.src = "data:image/png,x";
            document.body.append(image);
        }"""
    )
    page.wait_for_timeout(300)
    assert page.evaluate("window.ran") is None
    context.close()


def test_numbers_in_tables_are_right_aligned(page: Any, served: str) -> None:
    page.goto(f"{served}benchmarks/split-digits.html")
    looks = page.evaluate(
        "[...document.querySelectorAll('td.n')].map((cell) => getComputedStyle(cell))"
        ".map((one) => `${one.display} ${one.textAlign}`)"
    )
    assert set(looks) == {"table-cell right"}
