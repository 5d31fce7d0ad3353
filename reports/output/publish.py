"""Publishes a site for any static host, with its records as one Parquet table."""

import importlib.util
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from reports.analysis.dataframes import records_frame
from reports.analysis.selection import Selection, select
from reports.analysis.subjects import NO_SUITES, Official
from reports.output.build import write
from reports.site import page_templates
from reports.site.badges import NOTHING_OUTDATED, Outdated
from results.errors import UsageError
from results.store.store import Store, stores_of

JSON_PARTS = ("cell", "curves", "slots", "provenance", "error")
"""Parts of a record that the Parquet table contains as JSON, in addition to its numbers."""


def publish(
    store: Store | Sequence[Store],
    out: Path,
    *,
    official: Official = NO_SUITES,
    outdated: Outdated = NOTHING_OUTDATED,
) -> Path:
    """Write the site of a store with the files that a host needs.

    In addition to a report, these are ``records.parquet``, ``README.md`` (with the front matter of
    a Hugging Face Space) and ``.nojekyll`` (for GitHub Pages). The same records and packages give
    the same bytes.

    Args:
        store: The store, or several.
        out: Folder to write to; created if missing.
        official: Options of suites, by benchmark, which are official as the defaults are.
        outdated: What changed in the code since cells were run, by cell id.

    Returns:
        The front page.

    Raises:
        UsageError: If pyarrow is not installed, the store is empty, the folder can't be written, or
            a file that no report wrote would be replaced.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise UsageError(
            "publishing needs pyarrow, for the Parquet table: pip install 'memnet-bench[publish]'"
        )
    stores = stores_of(store)
    selection = select(*stores)
    if not selection.records:
        roots = ", ".join(str(one.root) for one in stores)
        raise UsageError(
            f"the store {roots} holds no records to publish; "
            "run a benchmark first, or name another store by --store"
        )
    card = page_templates.environment().get_template("space.md").render(selection=selection)
    return write(
        selection,
        out,
        extra={".nojekyll": "", "README.md": card, "records.parquet": parquet(selection)},
        official=official,
        outdated=outdated,
    )


def parquet(selection: Selection) -> bytes:
    """Return all records as one Parquet table.

    It has a row per record, numbers in columns, the rest as JSON. The columns are those of
    `records_frame` (and ``records.csv``), and one per `JSON_PARTS`.
    """
    frame = records_frame(selection).convert_dtypes()
    records = [*selection.records, *selection.stale]
    for part in JSON_PARTS:
        frame[f"{part}.json"] = pd.array(
            [_json(record.model_dump(mode="json")[part]) for record in records], dtype="string"
        )
    buffer = io.BytesIO()
    frame.to_parquet(buffer, engine="pyarrow", index=False, compression="zstd")
    return buffer.getvalue()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
