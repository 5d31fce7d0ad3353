"""``memnet list NAME``: describes one entry from its source text."""

from collections.abc import Iterator, Mapping
from typing import Any

from baselines.option_values import spelt
from baselines.registry import Entry

COUNTED_SIZES = {
    "experiences": "experience",
    "epochs": "epoch",
    "iterations": "step per experience",
    "steps": "step",
}
"""Options of benchmarks that determine the time of training, in words; zero is no size."""

FURTHER_SIZES = {
    "batch_size": "batches of",
    "train_length": "length",
    "length": "length",
}
"""Further options of that kind, each with the words before its value."""


def describe_entry(entry: Entry) -> str:
    """Describe an entry: summary, version, file, requirements, inputs and options.

    A suite is described by its members.
    """
    facts = entry.source.facts
    version = "" if entry.kind == "suite" else f", version {entry.version}"
    parts = [f"{entry.name} ({entry.kind}{version}): {entry.summary}", f"file: {entry.path}"]
    needed = needs(entry)
    if needed:
        parts.append(f"needs: {needed}")
    if "INPUTS" in facts:
        verb = "reads" if entry.kind == "model" else "feeds"
        parts.append(f"{verb}: {', '.join(facts['INPUTS'])}")
    if "PRIMARY" in facts:
        parts.append(f"scored by: {facts['PRIMARY']}{_chance(facts)}")
    parts += [
        f"protocol {name}: {_assignments(options)}"
        for name, options in facts.get("PROTOCOLS", {}).items()
    ]
    parts += _suite(entry) if entry.kind == "suite" else [_options(entry)]
    return "\n".join(parts)


def needs(entry: Entry) -> str:
    """Return what an entry requires in addition to this package; empty if nothing."""
    parts = list(entry.requires)
    if entry.source.facts.get("FILES"):
        parts.append("its data in the data root, or a download")
    return ", ".join(parts)


def sizes(entry: Entry) -> str:
    """Return the sizes that determine the time of a run, those of the defaults.

    They are the training of a task or stream, and the members of a suite. Empty for other entries,
    and for a suite given as a plugin, whose code a list does not run.
    """
    if entry.kind == "suite":
        return "" if entry.plugin else _suite_size(entry)
    if entry.kind not in ("task", "stream"):
        return ""
    found = {
        one.name: one.default
        for one in entry.source.options
        if isinstance(one.default, int) and one.default
    }
    return ", ".join(
        [
            *(_count(found[name], word) for name, word in COUNTED_SIZES.items() if name in found),
            *(f"{word} {found[name]:,}" for name, word in FURTHER_SIZES.items() if name in found),
        ]
    )


def _suite_size(entry: Entry) -> str:
    suite = entry.load().SUITE
    names = {
        "benchmark": {member.benchmark for member in suite.members},
        "model": {model for member in suite.members for model in member.models},
        "method": {method for member in suite.members for method in member.methods},
    }
    counts = [_count(len(found), what) for what, found in names.items() if found]
    seeds = {seed for member in suite.members for seed in member.seeds or suite.seeds}
    return ", ".join([*counts, f"seeds {_span(tuple(sorted(seeds)))}"])


def _count(number: int, word: str) -> str:
    first, *rest = word.split(" ", 1)
    return " ".join([f"{number:,} {first}{'s' if number != 1 else ''}", *rest])


def _options(entry: Entry) -> str:
    from tabulate import tabulate

    if not entry.source.options:
        return "options: none"
    rows = [
        [one.name, one.annotation, spelt(one.default), one.meaning.replace("``", "")]
        for one in entry.source.options
    ]
    headers = ["option", "type", "default", "meaning"]
    if not any(meaning for *_, meaning in rows):
        rows, headers = [row[:-1] for row in rows], headers[:-1]
    widths = [None, 20, None, 80][: len(headers)]
    return "\n" + tabulate(
        rows, headers=headers, tablefmt="simple", disable_numparse=True, maxcolwidths=widths
    )


def _chance(facts: Mapping[str, Any]) -> str:
    if facts.get("CHANCE") is None:
        return ""
    given = facts.get("CHANCE_GIVEN", {})
    conditions = [f"{key} is {' or '.join(map(str, values))}" for key, values in given.items()]
    where = f" if {' and '.join(conditions)}" if conditions else ""
    return f"; chance level {facts['CHANCE']:.4g}{where}"


def _assignments(options: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{key}={','.join(value) if isinstance(value, tuple) else spelt(value)}"
        for key, value in options.items()
    )


def _suite(entry: Entry) -> Iterator[str]:
    """Describe the members of a suite and of its profiles; suite files import nothing heavy."""
    suite = entry.load().SUITE
    for name, one in {"": suite, **suite.profiles}.items():
        yield (
            f"\nprofile {name}, seeds {_span(one.seeds)}:"
            if name
            else f"\nseeds {_span(one.seeds)}:"
        )
        for member in one.members:
            options = f" ({_assignments(member.options)})" if member.options else ""
            methods = f" by {', '.join(member.methods)}" if member.methods else ""
            seeds = f", seeds {_span(member.seeds)}" if member.seeds else ""
            yield f"  {member.benchmark}{options}: {', '.join(member.models)}{methods}{seeds}"


def _span(seeds: tuple[int, ...]) -> str:
    return f"{seeds[0]}-{seeds[-1]}" if len(seeds) > 1 else str(seeds[0])
