"""Plausibility of a record: names, curves, slot statistics, costs, provenance.

Each check yields one line per problem.
"""

import datetime
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeGuard

from pydantic import JsonValue

from results.records.record import Record
from results.records.record_parts import Cost, Learning, Provenance
from results.statistics.learning import first_reaching

SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+\-]{0,99}")
"""Names of metrics, curves, statistics, options and packages: no paths, markup or shell syntax."""

FRACTIONS_OF_SLOTS = ("occupancy", "reuse", "read_sparsity", "write_rate")
"""Slot statistics between 0 and 1."""

MAX_COUNT = 10**15
"""Largest plausible number of bytes, parameters or examples."""

MAX_SECONDS = 3.2e8
"""Largest plausible number of seconds: ten years."""


def implausibilities(record: Record) -> Iterator[str]:
    """Yield the implausible facts of a record, each as one line."""
    yield from _names(record)
    if record.status == "failed":
        if record.metrics or record.curves or record.slots or record.learning or record.weights:
            yield "a failed record has no metrics, curves, slots, learning or weights"
        return
    for name, curve in record.curves.items():
        yield from _curve(name, curve)
    yield from _slots(record.slots or {})
    if record.learning is not None:
        yield from _learning(record.learning)
    yield from _costs(record.cost)
    yield from _machine(record.cost, record.provenance)
    yield from _provenance(record.provenance)


def _names(record: Record) -> Iterator[str]:
    groups: dict[str, Iterable[str]] = {
        "metric": record.metrics,
        "curve": record.curves,
        "slot statistic": record.slots or {},
        "part of config": record.cell.config,
        "option": itertools.chain.from_iterable(record.cell.config.values()),
        "part of version": record.cell.version,
        "package": record.provenance.packages,
    }
    for what, names in groups.items():
        for name in names:
            if not SAFE_NAME.fullmatch(name) or ".." in name:
                yield f"the {what} {name!r} is not a name of letters, digits and _ . + -"


def _curve(name: str, curve: JsonValue) -> Iterator[str]:
    """Check a curve of a known kind. Other curves are only known to be finite."""
    if name.startswith("accuracy_by_distance"):
        yield from _by_distance(name, curve)
    elif name == "accuracy_within":
        rows = curve if isinstance(curve, list) else [None]
        if not all(
            isinstance(row, list)
            and row
            and _whole(row[0], least=0)
            and all(_share(value) for value in row[1:])
            for row in rows
        ):
            yield f"{name} has a row that is not a step and accuracies between 0 and 1"
    elif name in ("accuracy_matrix", "probe_matrix"):
        rows = curve if isinstance(curve, list) else [None]
        if not all(isinstance(row, list) and all(_share(value) for value in row) for row in rows):
            yield f"{name} has a value that is not an accuracy between 0 and 1"
    elif name == "initial_accuracy":
        if not isinstance(curve, list) or not all(_share(value) for value in curve):
            yield f"{name} has a value that is not an accuracy between 0 and 1"
    elif name == "training_loss" and not _rising(curve):
        yield f"{name} is not a list of increasing steps, each with a loss"


def _by_distance(name: str, curve: JsonValue) -> Iterator[str]:
    for row in curve if isinstance(curve, list) else [None]:
        if not isinstance(row, list) or len(row) != 3:
            yield f"{name} has a row that is not distance, accuracy and number of queries"
            return
        distance, accuracy, queries = row
        if not _whole(distance, least=1) or not _whole(queries, least=0 if accuracy is None else 1):
            yield (
                f"{name} has a distance of {distance!r} with {queries!r} queries; "
                "both must be positive integers"
            )
            return
        if not _share(accuracy):
            yield (
                f"{name} has an accuracy of {accuracy!r} at distance {distance!r}; "
                "it must be between 0 and 1, or null"
            )
            return


def _rising(curve: JsonValue) -> bool:
    rows = curve if isinstance(curve, list) else [None]
    if not all(
        isinstance(row, list) and len(row) == 2 and all(_number(value) for value in row)
        for row in rows
    ):
        return False
    steps = [row[0] for row in rows if isinstance(row, list)]
    return _numbers(steps) and all(one < other for one, other in itertools.pairwise(steps))


def _slots(slots: Mapping[str, JsonValue]) -> Iterator[str]:
    for name in FRACTIONS_OF_SLOTS:
        if not _share(slots.get(name)):
            yield f"slots.{name} is {slots[name]!r}; it must be between 0 and 1, or null"
    entropy = slots.get("read_entropy")
    if entropy is not None and not (_number(entropy) and 0 <= entropy <= 50):
        yield f"slots.read_entropy is {entropy!r}; it must be in nats and not negative"
    lifetimes = slots.get("lifetimes")
    if lifetimes is not None and not (isinstance(lifetimes, dict) and _survival(lifetimes)):
        yield (
            "slots.lifetimes is no survival curve: times must increase from 0, "
            "and shares decrease within 0 to 1"
        )


