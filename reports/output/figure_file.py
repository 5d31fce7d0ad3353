"""Writes a Matplotlib figure to a file; the same figure gives the same bytes."""

import io
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from reports.figures.paper import paper_style
from results.errors import UsageError
from results.store.store import write_whole

FILE_METADATA: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
}
"""Entries of a file that are left out, by its ending: they differ between runs and versions."""

DPI = 300
"""Resolution of a PNG."""


def write(figure: Figure, path: Path, name: str) -> Path:
    """Write a figure in the format of the file's ending and return the path.

    Args:
        figure: The figure.
        path: A file that ends with one of `FILE_METADATA`.
        name: Seeds the ids of an SVG.

    Raises:
        UsageError: If the file cannot be written.
    """
    form = path.suffix[1:]
    content = io.BytesIO()
    with paper_style(name):
        figure.savefig(content, format=form, metadata=FILE_METADATA[form], dpi=DPI)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content.getvalue())
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
    return path
