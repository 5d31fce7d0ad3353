import re
import urllib.error
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.cli.plan_options import plan_from
from benchmarks.datasets import torchvision_sets
from benchmarks.datasets.named_sets import SETS, named_set
from benchmarks.streams import torchvision
from results.errors import UsageError
from strategies.continual.dataloader import columns_of
from tests.benchmarks.datasets.image_archives import mnist


def test_documented_sets_are_the_known_ones() -> None:
    documented = re.sub(r"\s+", " ", (torchvision.Config.__doc__ or "")).split("class: ")[1]
    names = re.split(r", | or ", documented.split(".")[0])
    assert sorted(names) == sorted(SETS)


def test_a_set_is_read_by_name_and_identified_by_its_files(tmp_path: Path) -> None:
    for place, name in (("one", "KMNIST"), ("other", "KMNIST")):
        mnist(tmp_path / place, name)
    with (tmp_path / "other" / SETS["KMNIST"].files[0]).open("r+b") as file:
        file.seek(500)
        file.write(b"other")
    options = ["dataset=KMNIST", "form=flat"]
    cells = [
        plan_from("torchvision", "mlp", "naive", "1", options, None, data_root=tmp_path / place)
        .jobs[0]
        .cell
        for place in ("one", "one", "other")
    ]
    assert cells[0].id == cells[1].id != cells[2].id
    stream = torchvision.build(
        torchvision.Config(dataset="KMNIST", form="flat"), seed=0, data_root=tmp_path / "one"
    )
    assert (stream.signature.features, stream.signature.outputs) == (784, 10)


def test_svhn_has_rows_of_all_colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SVHN's class holds the channels first, and selects the part by a word."""

    class Fake:
        def __init__(self, root: Path, split: str, download: bool) -> None:
            count = {"train": 40, "test": 20}[split]
            self.data = np.zeros((count, 3, 4, 5), np.uint8)
            self.data[:, 1] = 255
            self.labels = np.arange(count) % 10

    monkeypatch.setattr("torchvision.datasets.SVHN", Fake)
    for file in SETS["SVHN"].files:
        (tmp_path / file).write_bytes(b"")
    stream = torchvision.build(torchvision.Config(), seed=0, data_root=tmp_path)
    assert (stream.signature.length, stream.signature.features) == (4, 15)
    sample = columns_of(stream.benchmark.train_stream[0].dataset)[0][0]
    assert torch.equal(sample, torch.tensor([0.0, 1.0, 0.0]).repeat(4, 5))


def test_unknown_and_missing_sets_name_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: object, **__: object) -> None:
        raise urllib.error.URLError("no network")

    monkeypatch.setattr("urllib.request.urlopen", offline)
    with pytest.raises(UsageError, match="set dataset=NAME, or use from-folder"):
        named_set("SVNH")
    with pytest.raises(UsageError, match=r"SVHN is not in .*set --data-root or MEMNET_DATA"):
        plan_from("torchvision", "mlp", "naive", "1", None, None, data_root=tmp_path)


def test_a_set_with_an_empty_file_is_a_usage_error(tmp_path: Path) -> None:
    for name in ("usps.bz2", "usps.t.bz2"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(UsageError, match=r"USPS in .* can't be read"):
        torchvision_sets.load("USPS", ("usps.bz2", "usps.t.bz2"), tmp_path)
