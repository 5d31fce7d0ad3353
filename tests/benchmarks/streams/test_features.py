from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from baselines.models import mlp
from baselines.registry import Registry
from benchmarks.cli.plan_options import plan_from
from benchmarks.streams import features
from results.errors import UsageError
from strategies.continual.dataloader import columns_of
from strategies.continual.replay.buffer import raw_storage
from strategies.continual.stream import Stream
from strategies.continual.train import run_stream


def save(folder: Path, name: str = "birds", **arrays: np.ndarray) -> None:
    draws = np.random.default_rng(0)
    labels = np.arange(60) % 6
    centres = draws.normal(size=(6, 16))
    own = (centres[labels] + 0.1 * draws.normal(size=(60, 16))).astype(np.float16)
    np.savez(folder / f"{name}.npz", **{"features": own, "labels": labels, **arrays})


def built(root: Path, **options: object) -> Stream:
    config = features.Config(data="birds", experiences=3, **options)
    return features.build(config, seed=0, data_root=root)


def test_embeddings_are_samples_of_one_step(tmp_path: Path) -> None:
    save(tmp_path)
    stream = built(tmp_path)
    assert (stream.signature.length, stream.signature.features) == (1, 16)
    assert stream.signature.outputs == 6
    assert stream.sample_bytes == 2 * 16 + 1
    train, test = (
        [columns_of(one.dataset)[0] for one in part]
        for part in (stream.benchmark.train_stream, stream.benchmark.test_stream)
    )
    assert [len(one) for one in train] == [16] * 3
    assert [len(one) for one in test] == [4] * 3
    torch.testing.assert_close(train[0].square().mean(-1), torch.ones(16, 1))
    plain = columns_of(built(tmp_path, normalise=False).benchmark.train_stream[0].dataset)[0]
    torch.testing.assert_close(
        plain / plain.square().mean(-1, keepdim=True).sqrt(), train[0], atol=1e-5, rtol=0
    )


def test_own_test_embeddings_are_used(tmp_path: Path) -> None:
    save(tmp_path, test_features=np.ones((6, 16), np.float16), test_labels=np.arange(6))
    stream = built(tmp_path)
    assert sum(len(one.dataset) for one in stream.benchmark.train_stream) == 60
    assert sum(len(one.dataset) for one in stream.benchmark.test_stream) == 6


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"features": np.zeros((60, 4, 4))}, r"features are \[60, 4, 4\]; it must hold arrays"),
        ({"inputs": np.zeros((60, 4))}, "unknown array inputs: known are features, labels"),
    ],
)
def test_malformed_files_are_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], message: str
) -> None:
    save(tmp_path, **arrays)
    with pytest.raises(UsageError, match=message):
        built(tmp_path)


def test_bytes_that_are_normalised_are_stored_as_floats(tmp_path: Path) -> None:
    """A buffer of bytes would give back values in [0, 1] only, and half of these are beyond."""
    draws = np.random.default_rng(0)
    save(tmp_path, features=draws.integers(0, 256, (60, 16), dtype=np.uint8))
    stream = built(tmp_path)
    assert stream.sample_bytes == 4 * 16 + 1
    stored = columns_of(stream.benchmark.train_stream[0].dataset)[0]
    storage = raw_storage(stream).pack(stored)
    torch.testing.assert_close(storage.unpack(torch.arange(len(stored))), stored)
    assert built(tmp_path, normalise=False).sample_bytes == 16 + 1


@pytest.mark.parametrize(
    "method", sorted(set(Registry("method").names()) - {"er-compressed", "er-lossy"})
)
def test_bytes_and_floats_of_the_same_numbers_score_the_same(tmp_path: Path, method: str) -> None:
    """Each sample is scaled to a root mean square of 1; two methods are for images only."""
    draws = np.random.default_rng(0)
    centres = draws.integers(0, 200, (6, 16))[np.arange(60) % 6]
    own = (centres + draws.integers(0, 9, (60, 16))).astype(np.uint8)
    module = Registry("method").get(method).load()
    scores = []
    for array in (own, own.astype(np.float32)):
        save(tmp_path, features=array)
        torch.manual_seed(0)
        outcome = run_stream(
            built(tmp_path, epochs=5),
            lambda signature: mlp.build(mlp.Config(), signature),
            module,
            method_config=module.Config(),
            learning_rate=0.003,
            seed=0,
            device=torch.device("cpu"),
            progress=lambda fraction: None,
        )
        scores.append(outcome.metrics["accuracy"])
    assert scores[0] == scores[1]


@pytest.mark.parametrize("scenario", ["class", "domain", "task"])
def test_classes_without_test_samples(tmp_path: Path, scenario: Any) -> None:
    tests = np.ones((4, 16), np.float16)
    save(tmp_path, test_features=tests[:3], test_labels=np.array([0, 2, 4]))
    with pytest.raises(UsageError, match=r"3 of 6 classes have no test samples \(1, 3, 5\)"):
        built(tmp_path, scenario=scenario)
    save(tmp_path, test_features=np.ones((5, 16), np.float16), test_labels=np.arange(5))
    stream = built(tmp_path, scenario=scenario)
    assert sorted(len(one.dataset) for one in stream.benchmark.test_stream) == [1, 2, 2]


def test_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "birds").mkdir()
    with pytest.raises(UsageError, match="for pictures use from-folder"):
        built(tmp_path)


def test_a_plan_identifies_the_content_and_notes_its_oddities(tmp_path: Path) -> None:
    save(tmp_path)
    save(tmp_path, "twice", features=np.ones((60, 16), np.float16))
    digests = {}
    for name in ("birds", "twice"):
        plan = plan_from(
            "features", "mlp", "naive", "1", [f"data={name}"], None, data_root=tmp_path
        )
        digests[name] = plan.jobs[0].cell.version["data"]
    assert digests["birds"] != digests["twice"]
    assert any("test samples are also training samples" in note for note in plan.notes)


def test_a_folder_is_refused_while_planning(tmp_path: Path) -> None:
    """Without a word on pictures that it does not hold."""
    (tmp_path / "birds" / "kind").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"birds is a folder: this stream reads features from "):
        plan_from("features", "mlp", "naive", "1", ["data=birds"], None, data_root=tmp_path)
