"""Where each page stands, from the site's root. Names come in through their slugs alone."""

from reports.analysis.slugs import slug

FRONT = "index.html"


def benchmark_page(name: str) -> str:
    """Page of a task or stream."""
    return f"benchmarks/{slug(name)}.html"


def model_page(name: str) -> str:
    """Page of a model or variant."""
    return f"models/{slug(name)}.html"


def cell_page(cell_id: str) -> str:
    """Page of one cell."""
    return f"cells/{slug(cell_id)}.html"


def figure_file(name: str, form: str) -> str:
    """A figure in one of its forms, by its ending."""
    return f"figures/{name}.{form}"
