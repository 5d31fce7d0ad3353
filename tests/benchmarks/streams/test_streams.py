"""All streams: their experiences, scenarios, data and errors."""

import ast
import os
import urllib.error
from pathlib import Path

import numpy as np
import pytest
import torch

from baselines.registry import Entry, Registry
from benchmarks.checks import streams
from benchmarks.checks.rule import Case, Rule
from benchmarks.datasets.labelled_images import Images
from benchmarks.streams import split_digits, split_mnist
from results.errors import UsageError
from strategies.continual.dataloader import columns_of
from strategies.continual.stream import Stream

OWN_CLASSES = ("from-folder", "features", "torchvision")
"""Streams whose classes depend on their data."""


def digits(seed: int = 0, **options: object) -> Stream:
    return split_digits.build(split_digits.Config(**options), seed=seed, data_root=Path("nowhere"))


@pytest.mark.parametrize(
    "entry", [pytest.param(entry, id=entry.name) for entry in Registry("stream")]
)
def test_facts_are_read_without_running_the_file(entry: Entry) -> None:
    chance = entry.source.facts["CHANCE"]
    assert chance is None if entry.name in OWN_CLASSES else 0 < chance <= 0.1
    for rule in (
        streams.facts_identify_the_data,
        streams.options_of_streams_exist,
        streams.options,
    ):
        rule.check(Case(entry=entry))


@pytest.mark.parametrize("rule", streams.STREAM_RULES, ids=lambda rule: rule.name)
def test_digits_fulfil_contract(rule: Rule) -> None:
    rule.check(Case(entry=Registry("stream").get("split-digits")))


def test_digits_are_assigned_to_experiences_exactly_once() -> None:
    stream = digits()
    assert sorted(label for share in stream.classes for label in share) == list(range(10))
    for share, experience in zip(stream.classes, stream.benchmark.train_stream, strict=True):
        inputs, labels, tasks = columns_of(experience.dataset)
        assert tuple(labels.unique().tolist()) == share
        assert inputs.shape[1:] == (8, 8)
        assert not tasks.any()
        assert 0 <= inputs.min() <= inputs.max() <= 1
    assert len(streams.inputs_of(stream, "train")) + len(streams.inputs_of(stream, "test")) == 1797


def test_training_and_test_images_are_disjoint() -> None:
    for stream in (digits(), digits(validation=True)):
        train = {image.tobytes() for image in streams.inputs_of(stream, "train").numpy()}
        test = {image.tobytes() for image in streams.inputs_of(stream, "test").numpy()}
        assert not train & test


def test_tuning_never_sees_the_test_images() -> None:
    held_out = {image.tobytes() for image in streams.inputs_of(digits(), "test").numpy()}
    tuning = digits(validation=True)
    seen = {
        image.tobytes()
        for part in ("train", "test")
        for image in streams.inputs_of(tuning, part).numpy()
    }
    assert not seen & held_out


def test_split_is_stratified_and_the_same_for_every_seed() -> None:
    one, two = digits(0), digits(1)
    assert one.classes != two.classes
    assert {i.tobytes() for i in streams.inputs_of(one, "test").numpy()} == {
        i.tobytes() for i in streams.inputs_of(two, "test").numpy()
    }
    labels = torch.cat(
        [columns_of(experience.dataset)[1] for experience in one.benchmark.test_stream]
    )
    assert (torch.bincount(labels) >= 34).all()


def test_same_seed_same_stream() -> None:
    one, two = digits(3), digits(3)
    assert one.classes == two.classes
    assert torch.equal(streams.inputs_of(one, "train"), streams.inputs_of(two, "train"))


@pytest.mark.parametrize("scenario", ["class", "task"])
def test_classes_are_split_as_equally_as_possible(scenario: str) -> None:
    stream = digits(experiences=3, scenario=scenario)
    assert [len(classes) for classes in stream.classes] == [4, 3, 3]
    assert sorted(sum(stream.classes, ())) == list(range(10))
    for part in ("train", "test"):
        labels = [set(one[1].tolist()) for one in streams.columns(stream, part)]
        assert labels == [set(classes) for classes in stream.classes]