def _survival(curve: Mapping[str, JsonValue]) -> bool:
    time, share = curve.get("time"), curve.get("survival")
    if not isinstance(time, list) or not isinstance(share, list) or len(time) != len(share):
        return False
    if not (_numbers(time) and _numbers(share) and all(map(_share, share))):
        return False
    rising = all(one < other for one, other in itertools.pairwise(time))
    falling = all(one >= other for one, other in itertools.pairwise(share))
    return rising and falling and (not time or time[0] == 0)


def _learning(learning: Learning) -> Iterator[str]:
    """Check that the curve increases, and that the summary follows from it."""
    for name in ("step", "examples", "cpu_seconds"):
        column = [getattr(point, name) for point in learning.curve]
        if any(one > other for one, other in itertools.pairwise(column)):
            yield f"learning.curve: {name} decreases"
    first = first_reaching(learning.curve)
    point = None if first is None else learning.curve[first]
    expected = (None, None) if point is None else (point.examples, point.cpu_seconds)
    given = (learning.examples_to_90, learning.cpu_seconds_to_90)
    if given != expected:
        yield (
            f"learning: examples and CPU seconds to 0.9 are {given[0]} and {given[1]}, "
            f"and the curve gives {expected[0]} and {expected[1]}"
        )


def _costs(cost: Cost) -> Iterator[str]:
    for name, value in cost.model_dump(exclude_none=True).items():
        limit = MAX_SECONDS if name.endswith("_seconds") else MAX_COUNT
        if value > limit:
            yield f"cost.{name} is {value:g}; more than {limit:g} is not plausible"
    if not cost.parameters <= cost.parameter_bytes <= 16 * cost.parameters:
        yield (
            f"cost.parameter_bytes is {cost.parameter_bytes:,} for {cost.parameters:,} "
            "parameters; each has 1 to 16 bytes"
        )
    if cost.regenerated_bytes > cost.parameter_bytes:
        yield (
            f"cost.regenerated_bytes is {cost.regenerated_bytes:,}, more than all "
            f"{cost.parameter_bytes:,} bytes of the parameters"
        )
    if cost.train_seconds + cost.eval_seconds <= 0:
        yield "cost: training and evaluation took no time at all"
    if cost.train_examples and not cost.train_seconds:
        yield f"cost: training on {cost.train_examples:,} examples took no time at all"


def _machine(cost: Cost, provenance: Provenance) -> Iterator[str]:
    """Check the costs against the machine."""
    # One thread more than configured: the autograd thread on an accelerator.
    limit = 1.1 * cost.train_seconds * (provenance.threads + 1) + 5
    if cost.train_cpu_seconds > limit:
        yield (
            f"cost.train_cpu_seconds is {cost.train_cpu_seconds:.1f} where training took "
            f"{cost.train_seconds:.1f} s on {provenance.threads} threads"
        )
    peak = cost.peak_rss_bytes + cost.peak_device_bytes
    if peak and peak < cost.parameter_bytes + cost.buffer_bytes:
        yield f"cost: memory peaked at {peak:,} bytes, less than parameters and buffer together"
    if provenance.device == "cpu" and cost.peak_device_bytes:
        yield f"cost.peak_device_bytes is {cost.peak_device_bytes:,} on a CPU"


def _provenance(provenance: Provenance) -> Iterator[str]:
    if not 1 <= provenance.threads <= 4096:
        yield f"provenance.threads is {provenance.threads}"
    if not re.fullmatch(r"[a-z]{2,10}(:[0-9]{1,3}| \([^<>\n\r\t]{1,100}\))?", provenance.device):
        yield (
            f"provenance.device is {provenance.device!r}; "
            "valid examples: cpu, cuda:0, cuda (NVIDIA H100 80GB HBM3)"
        )
    if provenance.commit is not None and not re.fullmatch(
        r"[0-9a-f]{40}|[0-9a-f]{64}", provenance.commit
    ):
        yield f"provenance.commit is {provenance.commit!r}; it must be a hash, or null"
    plugins = provenance.plugins or ()
    texts = (
        *(provenance.python, provenance.platform, provenance.cpu, *provenance.packages.values()),
        *(text for one in plugins for text in (one.name, one.version)),
        *(text for one in plugins for text in (one.package, one.package_version, one.commit)),
    )
    for text in filter(None, texts):
        if len(text) > 200 or re.search(r"[<>\n\r\t]", text):
            yield (
                f"provenance contains {text!r}; "
                "it must be one line of at most 200 characters without < and >"
            )
    started, finished = (_moment(text) for text in (provenance.started_at, provenance.finished_at))
    if started is None or finished is None:
        yield (
            f"provenance: {provenance.started_at!r} and {provenance.finished_at!r} "
            "must both be ISO 8601 times with a zone"
        )
    elif finished < started:
        yield (
            f"provenance: the end, {provenance.finished_at}, is before the start, "
            f"{provenance.started_at}"
        )


def _moment(text: str) -> datetime.datetime | None:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _number(value: JsonValue) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers(values: list[JsonValue]) -> TypeGuard[list[float]]:
    return all(_number(value) for value in values)


def _share(value: JsonValue) -> bool:
    """Whether the value is a share in [0, 1], or null."""
    return value is None or (
        isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    )


def _whole(value: JsonValue, least: int) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and value >= least
        and value == int(value)
    )
