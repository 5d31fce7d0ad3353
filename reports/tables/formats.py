"""Tables in Markdown, LaTeX and HTML, every text escaped: what is in a store may come from anyone."""

import html
import re
from functools import cache

import jinja2
from markupsafe import Markup
from tabulate import tabulate

from reports.tables.number_format import MINUS
from reports.tables.tables import Table

LATEX_SIGNS = {"±": r"$\pm$", "—": "--", MINUS: "$-$", "·": r"$\cdot$"}


def markdown(table: Table) -> str:
    """Write a table as a GitHub pipe table."""
    return tabulate(
        [[markdown_text(cell) for cell in row.cells] for row in table.rows],
        headers=[markdown_text(column.title) for column in table.columns],
        tablefmt="pipe",
        disable_numparse=True,
        colalign=_alignment(table),
    )


def latex(table: Table) -> str:
    """Write a table with booktabs' rules, for ``\\usepackage{booktabs}``.

    Of a grouped one, a rule stands between the groups.
    """
    text = tabulate(
        [[_flat(cell) for cell in row.cells] for row in table.rows],
        headers=[column.title for column in table.columns],
        tablefmt="latex_booktabs",
        disable_numparse=True,
        colalign=_alignment(table),
    )
    for sign, command in LATEX_SIGNS.items():
        text = text.replace(sign, command)
    return _with_group_rules(text, table) if table.grouped else text


def _with_group_rules(text: str, table: Table) -> str:
    """Part the groups of a LaTeX table, a line per row below the head's rule, by rules of their own."""
    head, rule, body = text.partition("\\midrule\n")
    lines = body.split("\n")
    groups = [row.cells[0] for row in table.rows]
    for place in range(len(groups) - 1, 0, -1):
        if groups[place] != groups[place - 1]:
            lines.insert(place, "\\midrule")
    return head + rule + "\n".join(lines)


def page_table(table: Table, *, sortable: bool = False) -> Markup:
    """Write a table as HTML that can stand in any page.

    Caption, headers with scope, a class for numbers.

    Args:
        table: The table.
        sortable: Whether the site's script makes its columns sort.
    """
    return Markup(_template().render(table=table, sortable=sortable))


def markdown_text(text: str) -> str:
    """Escape text for Markdown: no tag, no link, no emphasis, no table cell and no line break comes of it."""
    return re.sub(r"([\\`*_\[\]|~])", r"\\\1", html.escape(_flat(text), quote=False)).replace(
        "://", ":&#8203;//"
    )


def preformatted(text: str) -> str:
    """Escape text for ``<pre>`` in Markdown, where it is read as it was: a fence would end at the first that the text holds."""
    return html.escape(text, quote=False).replace("](", "]&#40;")


@cache
def _template() -> jinja2.Template:
    """Return the template of a table in HTML, which escapes what it is given."""
    loader = jinja2.PackageLoader("reports", "tables")
    return jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    ).get_template("table.html")


def _flat(text: str) -> str:
    """Bring text to one line: a line break would end a table's row."""
    return " ".join(text.split())


def _alignment(table: Table) -> list[str] | None:
    """Alignment of the columns; tabulate takes none for an empty table."""
    return (
        ["right" if column.numeric else "left" for column in table.columns] if table.rows else None
    )
