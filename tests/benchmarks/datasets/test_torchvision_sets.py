"""Streams of published image sets, on tiny sets in the same layout."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from benchmarks.streams import (
    permuted_mnist,
    rotated_mnist,
    split_cifar_10,
    split_cifar_100,
    split_fashion_mnist,
    split_mnist,
)
from results.errors import UsageError
from strategies.continual.dataloader import columns_of
from strategies.continual.stream import Stream
from tests.benchmarks.datasets.image_archives import cifar, mnist


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data root with a small MNIST and Fashion-MNIST."""
    for module, name in ((split_mnist, "MNIST"), (split_fashion_mnist, "FashionMNIST")):
        mnist(tmp_path, name)
        monkeypatch.setattr(module, "verify", lambda *_: None)
    return tmp_path


def built(module: Any, root: Path, seed: int = 0, **options: object) -> Stream:
    stream: Stream = module.build(module.Config(**options), seed=seed, data_root=root)
    return stream


def parts(stream: Stream, part: str = "train") -> list[tuple[torch.Tensor, ...]]:
    found = [
        columns_of(experience.dataset) for experience in getattr(stream.benchmark, f"{part}_stream")
    ]
    assert all(columns is not None for columns in found)
    return found


def test_fashion_mnist_is_split_like_mnist(root: Path) -> None:
    stream = built(split_fashion_mnist, root, form="flat")
    assert [len(columns[1]) for columns in parts(stream)] == [12] * 5
    assert (stream.signature.length, stream.signature.features, stream.sample_bytes) == (
        1,
        784,
        785,
    )
    assert built(split_fashion_mnist, root, seed=1).classes != stream.classes


@pytest.mark.parametrize("module", [split_mnist, split_fashion_mnist])
def test_set_that_is_not_the_published_one_is_an_error(module: ModuleType, tmp_path: Path) -> None:
    mnist(tmp_path, "MNIST" if module is split_mnist else "FashionMNIST")
    with pytest.raises(UsageError, match="not the published set"):
        built(module, tmp_path)


def test_permutations_are_drawn_once_per_stream(root: Path) -> None:
    stream = built(permuted_mnist, root, experiences=3)
    (plain, labels, _), *permuted = parts(stream)
    orders = []
    for inputs, others, _ in permuted:
        assert torch.equal(others, labels)
        assert torch.equal(inputs.flatten(1).sort(1).values, plain.flatten(1).sort(1).values)
        orders.append(inputs.flatten(1))
        assert not torch.equal(inputs, plain)
    assert not torch.equal(*orders)
    again = parts(built(permuted_mnist, root, experiences=3))
    assert all(torch.equal(one[0], two[0]) for one, two in zip(parts(stream), again, strict=True))
    assert not torch.equal(
        parts(built(permuted_mnist, root, seed=1, experiences=3))[1][0], again[1][0]
    )
    trained, tested = parts(stream)[1][0].flatten(1), parts(stream, "test")[1][0].flatten(1)
    (place,) = ((trained * 255).round() == 10).all(0).nonzero().flatten().tolist()
    assert ((tested * 255).round()[:, place] == 20).all(), (
        "test images are permuted as the training images are"
    )


def test_rotation_applies_the_experience_s_angle_to_every_image(root: Path) -> None:
    stream = built(rotated_mnist, root, experiences=3, furthest=90.0)
    (plain, _, _), (rotated, _, _), (other, _, _) = parts(stream)
    assert rotated.shape == plain.shape == (60, 28, 28)
    assert not torch.equal(rotated, other)
    upright = rotated_mnist._rotated((plain * 255).round().to(torch.uint8).numpy(), 90.0)
    assert torch.equal(
        torch.from_numpy(upright), (plain * 255).round().to(torch.uint8).rot90(1, (1, 2))
    )
    with pytest.raises(UsageError, match="furthest=0"):
        built(rotated_mnist, root, furthest=0.0)
    with pytest.raises(UsageError, match="experiences=0"):
        built(rotated_mnist, root, experiences=0)


@pytest.mark.parametrize("scenario", ["domain", "class", "task"])
def test_experiences_of_transformed_images_share_labels_in_the_domain_scenario(
    root: Path, scenario: Any
) -> None:
    stream = built(permuted_mnist, root, experiences=3, scenario=scenario)
    shared = scenario == "domain"
    assert stream.signature.outputs == (10 if shared else 30)
    for place, (_, labels, tasks) in enumerate(parts(stream)):
        assert sorted(labels.unique().tolist()) == [
            k + (0 if shared else 10 * place) for k in range(10)
        ]
        assert set(tasks.tolist()) == {place if scenario == "task" else 0}
    assert (stream.heads is not None) == (scenario == "task")


def test_packed_bytes_equal_float_samples(root: Path) -> None:
    (packed, labels, _), *_ = parts(built(permuted_mnist, root, experiences=1))
    train, _ = split_mnist.load(root)
    samples = train.samples("rows", 255)
    assert torch.equal(packed, samples.inputs)
    assert torch.equal(labels, samples.labels)
    dataset = built(permuted_mnist, root, experiences=1).benchmark.train_stream[0].dataset
    assert torch.equal(dataset[3][0], packed[3])


@pytest.mark.parametrize(
    ("module", "name", "classes"),
    [(split_cifar_10, "CIFAR10", 10), (split_cifar_100, "CIFAR100", 100)],
)
def test_cifar(
    module: ModuleType, name: str, classes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cifar(tmp_path, name, monkeypatch)
    stream = built(module, tmp_path)
    assert sorted(label for share in stream.classes for label in share) == list(range(classes))
    assert (stream.signature.length, stream.signature.features, stream.sample_bytes) == (
        32,
        96,
        3073,
    )
    assert sum(len(columns[1]) for columns in parts(stream, "test")) == 2 * classes
    assert built(module, tmp_path, form="flat").signature.features == 3072
    assert all(0 <= columns[0].min() <= columns[0].max() <= 1 for columns in parts(stream))
    (tmp_path / module.FILES[0]).write_bytes(b"another")
    with pytest.raises(UsageError, match=f"{name} in .* can't be read"):
        built(module, tmp_path)


@pytest.mark.parametrize("module", [split_cifar_10, split_cifar_100])
def test_cifar_without_a_network_is_a_one_line_error(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("torchvision.datasets.cifar.download_and_extract_archive", offline)
    with pytest.raises(
        UsageError, match=r"CIFAR.* put its \d unpacked files into .*cifar-1.*--data-root"
    ) as refusal:
        module.prepare(tmp_path / "root")
    assert "\n" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"\0", bytes([0, 0, 3, 3]), bytes([9] * 40), b"cut"])
@pytest.mark.parametrize("file", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_damaged_files_are_one_line_with_a_reason(file: str, damage: bytes, tmp_path: Path) -> None:
    mnist(tmp_path)
    path = tmp_path / "MNIST" / "raw" / file
    path.write_bytes(path.read_bytes()[:50] if damage == b"cut" else damage)
    with pytest.raises(
        UsageError, match=r"MNIST in .* can't be read \(.+\); remove .*MNIST and run again$"
    ):
        built(split_mnist, tmp_path)
