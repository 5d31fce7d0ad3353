"""Writes the page of an inspection: figures, the table of events, and one page that shows all."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from reports.figures.plot import FILE_FORMS, Plot
from reports.output import report_folder
from reports.site import inspection_page
from results.errors import UsageError
from results.store.store import write_whole

PAGE = "index.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionPart:
    """One inspected memory.

    Attributes:
        name: Start of the names of its files.
        title: Title of its section.
        note: A few sentences below the title.
        facts: Numbers, as pairs of name and value.
        plots: Its figures.
        frame: Its table of events.
    """

    name: str
    title: str
    note: str
    facts: tuple[tuple[str, str], ...]
    plots: tuple[Plot, ...]
    frame: pd.DataFrame


def write(
    parts: Sequence[InspectionPart],
    out: Path,
    *,
    columns: Mapping[str, str],
    events: Mapping[str, str],
) -> Path:
    """Write the page and return its path.

    Args:
        parts: The inspected memories.
        out: Folder to write to; created if missing.
        columns: Meaning of the table's columns.
        events: Meaning of its events.

    Raises:
        UsageError: If the folder can't be written, or a file that no report wrote would be
            replaced.
    """
    tables = [table_file(part.name, part.frame) for part in parts]
    contents: dict[str, str | bytes] = dict(tables)
    for part in parts:
        contents |= figure_files(part)
    assets = files("reports.site").joinpath("assets")
    contents |= {
        f"assets/{asset.name}": asset.read_bytes()
        for asset in sorted(assets.iterdir(), key=lambda asset: asset.name)
    }
    contents[PAGE] = inspection_page.render(
        [section(part, table) for part, (table, _) in zip(parts, tables, strict=True)],
        columns=columns,
        events=events,
    )
    try:
        report_folder.prepare(out, contents)
        for name, content in contents.items():
            write_whole(out / name, content, durable=False)
        report_folder.settle(out, contents)
    except OSError as error:
        raise UsageError(
            f"cannot write the page to {out}: {error.strerror or error}; "
            "give another folder by --out"
        ) from error
    return out / PAGE


def section(part: InspectionPart, table: str) -> inspection_page.Section:
    """Return a part as a section of a page; ``table`` is the address of its table."""
    return inspection_page.Section(
        name=part.name,
        title=part.title,
        note=part.note,
        facts=part.facts,
        figures=tuple(
            (plot, {form: figure_file(part.name, plot, form) for form in FILE_FORMS})
            for plot in part.plots
        ),
        table=table,
        events=len(part.frame),
    )


def figure_files(part: InspectionPart) -> dict[str, str | bytes]:
    """Return the files of a part's figures, by their path in the folder."""
    return {
        figure_file(part.name, plot, form): drawing
        for plot in part.plots
        for form, drawing in plot.forms.items()
    }


def figure_file(part: str, plot: Plot, form: str) -> str:
    """Return the path of a figure in the folder."""
    return f"figures/{part}-{plot.name}.{form}"


def table_file(name: str, frame: pd.DataFrame) -> tuple[str, bytes]:
    """Return the table as a file that pandas reads: Parquet if pyarrow is installed, else CSV."""
    if find_spec("pyarrow") is None:
        return f"{name}.csv", frame.to_csv(index=False, lineterminator="\n").encode()
    buffer = io.BytesIO()
    frame.to_parquet(buffer, engine="pyarrow", index=False, compression="zstd")
    return f"{name}.parquet", buffer.getvalue()
