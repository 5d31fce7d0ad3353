"""Tables as plain text, Markdown, LaTeX and HTML.

All text is escaped: records may come from anyone.
"""

import html
import re
from collections.abc import Callable
from functools import cache

import jinja2
from markupsafe import Markup
from tabulate import LATEX_ESCAPE_RULES, tabulate

from reports.tables.number_format import MINUS
from reports.tables.tables import Named, Table

BOLD, END = "\ue000", "\ue001"
"""Marks of bold text until LaTeX is escaped; letters of the private use area."""

SCORE = "score"
"""Title of the column in which a best row is bold."""

LATEX_SIGNS = {
    "±": r"$\pm$",
    "—": "--",
    MINUS: "$-$",
    "·": r"$\cdot$",
    BOLD: r"\textbf{",
    END: "}",
}


def markdown(table: Table) -> str:
    """Return a table as a GitHub pipe table."""
    return _tabulated(table, markdown_text, "pipe")


def plain(table: Table) -> str:
    """Return a table for a terminal, without control characters."""
    return _tabulated(table, _printable, "simple")


def _tabulated(table: Table, escape: Callable[[str], str], style: str) -> str:
    return tabulate(
        [[escape(_with_name(cell)) for cell in row.cells] for row in table.rows],
        headers=[escape(column.title) for column in table.columns],
        tablefmt=style,
        disable_numparse=True,
        colalign=_alignment(table),
    )


def latex(table: Table, *, label: str = "") -> str:
    """Return a table with booktabs rules, for ``\\usepackage{booktabs}``.

    The groups of a grouped table are separated by rules. The score of a best row is bold.

    Args:
        table: The table.
        label: Label of a ``table`` environment with the caption; without one, only the ``tabular``.
    """
    text = tabulate(
        [
            [
                f"{BOLD}{_flat(cell)}{END}" if row.best and column.title == SCORE else _flat(cell)
                for cell, column in zip(row.cells, table.columns, strict=True)
            ]
            for row in table.rows
        ],
        headers=[column.title for column in table.columns],
        tablefmt="latex_booktabs",
        disable_numparse=True,
        colalign=_alignment(table),
    )
    for sign, command in LATEX_SIGNS.items():
        text = text.replace(sign, command)
    text = _with_group_rules(text, table) if table.grouped else text
    if not label:
        return text
    caption = "".join(
        LATEX_SIGNS.get(letter) or LATEX_ESCAPE_RULES.get(letter, letter)
        for letter in _flat(table.caption)
    )
    return (
        f"\\begin{{table}}\n\\centering\n\\caption{{{caption}}}\n\\label{{{label}}}\n"
        f"{text}\n\\end{{table}}"
    )


def _with_group_rules(text: str, table: Table) -> str:
    """Insert a rule between the groups of a LaTeX table that has one line per row."""
    head, rule, body = text.partition("\\midrule\n")
    lines = body.split("\n")
    groups = [row.cells[0] for row in table.rows]
    for place in range(len(groups) - 1, 0, -1):
        if groups[place] != groups[place - 1]:
            lines.insert(place, "\\midrule")
    return head + rule + "\n".join(lines)


def page_table(table: Table, *, sortable: bool = False) -> Markup:
    """Return a table as HTML for any page: a caption, headers with scope, a class for numbers.

    Args:
        table: The table.
        sortable: Whether the site's script makes its columns sortable.
    """
    return Markup(_template().render(table=table, sortable=sortable))


def markdown_text(text: str) -> str:
    """Escape text for Markdown.

    The result contains no tag, link, emphasis, table cell or line break.
    """
    return re.sub(r"([\\`*_\[\]|~])", r"\\\1", html.escape(_flat(text), quote=False)).replace(
        "://", ":&#8203;//"
    )


def preformatted(text: str) -> str:
    """Escape text for ``<pre>`` in Markdown.

    A fenced block would end at the first fence in the text.
    """
    return html.escape(text, quote=False).replace("](", "]&#40;")


@cache
def _template() -> jinja2.Template:
    """Return the HTML template of a table; it escapes all values."""
    loader = jinja2.PackageLoader("reports", "tables")
    return jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    ).get_template("table.html")


def _with_name(cell: str) -> str:
    """Return a cell's text; of a title with the name in records, if that differs."""
    return f"{cell} ({cell.raw})" if isinstance(cell, Named) and cell.raw != cell else cell


def _flat(text: str) -> str:
    """Return text as one line, since a line break would end a table's row."""
    return " ".join(text.split())


def _printable(text: str) -> str:
    """Return text as one line of printable characters."""
    return "".join(letter if letter.isprintable() else "?" for letter in _flat(text))


def _alignment(table: Table) -> list[str] | None:
    """Return the alignment of the columns; tabulate accepts none for an empty table."""
    return (
        ["right" if column.numeric else "left" for column in table.columns] if table.rows else None
    )
