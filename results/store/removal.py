"""Removes cells from a store: their records, logs, checkpoints, weights and training logs."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from results.errors import UsageError
from results.records.manifest import Manifest
from results.store.store import MANIFEST_TIMEOUT, Store


def remove_cell(store: Store, cell_id: str) -> bool:
    """Delete all files of a cell; return False if a runner holds it.

    Only files of the store are deleted: a link is deleted, its target stays.

    Args:
        store: The store.
        cell_id: Sixteen hexadecimal digits.

    Raises:
        OSError: If a file cannot be deleted.
    """
    held = store.lock(cell_id)
    if held is None:
        return False
    try:
        for path in _files(store, cell_id):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    except BaseException:
        held.release()
        raise
    held.fulfil()
    return True


def _files(store: Store, cell_id: str) -> Iterator[Path]:
    """Yield a cell's files; the record is last, so that an interrupted removal can be repeated."""
    for folder in ("logs", "checkpoints", "weights"):
        yield from (store.root / folder).glob(f"{cell_id}.*")
    for folder in ("tensorboard", "csv", "training-logs/*"):
        yield from store.root.glob(f"{folder}/*/*/*/seed-*-{cell_id}")
    yield store.path(cell_id)


def remove_from_manifests(store: Store, cell_ids: set[str]) -> None:
    """Remove cells from all manifests, with the benchmarks, models and methods only they have.

    A manifest without cells is deleted.

    Raises:
        UsageError: If another process holds a manifest, or one cannot be read.
        OSError: If one cannot be written.
    """
    for name in [
        one.name for one in store.manifests() if any(cell.id in cell_ids for cell in one.cells)
    ]:
        held = store.lock_manifest(name, patience=MANIFEST_TIMEOUT)
        if held is None:
            raise UsageError(
                f"another process has held the manifest '{name}' of {store.root} "
                f"for {MANIFEST_TIMEOUT:g} s: end it and repeat the removal"
            )
        with held:
            for manifest in store.manifests():
                if manifest.name == name:
                    _rewrite(store, manifest, cell_ids)


def _rewrite(store: Store, manifest: Manifest, cell_ids: set[str]) -> None:
    cells = tuple(cell for cell in manifest.cells if cell.id not in cell_ids)
    if not cells:
        (store.root / "manifests" / f"{manifest.name}.json").unlink(missing_ok=True)
        return
    benchmarks, models, methods = (
        {getattr(cell, part) for cell in cells} for part in ("benchmark", "model", "method")
    )
    store.write_manifest(
        manifest.model_copy(
            update={
                "cells": cells,
                "benchmarks": tuple(one for one in manifest.benchmarks if one.name in benchmarks),
                "models": tuple(one for one in manifest.models if one.name in models),
                "methods": tuple(one for one in manifest.methods if one.name in methods),
            }
        )
    )
