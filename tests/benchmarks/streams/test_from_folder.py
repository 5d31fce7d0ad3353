"""User data as a stream."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.cli.plan_options import plan_from
from benchmarks.execution.run_cell import run
from results.errors import UsageError
from strategies.continual.dataloader import columns_of
from strategies.continual.methods.er import Config
from strategies.continual.replay.buffer import Buffer, capacity_bytes, raw_storage
from tests.benchmarks.datasets.user_samples import (
    built,
    cell_id,
    counts,
    images,
    plan,
    reds,
    samples,
    sequences,
)
from tests.benchmarks.execution.wee_cells import FILES, environment


def test_class_folders_of_images(tmp_path: Path) -> None:
    images(tmp_path / "flowers")
    stream = built(tmp_path)
    assert counts(stream) == (16, 4)
    assert (stream.signature.length, stream.signature.features, stream.sample_bytes) == (
        28,
        28,
        785,
    )
    colour = built(tmp_path, colour=True, size=8)
    assert (colour.signature.length, colour.signature.features, colour.sample_bytes) == (8, 24, 193)
    _, labels = samples(colour)
    assert reds(colour) == [60 * label for label in labels.tolist()]


def test_train_and_test_folders(tmp_path: Path) -> None:
    images(tmp_path / "flowers" / "train")
    images(tmp_path / "flowers" / "test", per_class=2)
    assert counts(built(tmp_path)) == (20, 8)
    assert counts(built(tmp_path, validation=True)) == (16, 4)


def test_class_without_test_images_does_not_shift_labels(tmp_path: Path) -> None:
    """The red value of an image is its class."""
    train, test = tmp_path / "flowers" / "train", tmp_path / "flowers" / "test"
    images(train)
    images(test, per_class=2)
    shutil.rmtree(test / "kind1")
    stream = built(tmp_path, colour=True, size=8)
    for part in ("train", "test"):
        _, labels = samples(stream, part)
        assert reds(stream, part) == [60 * label for label in labels.tolist()]
    assert set(labels.tolist()) == {0, 2, 3}
    (test / "kind2").rename(test / "weed")
    with pytest.raises(
        UsageError, match="without training samples: weed; there are kind0, kind1, kind2, kind3"
    ):
        built(tmp_path)


def test_experience_that_could_have_no_test_samples_is_an_error(tmp_path: Path) -> None:
    sequences(
        tmp_path / "flowers.npz",
        test_inputs=np.zeros((2, 6, 3), np.float32),
        test_labels=np.array([0, 3]),
    )
    with pytest.raises(UsageError, match=r"2 of 4 classes have no test samples \(1, 2\)"):
        built(tmp_path)


@pytest.mark.parametrize(("classes", "shares"), [(3, [2, 1]), (7, [3, 2, 2])])
def test_default_options_fit_any_number_of_classes(
    tmp_path: Path, classes: int, shares: list[int]
) -> None:
    labels = np.arange(5 * classes) % classes
    inputs = np.random.default_rng(0).normal(size=(len(labels), 1, 1)).astype(np.float32)
    np.savez(tmp_path / "flowers.npz", inputs=inputs, labels=labels)
    stream = built(tmp_path, experiences=0)
    assert [len(share) for share in stream.classes] == shares
    assert counts(stream) == (4 * classes, classes)


def test_sequences_in_a_file(tmp_path: Path) -> None:
    sequences(tmp_path / "flowers.npz")
    stream = built(tmp_path)
    assert counts(stream) == (16, 4)
    assert (stream.signature.length, stream.signature.features, stream.sample_bytes) == (6, 3, 73)
    sequences(
        tmp_path / "two.npz", test_inputs=np.zeros((4, 6, 3), np.float32), test_labels=np.arange(4)
    )
    assert counts(built(tmp_path, "two")) == (20, 4)


@pytest.mark.parametrize(
    ("form", "scale"),
    [
        ("bool", 1),
        ("uint8", 1),
        ("int8", -1),
        ("int16", -257),
        ("int64", -257),
        ("float16", -1),
        ("float32", -0.1),
        ("float64", -0.1),
        (">f8", -0.1),
    ],
)
def test_buffer_stores_the_requested_number_of_sequences_unchanged(
    tmp_path: Path, form: str, scale: float
) -> None:
    inputs = scale * np.random.default_rng(1).integers(0, 128, (20, 6, 3))
    sequences(tmp_path / "flowers.npz", inputs=inputs.astype(form))
    stream = built(tmp_path)
    seen, labels = (columns_of(stream.benchmark.train_stream[0].dataset) or ())[:2]
    buffer = Buffer(
        raw_storage(stream),
        classes=4,
        capacity=capacity_bytes(Config(mem_size=5), stream),
        shares="reservoir",
        seed=0,
    )
    buffer.offer(seen, labels)
    assert len(buffer) == 5
    stored = {tuple(sample.flatten().tolist()) for sample in buffer.take(torch.arange(5))[0]}
    assert stored <= {tuple(sample.flatten().tolist()) for sample in seen}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"inputs": np.zeros((20, 6))}, r"inputs are \[20, 6\]"),
        ({"labels": np.zeros(20)}, "whole numbers from 0"),
        ({"labels": np.arange(20) - 1}, "whole numbers from 0"),
        ({"inputs": np.full((20, 6, 3), np.nan)}, "not finite"),
        ({"labels": np.array([{}] * 20)}, "pickle"),
        (
            {"labels": np.where(np.arange(20) % 4 == 1, 2, np.arange(20) % 4)},
            "every class from 0 to 3 needs training samples",
        ),
    ],
)
def test_malformed_arrays_are_errors(
    tmp_path: Path, arrays: dict[str, np.ndarray], message: str
) -> None:
    sequences(tmp_path / "flowers.npz", **arrays)
    with pytest.raises(UsageError, match=message):
        built(tmp_path)


def test_malformed_folders_are_errors(tmp_path: Path) -> None:
    images(tmp_path / "flowers", classes=1)
    with pytest.raises(UsageError, match="at least two classes"):
        built(tmp_path)
    images(tmp_path / "more")
    (tmp_path / "more" / "kind0" / "broken.png").write_bytes(b"no image")
    with pytest.raises(UsageError, match=r"broken.png can't be read as a picture"):
        built(tmp_path, "more")


@pytest.mark.parametrize(
    ("data", "message"),
    [("", "write --set data=NAME"), ("../x", "not the name"), ("x", "there is no")],
)
def test_missing_data_are_errors_of_the_plan(tmp_path: Path, data: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plan_from("from-folder", "lstm", "naive", "1", [f"data={data}"], None, data_root=tmp_path)


def test_cell_id_depends_on_the_content_of_the_data_and_not_on_their_location(
    tmp_path: Path,
) -> None:
    for place in ("here", "there", "other"):
        images(tmp_path / place / "flowers")
    (tmp_path / "other" / "flowers" / "kind0" / "0.png").rename(
        tmp_path / "other" / "flowers" / "kind1" / "9.png"
    )
    assert cell_id(tmp_path / "here") == cell_id(tmp_path / "there") != cell_id(tmp_path / "other")


def test_data_that_change_after_the_plan_fail_the_cell(tmp_path: Path) -> None:
    images(tmp_path / "flowers")
    job = plan(tmp_path, "flowers", "experiences=2", "size=4").jobs[0]
    record = run(job, environment(tmp_path), lambda fraction: None, FILES)
    assert record.status == "ok", record.error
    Image.new("RGB", (9, 7), (1, 2, 3)).save(tmp_path / "flowers" / "kind1" / "2.png")
    record = run(job, environment(tmp_path), lambda fraction: None, FILES)
    assert record.error is not None
    assert "flowers has changed since the plan was made" in record.error.message
