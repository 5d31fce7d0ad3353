from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.cli.plan_options import plan_from
from benchmarks.streams import features
from results.errors import UsageError
from strategies.continual.dataloader import columns_of
from strategies.continual.stream import Stream


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
