"""The five registries together, with the plugins of one command."""

from collections.abc import Mapping, Sequence
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

    @property
    def registries(self) -> tuple[Registry, ...]:
        """All registries."""
        return self.suites, self.tasks, self.streams, self.models, self.methods

    def runnable(self, name: str) -> Entry:
        """Return the suite, task or stream called ``name``.

        Raises:
            UsageError: If there is none.
        """
        return self._get(name, self.suites, self.tasks, self.streams)

    def benchmark(self, name: str) -> Entry:
        """Return the task or stream called ``name``.

        Raises:
            UsageError: If there is none.
        """
        return self._get(name, self.tasks, self.streams)

    def model(self, name: str) -> Entry:
        """Return the model called ``name``.

        Raises:
            UsageError: If there is none.
        """
        return self._get(name, self.models)

    def method(self, name: str) -> Entry:
        """Return the method called ``name``.

        Raises:
            UsageError: If there is none.
        """
        return self._get(name, self.methods)

    def named(self, name: str) -> list[Entry]:
        """Return the entries of all kinds called ``name``."""
        return [registry.get(name) for registry in self.registries if name in registry]

    def _get(self, name: str, *registries: Registry) -> Entry:
        for registry in registries:
            if name in registry:
                return registry.get(name)
        if found := self.named(name):
            raise UsageError(_other_kind(name, found))
        kinds = [registry.kind for registry in registries]
        what = f"{', '.join(kinds[:-1])} or {kinds[-1]}" if len(kinds) > 1 else kinds[0]
        known = [name for registry in registries for name in registry.names()]
        raise UsageError(
            f"{unknown(what, name, known)}; to use your own file, give --plugin FILE.py"
        )


def _other_kind(name: str, found: Sequence[Entry]) -> str:
    """Return a message that ``name`` is of another kind, with the option or command for it."""
    places: Mapping[str, str] = {"model": f"--models {name}", "method": f"--methods {name}"}
    kinds = " and ".join(f"a {entry.kind}" for entry in found)
    ways = " or ".join(places.get(entry.kind, f"memnet run {name}") for entry in found)
    return f"'{name}' is {kinds}: write {ways}"
