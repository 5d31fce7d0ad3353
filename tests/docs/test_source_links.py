"""Links from pages into the code, and the equations: they are those of the code."""

import inspect
import re
from pathlib import Path

import pytest

from docs.source_links import NAME, definition, notebook, page_of, pages, rewritten

DOCS = Path(__file__).parents[2] / "docs"
EQUATIONS = (DOCS / "equations.md").read_text(encoding="utf-8")
NAMES = sorted(set(NAME.findall(EQUATIONS)))
SECTIONS = re.findall(r"^## .*?(?=^## |\Z)", EQUATIONS, re.DOTALL | re.MULTILINE)


def sources(section: str) -> str:
    """Return the text of all modules that a section names, without the breaks of lines."""
    files = {definition(name)[0] for name in NAME.findall(section)}
    return " ".join(" ".join((DOCS.parent / path).read_text().split()) for path in files)


def equations(section: str) -> list[str]:
    """Return the lines of a section's blocks."""
    return [
        " ".join(line.split())
        for block in re.findall(r"^```\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
        for line in block.splitlines()
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_linked_name_is_in_the_code(name: str) -> None:
    """The line defines the last part of the name."""
    path, line = definition(name)
    text = (DOCS.parent / path).read_text(encoding="utf-8").splitlines()[line - 1]
    assert re.search(rf"(?:def |class |self\.|^ *|\"|, ){name.rpartition('.')[2]}\b", text)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.splitlines()[0][3:])
def test_equations_are_those_of_docstrings(section: str) -> None:
    found = equations(section)
    assert found
    text = sources(section)
    assert [one for one in found if one not in text] == []


def test_the_page_has_equations_of_all_parts() -> None:
    assert len(SECTIONS) >= 10
    assert len(NAMES) > 70
    assert len([one for section in SECTIONS for one in equations(section)]) > 35


def test_a_name_that_does_not_exist_is_an_error() -> None:
    for name in ("memnet.heads.no_such_gate", "memnet.heads.WriteHeads.nothing", "memnet.no.x"):
        with pytest.raises(LookupError, match=name):
            definition(name)


def test_links_lead_to_pages_of_the_site() -> None:
    page = DOCS / "faq.md"
    text = "[a](results.md#b) [c](../CONTRIBUTING.md) [d](https://x.org) `memnet.heads.open_gate`"
    line = definition("memnet.heads.open_gate")[1]
    assert rewritten(text, page, "faq.md") == (
        "[a](results.md#b) [c](repository/CONTRIBUTING.md) [d](https://x.org) "
        f'<a href="repository/memnet/heads.py.html#__codelineno-0-{line}">'
        "<code>heads.open_gate</code></a>"
    )
    published = DOCS.parent / "results/published/README.md"
    assert rewritten("[p](../../reports/PUBLISHING.md)", published, page_of("a/b/c.md")) == (
        "[p](../../reports/PUBLISHING.md)"
    )
    assert page in pages()


def test_a_notebook_becomes_a_page() -> None:
    cells = (
        '{"cells": [{"cell_type": "markdown", "source": ["# A\\n", "b"]}, '
        '{"cell_type": "code", "source": ["x = 1"]}]}'
    )
    assert notebook(cells) == "# A\nb\n\n~~~~ python\nx = 1\n~~~~"
    assert inspect.getdoc(notebook)
