"""Makes cells: resolves their options, learning rates and versions. Never imports torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from pydantic import JsonValue

from baselines.registry import Entry
from benchmarks.datasets.folder_content import content_digest
from benchmarks.datasets.paths import data_root, located, normalised
from benchmarks.datasets.user_data_notes import notes
from benchmarks.planning.budgets import with_total, without_total
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.learning_rates import learning_rate
from benchmarks.planning.protocol import (
    Protocol,
    has_training_protocol,
    protocol_of,
    training_options,
)
from benchmarks.planning.set_options import FULL_PRECISION, Settings
from benchmarks.planning.suite import Member
from benchmarks.planning.variant import Variant, resolve
from benchmarks.planning.versions import versions
from results.errors import UsageError
from results.records.cell import SUPERVISED, Cell, canonical
from results.records.same_benchmark import Options, benchmark_options


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A cell and the entries that it is made of.

    Entries hold paths, which are not part of a cell's identity.
    """

    cell: Cell
    benchmark: Entry
    model: Entry
    method: Entry | None


def check_data(job: Job, root: Path) -> None:
    """Check that the data are still those of the plan, whose hash is part of the cell id.

    Args:
        job: The cell.
        root: The data root of the machine that runs it.

    Raises:
        UsageError: If the data are missing or have changed since the plan.
    """
    options = job.cell.config["benchmark"]
    found = data_digest(job.benchmark, options, root)
    if found is not None and found != job.cell.version["data"]:
        facts = job.benchmark.source.facts
        named = "DATA" in facts and "DIGEST_FROM" not in facts
        what = str(located(str(options[facts["DATA"]]), root)) if named else "its data"
        raise UsageError(
            f"{job.benchmark.name}: {what} has changed since the plan was made, or differs between "
            "machines: run the command again"
        )


def data_digest(entry: Entry, options: Mapping[str, JsonValue], root: Path) -> str | None:
    """Hash the data of a benchmark that are found on this machine; None if it has none.

    They are identified by ``digest`` of the module of the fact ``DIGEST_FROM``, or by the content
    of the user data that the option of the fact ``DATA`` names.

    Raises:
        UsageError: If the data are missing.
    """
    facts = entry.source.facts
    if "DIGEST_FROM" in facts:
        return str(import_module(facts["DIGEST_FROM"]).digest(options, root))
    if "DATA" in facts:
        return content_digest(located(str(options[facts["DATA"]]), root))
    return None


