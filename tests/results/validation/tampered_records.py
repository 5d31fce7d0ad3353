"""A valid record, and changes that make it invalid, by accident or on purpose."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from results.records.cell import IDENTITY_SCHEME, Cell
from results.records.checksum import add_checksum
from results.records.record import Outcome, Record, succeeded
from results.records.record_parts import Cost, LearningPoint, Plugin, Provenance
from results.statistics.learning import learning
from results.statistics.metrics import probe_metrics, stream_metrics, task_metrics, tracking_metrics

Document = dict[str, Any]

ROWS = [[128.0, 1.0, 64.0], [256.0, 0.75, 64.0], [512.0, 0.5, 64.0]]
MATRIX = [[0.9, 0.1], [0.5, 0.8]]
COST = Cost(
    parameters=1000,
    parameter_bytes=4000,
    state_bytes=256,
    buffer_bytes=512,
    train_seconds=10.0,
    train_cpu_seconds=9.5,
    eval_seconds=1.0,
    train_examples=320,
    peak_rss_bytes=600_000_000,
)
SLOTS: Document = {
    "occupancy": 1.0,
    "write_rate": 0.25,
    "reuse": None,
    "read_entropy": 1.5,
    "read_sparsity": 0.9,
    "lifetimes": {"time": [0.0, 3.0, 9.0], "survival": [1.0, 0.5, 0.0]},
}
LEARNING = [
    LearningPoint(1, 32, 1.0, 0.5, 2.0),
    LearningPoint(2, 64, 2.0, 0.95, None),
]
PLUGIN = Plugin(kind="model", name="mine", version="1", digest="sha256:" + "0" * 64)
PROVENANCE = Provenance(
    commit="0123456789abcdef0123456789abcdef01234567",
    dirty=False,
    packages={"torch": "2.9.0+cpu"},
    plugins=(PLUGIN,),
    python="3.11.2",
    platform="Linux-6.1",
    cpu="A CPU",
    device="cpu",
    threads=1,
    started_at="2026-01-01T00:00:00+00:00",
    finished_at="2026-01-01T00:01:00+00:00",
)


def right(
    seed: int = 0,
    *,
    model: str = "memnet",
    accuracy: float = 0.75,
    length: int = 128,
    parameters: int = 1000,
) -> Record:
    """A valid record of a task."""
    config: dict[str, Any] = {
        "benchmark": {"train_length": length},
        "model": {},
        "method": {},
        "training": {"learning_rate": 0.001},
    }
    cell = Cell(
        benchmark="induction",
        model=model,
        method="supervised",
        seed=seed,
        config=config,
        version={"benchmark": "1"},
    )
    rows = [ROWS[0], [256.0, accuracy, 64.0], ROWS[2]]
    outcome = Outcome(
        metrics=task_metrics(rows) | task_metrics(ROWS, group="one_hop"),
        curves={
            "accuracy_by_distance": rows,
            "accuracy_by_distance_one_hop": list(ROWS),
            "training_loss": [[1.0, 2.0], [2.0, 1.5]],
        },
        slots=SLOTS,
        learning=learning(LEARNING, initial_accuracy=0.25, solved=False),
        cost=COST.model_copy(update={"parameters": parameters}),
    )
    return succeeded(cell, outcome, PROVENANCE)


def right_stream() -> Record:
    """A valid record of a stream."""
    base = right(model="mlp")
    within = [[10.0, 0.9, None], [20.0, 0.3, 0.5], [30.0, 0.5, 0.8]]
    curves = {
        "accuracy_matrix": MATRIX,
        "initial_accuracy": [0.1, 0.1],
        "accuracy_within": within,
        "probe_matrix": MATRIX,
    }
    metrics = stream_metrics(MATRIX, [0.1, 0.1]) | tracking_metrics(within) | probe_metrics(MATRIX)
    outcome = Outcome(metrics=metrics, curves=curves, cost=COST)
    return succeeded(
        base.cell.model_copy(update={"benchmark": "split-digits"}), outcome, PROVENANCE
    )


def written(document: Document) -> bytes:
    """Write a document as a record, with a correct checksum."""
    return add_checksum(
        json.dumps({name: value for name, value in document.items() if name != "sha256"}, indent=1)
    ).encode()


def renamed(document: Document, **fields: Any) -> None:
    """Change the cell and the id accordingly, as an attacker would."""
    document["cell"].update(fields)
    text = json.dumps([IDENTITY_SCHEME, document["cell"]], sort_keys=True, separators=(",", ":"))
    document["id"] = hashlib.sha256(text.encode()).hexdigest()[:16]


def at(*path: str | int, value: Any) -> Callable[[Document], None]:
    """Set the value at a path."""

    def change(document: Document) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def without(*path: str) -> Callable[[Document], None]:
    """Delete the value at a path."""

    def change(document: Document) -> None:
        place = document
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return change


def both(*changes: Callable[[Document], None]) -> Callable[[Document], None]:
    """Apply several changes."""

    def change(document: Document) -> None:
        for one in changes:
            one(document)

    return change


def text(old: str, new: str) -> Callable[[bytes], bytes]:
    """Replace bytes and renew the checksum: for JSON that no document in memory can represent."""

    def change(raw: bytes) -> bytes:
        body = json.dumps(
            {name: value for name, value in json.loads(raw).items() if name != "sha256"}, indent=1
        )
        assert old in body, f"{old} is not in the record"
        return add_checksum(body.replace(old, new, 1)).encode()

    return change


DOCUMENTS: dict[str, tuple[Callable[[Document], None], str]] = {
    "wrong id": (at("id", value="0" * 16), "does not match the cell"),
    "id of another form": (at("id", value="../../etc"), "id: String should match"),
    "seed changed": (at("cell", "seed", value=7), "does not match the cell"),
    "config changed": (
        at("cell", "config", "training", "learning_rate", value=0.1),
        "does not match the cell",
    ),
    "version changed": (
        at("cell", "version", "benchmark", value="2"),
        "does not match the cell",
    ),
    "future schema": (at("schema", value=99), "schema 99.*install a newer"),
    "schema as text": (at("schema", value="2"), "schema is '2'"),
    "schema as Boolean": (at("schema", value=True), "schema is True"),
    "no schema": (without("schema"), "schema is None"),
    "no id": (without("id"), "id: Field required"),
    "no cell": (without("cell"), "cell: Field required"),
    "no provenance": (without("provenance"), "provenance: Field required"),
    "unknown field": (at("extra", value=1), "extra: Extra inputs are not permitted"),
    "unknown cost": (at("cost", "dollars", value=1), "cost.dollars: Extra inputs"),
    "unknown status": (at("status", value="great"), "status: Input should be"),
    "ok with an error": (at("error", value={"type": "E", "message": "m"}), "an ok one has none"),
    "failed without an error": (at("status", value="failed"), "a failed record has an error"),
    "failed with metrics": (
        both(at("status", value="failed"), at("error", value={"type": "E", "message": "m"})),
        "has no metrics",
    ),
    "changed metric": (
        at("metrics", "accuracy", value=0.99),
        "accuracy is 0.99, and the curves give 0.75",
    ),
    "metric at a distance": (
        at("metrics", "accuracy_at_256", value=0.76),
        "accuracy_at_256 is 0.76, and the curves give 0.75",
    ),
    "metric of a group": (
        at("metrics", "one_hop_accuracy", value=1.0),
        "one_hop_accuracy is 1, and",
    ),
    "invented metric": (
        at("metrics", "accuracy_at_1048576", value=1.0),
        "accuracy_at_1048576 does not follow from the curves",
    ),
    "metric missing": (without("metrics", "accuracy_at_512"), "accuracy_at_512 is missing"),
    "metric null": (at("metrics", "accuracy", value=None), "accuracy is null"),
    "metric as text": (
        at("metrics", "accuracy", value="0.75"),
        "metrics.accuracy: Input should be a valid number",
    ),
    "metric as Boolean": (
        at("metrics", "accuracy", value=True),
        "metrics.accuracy: Input should be a valid number",
    ),
    "no curves": (at("curves", value={}), "no metric follows"),
    "curve and metric raised": (
        both(
            at("curves", "accuracy_by_distance", 1, 1, value=1.75),
            at("metrics", "accuracy_at_256", value=1.75),
        ),
        "accuracy of 1.75 at distance 256",
    ),
    "negative accuracy": (
        at("curves", "accuracy_by_distance", 0, 1, value=-0.5),
        "accuracy of -0.5",
    ),
    "distance twice": (
        at("curves", "accuracy_by_distance", 1, 0, value=128.0),
        "each is a number and occurs once",
    ),
    "distance of zero": (at("curves", "accuracy_by_distance", 0, 0, value=0), "distance of 0"),
    "half a query": (at("curves", "accuracy_by_distance", 0, 2, value=0.5), "0.5 queries"),
    "no queries": (at("curves", "accuracy_by_distance", 0, 2, value=0), "0 queries"),
    "curve as text": (
        at("curves", "accuracy_by_distance", value="high"),
        "curves cannot be read|accuracy_by_distance",
    ),
    "curve as an object": (
        at("curves", "accuracy_by_distance", value={"128": 1.0}),
        "accuracy_by_distance",
    ),
    "curve of words": (
        at("curves", "accuracy_by_distance", value=[["a", "b", "c"]]),
        "accuracy_by_distance|could not convert",
    ),
    "curve of short rows": (
        at("curves", "accuracy_by_distance", value=[[128.0]]),
        "row that is not distance",
    ),
    "losses out of order": (
        at("curves", "training_loss", value=[[2, 1.0], [1, 1.0]]),
        "training_loss is not a list of increasing steps",
    ),
    "occupancy of two": (at("slots", "occupancy", value=2.0), "slots.occupancy is 2.0"),
    "negative entropy": (at("slots", "read_entropy", value=-1.0), "slots.read_entropy is -1.0"),
    "increasing survival": (
        at("slots", "lifetimes", "survival", value=[0.5, 0.6, 0.7]),
        "no survival curve",
    ),
    "lifetimes of two lengths": (
        at("slots", "lifetimes", "time", value=[0.0]),
        "no survival curve",
    ),
    "negative bytes": (
        at("cost", "state_bytes", value=-1),
        "cost.state_bytes: Input should be greater than or equal to 0",
    ),
    "half a byte": (
        at("cost", "state_bytes", value=0.5),
        "cost.state_bytes: Input should be a valid integer",
    ),
    "bytes as text": (
        at("cost", "parameters", value="1000"),
        "cost.parameters: Input should be a valid integer",
    ),
    "parameters without bytes": (
        at("cost", "parameter_bytes", value=10),
        "parameter_bytes is 10 for 1,000 parameters",
    ),
    "implausibly many bytes": (at("cost", "buffer_bytes", value=10**17), "buffer_bytes is 1e\\+17"),
    "no time at all": (
        both(at("cost", "train_seconds", value=0.0), at("cost", "eval_seconds", value=0.0)),
        "no time at all",
    ),
    "more regenerated bytes than parameters": (
        at("cost", "regenerated_bytes", value=5000),
        "regenerated_bytes is 5,000, more than all 4,000 bytes",
    ),
    "another time to 0.9": (
        at("learning", "examples_to_90", value=32),
        "examples and CPU seconds to 0.9 are 32 and 2.0, and the curve gives 64 and 2.0",
    ),
    "decreasing steps of learning": (
        at("learning", "curve", 1, 0, value=0),
        "learning.curve: step decreases",
    ),
    "accuracy of learning": (at("learning", "curve", 0, 3, value=2.0), "learning.curve.0.3"),
    "weights that are no digest": (at("weights", value="x"), "weights: String should match"),
    "markup in a plugin": (
        at("provenance", "plugins", 0, "package", value="<b>"),
        "without < and >",
    ),
    "negative time": (
        at("cost", "eval_seconds", value=-1.0),
        "cost.eval_seconds: Input should be greater than",
    ),
    "more CPU than there is": (
        at("cost", "train_cpu_seconds", value=500.0),
        "train_cpu_seconds is 500.0 where training took 10.0 s",
    ),
    "implausibly long training": (
        at("cost", "train_seconds", value=1e12),
        "train_seconds is 1e\\+12",
    ),
    "memory smaller than its parts": (
        at("cost", "peak_rss_bytes", value=100),
        "peaked at 100 bytes",
    ),
    "device memory on a CPU": (at("cost", "peak_device_bytes", value=10**9), "on a CPU"),
    "no threads": (at("provenance", "threads", value=0), "threads is 0"),
    "device with markup": (at("provenance", "device", value="<b>cpu</b>"), "device is"),
    "invalid commit": (at("provenance", "commit", value="HEAD; rm -rf /"), "commit is"),
    "CPU with markup": (
        at("provenance", "cpu", value="<img src=x onerror=alert(1)>"),
        "without < and >",
    ),
    "platform of two lines": (at("provenance", "platform", value="a\nb"), "without < and >"),
    "end before the start": (
        at("provenance", "finished_at", value="2025-01-01T00:00:00+00:00"),
        "is before the start",
    ),
    "invalid times": (at("provenance", "started_at", value="yesterday"), "both be ISO 8601"),
    "times without a zone": (
        at("provenance", "started_at", value="2026-01-01T00:00:00"),
        "both be ISO 8601",
    ),
    "path as a benchmark": (
        lambda document: renamed(document, benchmark="../../etc/passwd"),
        "cell.benchmark: String should match",
    ),
    "path as a model": (
        lambda document: renamed(document, model="/tmp/model"),
        "cell.model: String should match",
    ),
    "backslashes in a method": (
        lambda document: renamed(document, method="..\\x"),
        "cell.method: String should match",
    ),
    "markup as a model": (
        lambda document: renamed(document, model="<img src=x onerror=alert(1)>"),
        "cell.model: String should match",
    ),
    "a name that is too long": (
        lambda document: renamed(document, model="m" * 300),
        "cell.model: String should have at most 200",
    ),
    "a seed that is too large": (
        lambda document: renamed(document, seed=2**40),
        "cell.seed: Input should be less than",
    ),
    "a seed as text": (
        lambda document: renamed(document, seed="0"),
        "cell.seed: Input should be a valid integer",
    ),
    "a path as a metric": (
        at("metrics", "../../x", value=1.0),
        "the metric '../../x' is not a name",
    ),
    "markup as a curve": (at("curves", "<script>", value=[]), "the curve '<script>' is not a name"),
    "a path as a package": (
        at("provenance", "packages", value={"a/../b": "1"}),
        "the package 'a/../b' is not a name",
    ),
    "a path as an option": (
        lambda document: renamed(document, config={"model": {"../x": 1}}),
        "the option '../x' is not a name",
    ),
    "a control character": (
        at("provenance", "cpu", value="A \x1b[31mCPU"),
        "control character U\\+001B",
    ),
    "reversed text": (at("provenance", "cpu", value="A \u202eUPC"), "U\\+202E"),
    "a surrogate": (at("provenance", "cpu", value="A \ud800"), "U\\+D800"),
    "a text that is too long": (
        at("provenance", "cpu", value="x" * 200_000),
        "a text has 200,000 characters",
    ),
    "a hidden space in a name": (
        lambda document: renamed(document, model="mem\u200bnet"),
        "U\\+200B",
    ),
}
"""Changes to the document, with a correct checksum, and the reason of each rejection."""

BYTES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "changed after the checksum": (
        lambda raw: raw.replace(b'"train_seconds": 10.0', b'"train_seconds": 11.0'),
        "changed after it was written",
    ),
    "another's checksum": (
        lambda raw: raw[:-10] + (b"0" if raw[-10:-9] != b"0" else b"1") + raw[-9:],
        "checksum",
    ),
    "no checksum": (lambda raw: raw[: raw.rindex(b",")] + b"\n}\n", "ends with its checksum"),
    "cut short": (lambda raw: raw[: len(raw) // 2], "not JSON"),
    "empty": (lambda raw: b"", "not JSON"),
    "not JSON": (lambda raw: b"accuracy: 1.0\n", "not JSON"),
    "two documents": (lambda raw: raw + raw, "not JSON: Extra data"),
    "a list": (lambda raw: b"[" + raw + b"]", "record: "),
    "a number": (lambda raw: b"1", "record: "),
    "null": (lambda raw: b"null", "record: "),
    "a byte order mark": (lambda raw: b"\xef\xbb\xbf" + raw, "byte order mark"),
    "UTF-16": (lambda raw: raw.decode().encode("utf-16"), "byte order mark"),
    "Latin-1": (lambda raw: raw.replace(b"A CPU", b"\xe9 CPU"), "not UTF-8"),
    "a null character": (
        lambda raw: raw.replace(b"A CPU", b"A \x00PU"),
        "not JSON: Invalid control character",
    ),
    "deep nesting": (lambda raw: b"[" * 100_000 + b"]" * 100_000, "nested 100,000 levels deep"),
    "deep nesting without end": (lambda raw: b'{"a":' * 50_000, "nested 50,000 levels deep"),
    "deep nesting in a curve": (
        text('"training_loss": [', '"training_loss": ' + "[" * 40 + "]" * 40 + ', "more": ['),
        "deep",
    ),
    "NaN": (text('"accuracy": 0.75', '"accuracy": NaN'), "contains NaN"),
    "infinity": (text('"accuracy": 0.75', '"accuracy": Infinity'), "contains Infinity"),
    "NaN in the config": (text('"learning_rate": 0.001', '"learning_rate": NaN'), "contains NaN"),
    "a number that is too large": (
        text('"accuracy": 0.75', '"accuracy": 1e999'),
        "the number 1e999",
    ),
    "a huge whole number": (
        text('"state_bytes": 256', '"state_bytes": ' + "9" * 5000),
        "the number 9999",
    ),
    "a field twice": (
        text('"status": "ok"', '"status": "ok", "status": "ok"'),
        "'status' occurs twice",
    ),
    "a metric twice": (
        text('"accuracy": 0.75', '"accuracy": 0.75, "accuracy": 0.99'),
        "'accuracy' occurs twice",
    ),
}
"""Changes to the bytes, and the reason of each rejection."""
