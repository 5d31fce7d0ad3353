"""The five registries together, with the plugins of one command."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from baselines.registry import Entry, Registry, unknown
from results.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The registries of one command."""

    suites: Registry
    tasks: Registry
    streams: Registry
    models: Registry
    methods: Registry

    @classmethod
    def read(cls, plugins: Sequence[Path] = ()) -> "Catalog":
        """Read all registries. A plugin file that is given twice is read once.

        Raises:
            UsageError: If two entries of a kind share a name, or a suite, task or stream has the
                name of another one, or a plugin cannot be read.
        """
        files = tuple(dict.fromkeys(path.resolve() for path in plugins))
        catalog = cls(
            suites=Registry("suite", files),
            tasks=Registry("task", files),
            streams=Registry("stream", files),
            models=Registry("model", files),
            methods=Registry("method", files),
        )
        runnable: dict[str, Entry] = {}
        for entry in (*catalog.suites, *catalog.tasks, *catalog.streams):
            other = runnable.setdefault(entry.name, entry)
            if other is not entry:
                raise UsageError(
                    f"a {other.kind} and a {entry.kind} are both called '{entry.name}': "
                    f"{other.path} and {entry.path}; rename one of the files"
                )
        return catalog

    def runnable(self, name: str) -> Entry:
        """Return the suite, task or stream called ``name``.

        Raises:
            UsageError: If there is none.
        """
        for registry in (self.suites, self.tasks, self.streams):
            if name in registry:
                return registry.get(name)
        raise UsageError(
            unknown(
                "suite, task or stream",
                name,
                [*self.suites.names(), *self.tasks.names(), *self.streams.names()],
            )
        )

    def benchmark(self, name: str) -> Entry:
        """Return the task or stream called ``name``.

        Raises:
            UsageError: If there is none.
        """
        for registry in (self.tasks, self.streams):
            if name in registry:
                return registry.get(name)
        raise UsageError(
            unknown("task or stream", name, [*self.tasks.names(), *self.streams.names()])
        )
