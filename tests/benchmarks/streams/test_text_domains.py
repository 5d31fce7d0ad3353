from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.cli.plan_options import plan_from
from benchmarks.datasets import texts
from benchmarks.streams import text_domains
from benchmarks.streams.text_domains import BLOCK, Config, windows
from results.errors import UsageError
from strategies.continual.stream import Stream

TEXT = bytes(range(256)) * 100


def built(root: Path = Path("nowhere"), seed: int = 0, **options: object) -> Stream:
    config = Config(**{"samples": 50, "tests": 20, **options})
    return text_domains.build(config, seed=seed, data_root=root)


def bytes_of(bits: torch.Tensor) -> np.ndarray:
    return np.packbits(bits.numpy().astype(np.uint8), axis=-1)[..., 0]


def test_a_window_is_followed_by_its_label() -> None:
    """The text counts through all bytes, so each byte is one more than the one before."""
    found = windows(TEXT, Config(context=5, samples=200), "a", test=False)
    values = bytes_of(found.inputs).astype(int)
    assert values.shape == (200, 5)
    assert np.array_equal((values[:, :1] + np.arange(5)) % 256, values)
    assert np.array_equal((values[:, -1] + 1) % 256, found.labels.numpy())


@pytest.mark.parametrize("validation", [False, True])
def test_windows_for_evaluation_are_in_blocks_of_their_own(validation: bool) -> None:
    text = b"".join(bytes([place % 5]) * BLOCK for place in range(20))
    config = Config(context=8, samples=300, tests=300, validation=validation)
    for test, allowed in ((False, range(3 if validation else 4)), (True, [3 if validation else 4])):
        found = windows(text, config, "a", test=test)
        assert set(found.labels.tolist()) == set(allowed)
        assert np.array_equal(bytes_of(found.inputs)[:, 0], found.labels.numpy())


def test_every_python_brings_three_domains() -> None:
    found = texts.domains("", Path("nowhere"))
    assert list(found) == ["documentation", "source", "licences"]
    assert b"def " in found["source"]
    assert b"PYTHON" in found["licences"]
    assert all(texts.SMALLEST <= len(text) <= texts.LARGEST for text in found.values())


def test_experiences_are_domains_in_the_order_of_the_seed() -> None:
    stream = built()
    assert len(stream.benchmark.train_stream) == 3
    assert (stream.signature.length, stream.signature.features) == (32, 8)
    assert stream.signature.outputs == 256
    assert stream.sample_bytes == 33
    orders = [tuple(text_domains._chosen(dict.fromkeys("abc", TEXT), 0, s)) for s in range(6)]
    assert len(set(orders)) > 3
    assert all(sorted(order) == list("abc") for order in orders)
    assert len(text_domains._chosen(dict.fromkeys("abc", TEXT), 2, 0)) == 2


def test_own_texts_are_further_domains(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "counting.txt").write_bytes(TEXT)
    assert len(built(tmp_path, data="own").benchmark.train_stream) == 4
    (tmp_path / "own" / "short.txt").write_bytes(b"short")
    with pytest.raises(UsageError, match="'own short' has 5 bytes of text, and needs 10000: add"):
        built(tmp_path, data="own")


def test_the_texts_are_part_of_a_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def version() -> str:
        plan = plan_from("text-domains", "mlp", "naive", "1", None, None, data_root=tmp_path)
        return plan.jobs[0].cell.version["data"]

    first = version()
    assert version() == first
    monkeypatch.setattr(texts, "MODULES", texts.MODULES[1:])
    assert version() != first


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"context": 0}, "context=0 must be from 1 to 999 bytes"),
        ({"samples": 0}, "samples=0 and tests=20 must be at least 1"),
        ({"experiences": 4}, r"there are 3 domains \(documentation, source, licences\)"),
        ({"data": "nothing"}, "there is no text nowhere/nothing"),
        ({"data": "../away"}, "there is no text"),
    ],
)
def test_invalid_options_are_errors(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        built(**options)
