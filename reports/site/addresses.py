"""Paths of pages and figures, relative to the site's root. Names enter only as slugs."""

from reports.analysis.selection import ResultRow
from reports.analysis.slugs import slug

FRONT = "index.html"
ABLATIONS = "ablations.html"
REPRODUCE = "reproduce.sh"


def benchmark_page(name: str) -> str:
    """Path of a task's or stream's page."""
    return f"benchmarks/{slug(name)}.html"


def model_page(name: str) -> str:
    """Path of a model's or variant's page."""
    return f"models/{slug(name)}.html"


def method_page(name: str) -> str:
    """Path of the page of a stream's method, with all of its options and budgets."""
    return f"methods/{slug(name.partition('[')[0])}.html"


def row_page(entry: ResultRow) -> str:
    """Path of the page of a row, with all of its seeds."""
    names = (entry.subject.name, entry.model, entry.method, entry.setting)
    return f"rows/{slug(' '.join(names))}.html"


def seed(entry: ResultRow, number: int) -> str:
    """Address of one seed on the page of its row."""
    return f"{row_page(entry)}#{seed_id(number)}"


def seed_id(number: int) -> str:
    """Id of a seed's part of a page."""
    return f"seed-{number}"


def figure_file(name: str, form: str) -> str:
    """Path of a figure in one format, given by its extension."""
    return f"figures/{name}.{form}"
