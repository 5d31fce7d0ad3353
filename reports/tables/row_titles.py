"""Names of rows for people: titles of models and methods, with a variant's options in words."""

from reports.analysis.comparison import RowComparison
from reports.analysis.selection import ResultRow, Selection
from reports.analysis.titles import PHRASES
from reports.tables import number_format

SWITCHES = {"true": "on", "false": "off"}
"""Words for the value of a switch."""


def row_title(entry: ResultRow, left_out: str = "") -> str:
    """Return the model of a task's row, or the method of a stream's.

    Args:
        entry: The row.
        left_out: Model that the title of a stream's row leaves out.
    """
    if entry.subject.kind == "task":
        return model_title(entry)
    method = method_title(entry)
    return method if entry.model == left_out else f"{model_title(entry)} · {method}"


def model_title(entry: ResultRow, options: str | None = None) -> str:
    """Return the model's title; of two rows that differ in the learning rate, with it.

    Args:
        entry: The row.
        options: Options to show instead of those in the row's name.
    """
    name, _, rate = entry.model.partition(" (")
    return _title(entry.model_title, name, options) + (f" ({rate}" if rate else "")


def model_titles(selection: Selection) -> dict[str, str]:
    """Return the title of every model with a row, by its name in rows."""
    return {entry.model: model_title(entry) for entry in selection.entries}


def method_title(entry: ResultRow, options: str | None = None) -> str:
    """Return the method's title, with its budget in words.

    Args:
        entry: The row.
        options: Options to show instead of those in the row's name.
    """
    return _title(entry.method_title, entry.method, options)


def comparison_title(found: RowComparison) -> str:
    """Return the benchmark, with the model if both sides share it, and on a stream the methods."""
    left, right = found.left, found.right
    model = [model_title(left)] if left.model == right.model else []
    methods = dict.fromkeys((method_title(left), method_title(right)))
    stream = [" against ".join(methods)] if left.subject.kind == "stream" else []
    return " · ".join([left.subject.shown, *model, *stream])


def options_text(options: str) -> str:
    """Return the options of a variant in words: ``hebbian=false,hops=1`` is ``hebbian off, …``."""
    return ", ".join(_option(one) for one in options.split(",") if one)


def spelt(title: str) -> str:
    """Return a title of `reports.analysis.heat` with its options in words."""
    return " · ".join(
        ", ".join(_option(part) if "=" in part else part for part in name.split(", "))
        for name in title.split(" · ")
    )


def _title(title: str, name: str, chosen: str | None = None) -> str:
    """Return a title whose options are in words, from the title of a manifest and a name."""
    base, _, options = name.partition("[")
    options = options.removesuffix("]")
    shown = title.removesuffix(f", {options.replace(',', ', ')}") if options else title
    options = options if chosen is None else chosen
    return f"{shown or base}, {options_text(options)}" if options else shown or base


def _option(option: str) -> str:
    key, _, value = option.partition("=")
    if key in number_format.BUDGET_PHRASES:
        return number_format.budget(option)
    words = key.replace("_", " ")
    if value in SWITCHES:
        return PHRASES.get((key, value)) or f"{words} {SWITCHES[value]}"
    return PHRASES.get((key, value)) or f"{words} {value}"