def test_flat_form_is_one_step() -> None:
    stream = digits(form="flat")
    assert (stream.signature.length, stream.signature.features) == (1, 64)
    assert torch.equal(
        streams.inputs_of(stream, "test"), streams.inputs_of(digits(), "test").reshape(-1, 1, 64)
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"experiences": 11}, "choose 1 to 10"),
        ({"experiences": 3, "scenario": "domain"}, "choose one of 1, 2, 5, 10, or another"),
        ({"form": "tree"}, "rows or flat"),
        ({"epochs": 0}, "epochs and batch_size must be at least 1"),
        ({"online": -1}, "online at least 0"),
        ({"online": 10, "iterations": 5}, "leave iterations=5 out"),
        ({"track": -1}, "track=-1"),
    ],
)
def test_invalid_options_are_errors(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        digits(**options)


def test_other_data_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split_digits, "DIGEST", "sha256:0")
    with pytest.raises(UsageError, match="not the published set"):
        digits()


def test_mnist_without_a_network_is_a_one_line_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def offline(*_: object, **__: object) -> None:
        raise urllib.error.URLError("no network")

    monkeypatch.setattr("urllib.request.urlopen", offline)
    root = tmp_path / "some" / "root"
    with pytest.raises(UsageError) as refusal:
        split_mnist.prepare(root)
    message = str(refusal.value)
    assert "\n" not in message
    assert "MNIST/raw/train-images-idx3-ubyte" in message
    assert str(root) in message
    assert "--data-root" in message
    assert "MEMNET_DATA" in message
    assert list(tmp_path.iterdir()) == []


def test_mnist_files_are_renamed_into_place_after_the_download(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def download(root: str, download: bool) -> None:
        assert download
        for name in split_mnist.FILES:
            (Path(root) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(root) / name).write_text(name)

    monkeypatch.setattr("torchvision.datasets.MNIST", download)
    split_mnist.prepare(tmp_path)
    assert sorted(
        str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()
    ) == sorted(split_mnist.FILES)
    monkeypatch.setattr("torchvision.datasets.MNIST", None)
    split_mnist.prepare(tmp_path)


def test_damaged_mnist_is_an_error(tmp_path: Path) -> None:
    for name in split_mnist.FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"not MNIST")
    with pytest.raises(UsageError, match="remove"):
        split_mnist.build(split_mnist.Config(), seed=0, data_root=tmp_path)


def test_images_split_takes_its_fraction_of_every_class() -> None:
    images = Images(
        pixels=np.zeros((40, 2, 2), np.uint8), labels=np.repeat(np.arange(4, dtype=np.uint8), 10)
    )
    first, second = images.split(0.3)
    assert np.bincount(second.labels).tolist() == [3, 3, 3, 3]
    assert np.bincount(first.labels).tolist() == [7, 7, 7, 7]
    assert images.sample_bytes == 5


@pytest.mark.data
def test_real_mnist() -> None:
    root = Path(os.environ.get("MEMNET_DATA", "nowhere"))
    if not all((root / name).is_file() for name in split_mnist.FILES):
        pytest.skip("MEMNET_DATA does not hold MNIST")
    stream = split_mnist.build(split_mnist.Config(), seed=0, data_root=root)
    assert len(streams.inputs_of(stream, "train")) == 60_000
    assert len(streams.inputs_of(stream, "test")) == 10_000
    assert stream.sample_bytes == 785


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem)
        for path in sorted(Path(split_digits.__file__).parent.glob("*.py"))
    ],
)
def test_heavy_packages_are_imported_where_used(path: Path) -> None:
    tree = ast.parse(path.read_text())
    top = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)} | {
        alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names
    }
    assert not any(
        name and name.split(".")[0] in {"torchvision", "avalanche", "sklearn"} for name in top
    )
