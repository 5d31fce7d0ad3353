from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.cli.plan_options import plan_from
from benchmarks.datasets import texts
from benchmarks.planning.plan import Plan
from benchmarks.streams import text_domains
from benchmarks.streams.text_domains import BLOCK_BYTES, Config, windows
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
    text = b"".join(bytes([place % 5]) * BLOCK_BYTES for place in range(20))
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
    assert all(texts.SMALLEST <= len(text) <= texts.LARGEST_DOMAIN for text in found.values())


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
    (tmp_path / "own" / "random.txt").write_bytes(random_text(0))
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


def random_text(seed: int, length: int = 12_000) -> bytes:
    draws = np.random.default_rng(seed)
    return bytes(draws.integers(32, 127, length, dtype=np.uint8))


def write(root: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def test_links_are_followed_and_hidden_files_and_backups_skipped(tmp_path: Path) -> None:
    write(tmp_path, {"own/a.txt": random_text(1), "far/more.txt": random_text(2)})
    plain = texts.domains("own", tmp_path)["own a"]
    skipped = (
        "Thumbs.db",
        ".a.swp",
        "a.txt~",
        "__MACOSX/a",
        "b/.git/x",
        "b/b.bak",
        "b/desktop.ini",
    )
    write(tmp_path / "own", {name: random_text(3) for name in skipped})
    write(tmp_path / "own", {"b/b.txt": b"b"})
    (tmp_path / "own" / "b" / "link").symlink_to(tmp_path / "far")
    own = {
        name: text
        for name, text in texts.domains("own", tmp_path).items()
        if name.startswith("own")
    }
    assert own == {"own a": plain, "own b": b"b\n" + random_text(2)}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.txt": 1, "a.md": 2}, "two domains called 'own a': rename a.txt"),
        ({"a.txt": 1, "a/b.txt": 2}, "two domains called 'own a': rename a.txt"),
        ({"a\u0308.txt": 1, "ä.txt": 2}, "two domains called 'own ä'"),
        ({"train/a.txt": 1, "test/a.txt": 2}, "training and test folders: put all text"),
        ({"Training/a.txt": 1, "dev/a.txt": 2}, "training and test folders: put all text"),
    ],
)
def test_parts_that_are_no_domains_are_an_error(
    tmp_path: Path, files: dict[str, int], message: str
) -> None:
    write(tmp_path / "own", {name: random_text(seed) for name, seed in files.items()})
    with pytest.raises(UsageError, match=message):
        texts.domains("own", tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (random_text(0).decode().encode("utf-16"), "holds zero bytes, so it is no text in UTF-8"),
        (bytes(range(256)) * 60, "holds zero bytes"),
    ],
)
def test_files_that_are_no_text_are_an_error(tmp_path: Path, content: bytes, message: str) -> None:
    write(tmp_path, {"own/a.txt": random_text(1), "own/b/c.txt": content})
    with pytest.raises(UsageError, match=message):
        texts.domains("own", tmp_path)


def test_links_in_a_circle_and_broken_ones_are_an_error(tmp_path: Path) -> None:
    for target in (tmp_path / "own", tmp_path / "nowhere"):
        write(tmp_path, {"own/a/a.txt": random_text(1)})
        link = tmp_path / "own" / "a" / "link"
        link.symlink_to(target)
        with pytest.raises(UsageError, match=r"link in a circle|link that leads nowhere"):
            texts.domains("own", tmp_path)
        link.unlink()


def test_every_spelling_of_a_text_is_one_cell(tmp_path: Path) -> None:
    write(tmp_path, {"own/ä.txt": random_text(1)})
    spellings = ("own", "./own", "own/", "own//.")
    assert len({planned(tmp_path, f"data={name}").jobs[0].cell.id for name in spellings}) == 1
    two = {planned(tmp_path, f"data={name}").jobs[0].cell.id for name in ("", " ")}
    assert len(two) == 1


def test_a_plan_notes_text_that_is_cut_or_repeated(tmp_path: Path) -> None:
    long = random_text(4, 450_000)
    write(
        tmp_path,
        {
            "own/plain.txt": random_text(1),
            "own/twin.txt": random_text(1),
            "own/long.txt": long,
            "own/repeated.txt": random_text(2, 1000) * 20,
        },
    )
    assert planned(tmp_path, "data=own").notes == (
        "text-domains: own plain and own twin are the same text",
        "text-domains: own long: the first 400,000 of 450,000 bytes are used",
        "text-domains: own repeated: 3,872 of 3,872 windows for evaluation are also in its text "
        "for training",
    )


def planned(root: Path, *settings: str) -> Plan:
    return plan_from("text-domains", "mlp", "naive", "1", list(settings), None, data_root=root)
