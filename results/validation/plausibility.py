"""Whether what a record says can be: names, curves, slot statistics, costs, provenance.

Each check yields one line per doubt.
"""

import datetime
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeGuard

from pydantic import JsonValue

from results.records.record import Cost, Provenance, Record

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+\-]{0,99}")
"""Form of the names of metrics, curves, statistics, options and packages: no path, no markup, nothing that a shell would read."""

SHARES = ("occupancy", "reuse", "read_sparsity", "write_rate")
"""Slot statistics between 0 and 1."""

LARGEST = 10**15
"""Most bytes, parameters or examples that are believed."""

LONGEST = 3.2e8
"""Most seconds that are believed: ten years."""


def doubts(record: Record) -> Iterator[str]:
    """Yield what can't be right about a record."""
    yield from _names(record)
    if record.status == "failed":
        if record.metrics or record.curves or record.slots:
            yield "a failed record has no metrics, curves or slots"
        return
    for name, curve in record.curves.items():
        yield from _curve(name, curve)
    yield from _slots(record.slots or {})
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
            if not NAME.fullmatch(name) or ".." in name:
                yield f"the {what} {name!r} is not a name of letters, digits and _ . + -"


def _curve(name: str, curve: JsonValue) -> Iterator[str]:
    """Check a curve of a known kind; of others it is known that they are finite."""
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
            yield f"{name} has a row that is not steps done and accuracies between 0 and 1"
    elif name in ("accuracy_matrix", "probe_matrix"):
        rows = curve if isinstance(curve, list) else [None]
        if not all(isinstance(row, list) and all(_share(value) for value in row) for row in rows):
            yield f"{name} holds something that is no accuracy between 0 and 1"
    elif name == "initial_accuracy":
        if not isinstance(curve, list) or not all(_share(value) for value in curve):
            yield f"{name} holds something that is no accuracy between 0 and 1"
    elif name == "training_loss" and not _rising(curve):
        yield f"{name} is not a list of steps, rising, each with a loss"


def _by_distance(name: str, curve: JsonValue) -> Iterator[str]:
    for row in curve if isinstance(curve, list) else [None]:
        if not isinstance(row, list) or len(row) != 3:
            yield f"{name} has a row that is not distance, accuracy and number of questions"
            return
        distance, accuracy, questions = row
        if not _whole(distance, least=1) or not _whole(
            questions, least=0 if accuracy is None else 1
        ):
            yield f"{name} has a distance of {distance!r} with {questions!r} questions; both are whole, and positive"
            return
        if not _share(accuracy):
            yield f"{name} has an accuracy of {accuracy!r} at distance {distance!r}; it is between 0 and 1, or null"
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
    for name in SHARES:
        if not _share(slots.get(name)):
            yield f"slots.{name} is {slots[name]!r}; it is between 0 and 1, or null"
    entropy = slots.get("read_entropy")
    if entropy is not None and not (_number(entropy) and 0 <= entropy <= 50):
        yield f"slots.read_entropy is {entropy!r}; it is in nats, and not negative"
    lifetimes = slots.get("lifetimes")
    if lifetimes is not None and not (isinstance(lifetimes, dict) and _survival(lifetimes)):
        yield "slots.lifetimes is no survival curve: times rise from 0, and shares fall from 1 to no less than 0"


def _survival(curve: Mapping[str, JsonValue]) -> bool:
    time, share = curve.get("time"), curve.get("survival")
    if not isinstance(time, list) or not isinstance(share, list) or len(time) != len(share):
        return False
    if not (_numbers(time) and _numbers(share) and all(map(_share, share))):
        return False
    rising = all(one < other for one, other in itertools.pairwise(time))
    falling = all(one >= other for one, other in itertools.pairwise(share))
    return rising and falling and (not time or time[0] == 0)


def _costs(cost: Cost) -> Iterator[str]:
    for name, value in cost.model_dump().items():
        most = LONGEST if name.endswith("_seconds") else LARGEST
        if value > most:
            yield f"cost.{name} is {value:g}; more than {most:g} is not believed"
    if not cost.parameters <= cost.parameter_bytes <= 16 * cost.parameters:
        yield f"cost.parameter_bytes is {cost.parameter_bytes:,} for {cost.parameters:,} parameters; each has 1 to 16 bytes"
    if cost.train_seconds + cost.eval_seconds <= 0:
        yield "cost: training and evaluation took no time at all"
    if cost.train_examples and not cost.train_seconds:
        yield f"cost: {cost.train_examples:,} examples were trained on in no time at all"


def _machine(cost: Cost, provenance: Provenance) -> Iterator[str]:
    """Check what was used against what there was."""
    most = (
        1.1 * cost.train_seconds * (provenance.threads + 1) + 5
    )  # a thread more than told: autograd's on an accelerator
    if cost.train_cpu_seconds > most:
        yield (
            f"cost.train_cpu_seconds is {cost.train_cpu_seconds:.1f} where training took {cost.train_seconds:.1f} s "
            f"on {provenance.threads} threads"
        )
    held = cost.peak_rss_bytes + cost.peak_device_bytes
    if held and held < cost.parameter_bytes + cost.buffer_bytes:
        yield f"cost: memory peaked at {held:,} bytes, less than parameters and buffer take together"
    if provenance.device == "cpu" and cost.peak_device_bytes:
        yield f"cost.peak_device_bytes is {cost.peak_device_bytes:,} on a CPU"


def _provenance(provenance: Provenance) -> Iterator[str]:
    if not 1 <= provenance.threads <= 4096:
        yield f"provenance.threads is {provenance.threads}"
    if not re.fullmatch(r"[a-z]{2,10}(:[0-9]{1,3}| \([^<>\n\r\t]{1,100}\))?", provenance.device):
        yield f"provenance.device is {provenance.device!r}; it reads like cpu, cuda:0 or cuda (NVIDIA H100 80GB HBM3)"
    if provenance.commit is not None and not re.fullmatch(
        r"[0-9a-f]{40}|[0-9a-f]{64}", provenance.commit
    ):
        yield f"provenance.commit is {provenance.commit!r}; it is a hash, or null"
    texts = (provenance.python, provenance.platform, provenance.cpu, *provenance.packages.values())
    for text in texts:
        if len(text) > 200 or re.search(r"[<>\n\r\t]", text):
            yield f"provenance holds {text!r}; it is a line of at most 200 characters without < and >"
    started, finished = (_moment(text) for text in (provenance.started_at, provenance.finished_at))
    if started is None or finished is None:
        yield f"provenance: {provenance.started_at!r} and {provenance.finished_at!r} are not both times of ISO 8601 with a zone"
    elif finished < started:
        yield f"provenance: it was finished at {provenance.finished_at}, before it was started at {provenance.started_at}"


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
    """Whether it is a share, or null."""
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
