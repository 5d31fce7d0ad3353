"""Sorting, filtering, addresses and keys, in a real browser."""

from typing import Any
from urllib.parse import parse_qs

import pytest

ROWS = "table.leaderboard tbody:not([hidden]) tr:not(.group):not([hidden])"


def column(page: Any, key: str, benchmark: str = "association") -> list[str]:
    """Return the texts of a column in one benchmark's part, of the visible rows.

    Of models and methods with a title these are the names in records.
    """
    return page.evaluate(
        """([key, benchmark]) => {
            const table = document.querySelector("table.leaderboard");
            const heads = [...table.tHead.rows[0].cells];
            const place = heads.findIndex((cell) => cell.dataset.key === key);
            const body = [...table.tBodies].find((body) => body.dataset.benchmark === benchmark);
            const shown = (row) => !row.classList.contains("group") && !row.hidden;
            const rows = [...body.rows].filter(shown);
            const text = (cell) => (cell.querySelector(".raw") ?? cell).innerText.trim();
            return rows.map((row) => text(row.cells[place]));
        }""",
        [key, benchmark],
    )


def numbers(texts: list[str]) -> list[float]:
    return [float(text.split()[0].replace(",", "")) for text in texts]


def query(page: Any) -> dict[str, str]:
    return {
        name: values[0]
        for name, values in parse_qs(page.evaluate("location.search.slice(1)")).items()
    }


def click(page: Any, title: str) -> None:
    page.locator("table.leaderboard thead").get_by_role("button", name=title, exact=True).click()


def test_columns_sort_within_each_benchmark_and_back(page: Any, served: str) -> None:
    page.goto(served)
    order = column(page, "model")
    parameters = numbers(column(page, "parameters"))
    assert parameters != sorted(parameters, reverse=True)
    click(page, "parameters")
    assert numbers(column(page, "parameters")) == sorted(parameters, reverse=True)
    header = page.locator("th[data-key=parameters]")
    assert header.get_attribute("aria-sort") == "descending"
    assert query(page) == {"sort": "parameters", "order": "desc"}
    click(page, "parameters")
    assert numbers(column(page, "parameters")) == sorted(parameters)
    assert header.get_attribute("aria-sort") == "ascending"
    click(page, "parameters")
    assert column(page, "model") == order
    assert header.get_attribute("aria-sort") is None
    assert query(page) == {}
    click(page, "model")
    assert column(page, "model") == sorted(order, key=str.lower)


def test_sizes_and_scores_sort_by_value(page: Any, served: str) -> None:
    page.goto(served)
    click(page, "state")
    units = {"B": 1, "kB": 1e3, "MB": 1e6}
    sizes = [float(text.split()[0]) * units[text.split()[1]] for text in column(page, "state")]
    assert sizes == sorted(sizes, reverse=True)
    assert {"B", "kB"} <= {text.split()[1] for text in column(page, "state")}
    click(page, "score")
    scores = numbers(column(page, "score"))
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("suite", "association", 9),
        ("benchmark", "split-digits", 6),
        ("method", "er", 2),
        ("memory", "10000", None),
    ],
)
def test_filters_show_matching_rows(
    page: Any, served: str, field: str, value: str, shown: int | None
) -> None:
    page.goto(served)
    everything = page.locator(ROWS).count()
    page.locator(f"#filters [name={field}]").select_option(value)
    left = page.locator(ROWS).count()
    assert left == shown or (shown is None and 0 < left < everything)
    assert page.locator("#shown").inner_text() == f"{left} of {everything} rows"
    assert query(page) == {field: value}
    if field == "memory":
        assert page.evaluate(
            "(rows) => [...document.querySelectorAll(rows)]"
            ".every((row) => Number(row.dataset.memory) <= 10000)",
            ROWS,
        )
    if field == "method":
        assert page.locator("table.leaderboard tbody:not([hidden])").count() == 1
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function(
        "(count) => document.getElementById('shown').textContent.startsWith(`${count} of`)",
        arg=everything,
    )
    assert query(page) == {}


def test_filters_are_combined(page: Any, served: str) -> None:
    page.goto(served)
    page.locator("#filters [name=benchmark]").select_option("split-digits")
    page.locator("#filters [name=model]").fill("LSTM")
    assert column(page, "model", "split-digits") == ["lstm", "lstm"]
    page.locator("#filters [name=method]").select_option("memnet")
    assert page.locator(ROWS).count() == 0
    assert page.locator("#shown").inner_text().startswith("0 of")


def test_an_address_restores_the_view(page: Any, served: str) -> None:
    page.goto(
        f"{served}index.html?benchmark=association&model=delta&sort=parameters&order=asc#leaderboard"
    )
    assert numbers(column(page, "parameters")) == sorted(numbers(column(page, "parameters")))
    assert column(page, "model") == ["delta-rule", "gated-delta-rule"]
    assert page.locator("#filters [name=benchmark]").input_value() == "association"
    assert page.locator("#filters [name=model]").input_value() == "delta"
    assert page.evaluate("document.getElementById('leaderboard').getBoundingClientRect().top") < 200
    copied = page.url
    page.goto("about:blank")
    page.goto(copied)
    assert column(page, "model") == ["delta-rule", "gated-delta-rule"]


def test_an_invalid_address_shows_all_rows(page: Any, served: str) -> None:
    page.goto(served)
    everything = page.locator(ROWS).count()
    page.goto(f"{served}?sort=nonsense&order=up&method=%3Cimg%3E&memory=-1&suite=none#nowhere")
    assert page.locator(ROWS).count() == everything
    assert page.locator("[aria-sort]").count() == 0


def test_a_row_has_an_address(page: Any, served: str) -> None:
    page.goto(f"{served}#association--gru--supervised")
    target = page.locator("tr:target")
    assert target.locator("th .raw").inner_text() == "gru"
    assert 0 <= target.bounding_box()["y"] < 900


def test_the_page_works_with_the_keyboard(page: Any, served: str) -> None:
    page.goto(served)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the results"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    tab_to(page, "document.activeElement.name === 'method'")
    page.keyboard.type("e")
    assert query(page) == {"method": "er"}
    tab_to(page, "document.activeElement.closest('th')?.dataset.key === 'score'")
    page.keyboard.press("Enter")
    assert query(page) == {"method": "er", "sort": "score", "order": "desc"}
    page.keyboard.press("Space")
    assert query(page)["order"] == "asc"
    tab_to(page, "document.activeElement.matches('tbody th a')")
    page.keyboard.press("Enter")
    page.wait_for_url("**/benchmarks/*.html")


def tab_to(page: Any, where: str) -> None:
    """Press Tab until the condition holds; every focused element must be visible."""
    for _ in range(80):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        if page.evaluate(where):
            return
    raise AssertionError(f"80 presses of Tab did not reach: {where}")


def test_tables_of_other_pages_sort_too(page: Any, served: str) -> None:
    page.goto(f"{served}benchmarks/split-digits.html?sort=score&order=asc")
    scores = numbers(page.locator("table tbody").first.locator("td.score").all_inner_texts())
    assert scores == sorted(scores)
    detail = page.locator("#detail + .scroll table")
    detail.get_by_role("button", name="forgetting", exact=True).click()
    forgotten = numbers(detail.locator("tbody tr td:nth-child(4)").all_inner_texts())
    assert forgotten == sorted(forgotten, reverse=True)
