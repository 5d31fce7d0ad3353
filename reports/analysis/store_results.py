"""``memnet.load_results``: the records of one or several stores, as pandas frames."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reports.analysis.curves_frame import curves_frame
from reports.analysis.dataframes import cells_frame
from results.errors import UsageError
from results.records.record import Record
from results.store.published_store import store_folder
from results.store.store import Store


@dataclass(frozen=True, slots=True)
class Results:
    """Records of one or several stores.

    Attributes:
        stores: Folder of each store, and its records in the order of their ids.
    """

    stores: tuple[tuple[str, tuple[Record, ...]], ...]

    @property
    def records(self) -> tuple[Record, ...]:
        """All records, store by store."""
        return tuple(record for _, records in self.stores for record in records)

    def frame(self) -> pd.DataFrame:
        """Return one row per cell, with real dtypes.

        Columns: ``store``, ``id``, ``benchmark``, ``model``, ``method``, ``seed``, ``status``, then
        metrics, costs, configuration and provenance; see `reports.analysis.dataframes.cells_frame`.
        """
        return _joined(cells_frame(records, store=store) for store, records in self.stores)

    def curves(self, name: str) -> pd.DataFrame:
        """Return a curve of every cell that has it, in long form: one row per point.

        Args:
            name: Name of the curve, such as ``"accuracy_by_distance"`` or ``"accuracy_matrix"``.

        Raises:
            UsageError: If no cell has a curve of this name. The message lists those that exist.
        """
        frame = curves_frame(self.records, name)
        store = {record.id: store for store, records in self.stores for record in records}
        frame.insert(0, "store", frame["id"].map(store).astype("string"))
        return frame

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __repr__(self) -> str:
        folders = ", ".join(store for store, _ in self.stores)
        return f"<Results: {len(self)} cells of {folders}>"


def load_results(*stores: str | Path, cells: Iterable[str] | None = None) -> Results:
    """Read the records of one or several stores.

    Damaged records are set aside, as in every read of a store. A record that is in several stores
    counts once, for the first of them.

    Args:
        stores: Folders, such as ``"runs"``; ``"published"`` is the package's own.
        cells: Ids of the cells to read; all by default.

    Raises:
        UsageError: If no store is given, a folder is no store, or two stores hold different records
            of one cell.
    """
    if not stores:
        raise UsageError(
            'load_results() was given no store: name one, such as load_results("runs")'
        )
    chosen = None if cells is None else set(cells)
    seen: dict[str, tuple[Path, Record]] = {}
    loaded: list[tuple[str, tuple[Record, ...]]] = []
    for folder in stores:
        store = Store.open(store_folder(folder))
        records = []
        for cell_id in sorted(store.ids()):
            if chosen is not None and cell_id not in chosen:
                continue
            record = store.read(cell_id)
            if record is None:
                continue
            if cell_id in seen:
                first, other = seen[cell_id]
                if record.to_json() != other.to_json():
                    raise UsageError(
                        f"{first} and {store.path(cell_id)} are different records of one cell: "
                        "load one of these stores, or remove one of the records"
                    )
                continue
            seen[cell_id] = (store.path(cell_id), record)
            records.append(record)
        loaded.append((str(folder), tuple(records)))
    return Results(tuple(loaded))


def _joined(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    parts = list(frames)
    filled = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(filled, ignore_index=True)
