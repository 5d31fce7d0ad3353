"""Records that today's code would not make again, since the version of a component changed."""

from collections.abc import Iterable

from benchmarks.planning.catalog import Catalog
from benchmarks.planning.protocol import CONVERGED
from benchmarks.planning.versions import STOP_RULE, stop_rule_version, training_version
from results.records.cell import SUPERVISED, Cell


def earlier_versions(cells: Iterable[Cell], catalog: Catalog) -> dict[str, str]:
    """Describe what changed since cells were run, by cell id; unchanged ones are left out."""
    known: dict[tuple[object, ...], str] = {}
    found: dict[str, str] = {}
    for cell in cells:
        protocol = cell.config.get("training", {}).get("protocol")
        names = (cell.benchmark, cell.model.partition("[")[0], cell.method.partition("[")[0])
        key = (*names, protocol, *sorted(cell.version.items()))
        if key not in known:
            known[key] = changed_versions(cell, catalog)
        if known[key]:
            found[cell.id] = known[key]
    return found


def changed_versions(cell: Cell, catalog: Catalog) -> str:
    """Describe the components whose version differs from today's.

    Components that are not installed, such as those of a plugin, are not compared.
    """
    today = {STOP_RULE: stop_rule_version()}
    for part, registry, name in (
        ("benchmark", catalog.tasks, cell.benchmark),
        ("benchmark", catalog.streams, cell.benchmark),
        ("model", catalog.models, cell.model.partition("[")[0]),
        ("method", catalog.methods, cell.method.partition("[")[0]),
    ):
        entry = next((entry for entry in registry if entry.name == name), None)
        if entry is not None:
            today[part] = entry.version
    today["training"] = training_version("task" if cell.method == SUPERVISED else "stream")
    then = dict(cell.version)
    if cell.config.get("training", {}).get("protocol") == CONVERGED:
        then.setdefault(STOP_RULE, "1")  # cells did not name the first version
    return "; ".join(
        f"{part} had version {version}, now {today[part]}"
        for part, version in then.items()
        if part in today and version != today[part]
    )
