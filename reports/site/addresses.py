"""Paths of pages and figures, relative to the site's root. Names enter only as slugs."""

from reports.analysis.slugs import slug

FRONT = "index.html"
ABLATIONS = "ablations.html"


def benchmark_page(name: str) -> str:
    """Path of a task's or stream's page."""
    return f"benchmarks/{slug(name)}.html"


def model_page(name: str) -> str:
    """Path of a model's or variant's page."""
    return f"models/{slug(name)}.html"


def cell_page(cell_id: str) -> str:
    """Path of a cell's page."""
    return f"cells/{slug(cell_id)}.html"


def figure_file(name: str, form: str) -> str:
    """Path of a figure in one format, given by its extension."""
    return f"figures/{name}.{form}"