class Planner:
    """Makes cells: resolves options, learning rate and versions.

    Args:
        catalog: The registries.
        settings: Options given on the command line, for all cells.
        members: Members of the suite; their options are for their benchmark.
        data: Folder of the data sets; by default that of the environment.
    """

    def __init__(
        self,
        catalog: Catalog,
        settings: Settings,
        members: Sequence[Member] = (),
        data: Path | None = None,
    ) -> None:
        self.catalog = catalog
        self.settings = settings
        self._data = data
        self._digests: dict[str, str | None] = {}
        self._models: dict[str, Variant] = {}
        self._methods: dict[str, Variant] = {}
        self._options = {member.benchmark: dict(member.options) for member in members}
        for member in members:
            if dict(member.options) != self._options[member.benchmark]:
                raise UsageError(
                    f"the suite gives '{member.benchmark}' different options in two members; make "
                    "them equal"
                )

    def model(self, text: str) -> Variant:
        """Resolve a model's name, once."""
        if text not in self._models:
            self._models[text] = resolve(self.catalog.model, text, self.settings.model)
        return self._models[text]

    def method(self, text: str) -> Variant:
        """Resolve a method's name, once."""
        if text not in self._methods:
            own, total = without_total(text)
            variant = resolve(self.catalog.method, own, self.settings.method)
            self._methods[text] = with_total(variant, total) if total else variant
        return self._methods[text]

    def again(self, benchmark: str, model: str, method: str, seed: int) -> Job:
        """Make the cell of these names under the current settings and versions.

        Raises:
            UsageError: If a name or an option is unknown.
        """
        entry = self.catalog.benchmark(benchmark)
        return self.job(
            entry, self.model(model), self.method(method) if entry.kind == "stream" else None, seed
        )

    def options(self, entry: Entry) -> dict[str, JsonValue]:
        """Resolve a benchmark's options.

        The command's options override the suite's, then the protocol's, then the defaults.

        Raises:
            UsageError: If one is unknown.
        """
        try:
            resolved: dict[str, JsonValue] = canonical(
                entry.configure({**self._protocol(entry).options, **self._own_options(entry)})
            )
        except UsageError as error:
            if not self.settings.benchmark or len(self._options) < 2:
                raise
            raise UsageError(
                f"{error}; --set applies to every benchmark of a suite: run those that have the "
                "option by name"
            ) from None
        if "DATA" in entry.source.facts:  # one spelling, so that a data set has one cell id
            option = entry.source.facts["DATA"]
            resolved[option] = normalised(str(resolved[option]))
        return resolved

    def variant_options(self, entry: Entry) -> Options:
        """Return the options by which the benchmark's cells differ, the protocol included.

        Raises:
            UsageError: If an option is unknown.
        """
        if entry.kind != "task":
            return self.options(entry)
        training = training_options(self._protocol(entry), entry.name, "")
        return benchmark_options(
            SUPERVISED, {"benchmark": self.options(entry), "training": training}
        )

    def data_notes(self, entry: Entry) -> list[str]:
        """Return what a user should know of their own data before a run, one line each.

        Raises:
            UsageError: If the data can't be read or are malformed.
        """
        facts = entry.source.facts
        if "DATA" not in facts or entry.plugin:  # a plugin has a format of its own
            return []
        if "DIGEST_FROM" in facts:
            texts, root = import_module(facts["DIGEST_FROM"]), data_root(self._data)
            return [f"{entry.name}: {note}" for note in texts.notes(self.options(entry), root)]
        array = facts.get("ARRAY", "inputs")
        return [f"{entry.name}: {note}" for note in notes(self._place(entry), array)]

    def _place(self, entry: Entry) -> Path:
        return located(str(self.options(entry)[entry.source.facts["DATA"]]), data_root(self._data))

    def _digest(self, entry: Entry, options: Mapping[str, JsonValue]) -> str | None:
        """Hash data once per plan: in the next plan of a process they may have changed."""
        if entry.name not in self._digests:  # a plan has one set of options per benchmark
            self._digests[entry.name] = data_digest(entry, options, data_root(self._data))
        return self._digests[entry.name]

    def _given(self, entry: Entry) -> dict[str, JsonValue]:
        return {**self._options.get(entry.name, {}), **self.settings.benchmark}

    def _own_options(self, entry: Entry) -> dict[str, JsonValue]:
        """Return the given options of the benchmark, without a task's protocol."""
        given = self._given(entry)
        if has_training_protocol(entry):
            given.pop("protocol", None)
        return given

    def _protocol(self, entry: Entry) -> Protocol:
        return protocol_of(entry, self._given(entry))

    def job(self, entry: Entry, model: Variant, method: Variant | None, seed: int) -> Job:
        """Make one cell; ``method`` is None on a task.

        Raises:
            UsageError: If an option of the benchmark is unknown.
        """
        protocol, options = self._protocol(entry), self.options(entry)
        rate = self.settings.learning_rate or protocol.learning_rate
        training: dict[str, JsonValue] = {
            "learning_rate": learning_rate(
                entry.name, model.entry.name, method.entry.name if method else None
            )
            if rate is None
            else rate,
            **training_options(protocol, entry.name, model.entry.name),
        }
        if self.settings.precision != FULL_PRECISION:
            training["precision"] = self.settings.precision
        version = versions(entry, model.entry, method.entry if method else None, training)
        if (digest := self._digest(entry, options)) is not None:
            version["data"] = digest
        cell = Cell(
            benchmark=entry.name,
            model=model.name,
            method=method.name if method else SUPERVISED,
            seed=seed,
            config={
                "benchmark": options,
                "model": model.config,
                "method": method.config if method else {},
                "training": training,
            },
            version=version,
        )
        return Job(
            cell=cell, benchmark=entry, model=model.entry, method=method.entry if method else None
        )
