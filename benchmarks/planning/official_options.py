"""Options of benchmarks that suites give: official, as the defaults of a benchmark are."""

from collections import defaultdict
from typing import Any

from benchmarks.planning.catalog import Catalog
from benchmarks.planning.protocol import has_training_protocol
from benchmarks.planning.suite_members import load_suite


def official_options(catalog: Catalog) -> dict[str, list[dict[str, Any]]]:
    """Return the options that members of suites give, by benchmark, each once.

    The protocol of a task is none of them. Profiles do not count, nor do suites with
    ``OFFICIAL = False``: their trainings are short.

    Raises:
        UsageError: If a suite can't be loaded.
    """
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in catalog.suites:
        if not entry.source.facts.get("OFFICIAL", True):
            continue
        for member in load_suite(entry).members:
            options = dict(member.options)
            if has_training_protocol(catalog.benchmark(member.benchmark)):
                options.pop("protocol", None)
            if options and options not in found[member.benchmark]:
                found[member.benchmark].append(options)
    return {name: options for name, options in found.items() if options}
