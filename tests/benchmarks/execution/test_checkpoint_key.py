import shutil
from pathlib import Path

from benchmarks.execution.checkpoint_key import checkpoint_key
from tests.benchmarks.execution.wee_cells import WEE, jobs


def test_the_key_depends_on_the_device_and_the_code(tmp_path: Path) -> None:
    shutil.copy(WEE[1], tmp_path)
    (job,) = jobs(WEE[0], tmp_path / WEE[1].name)
    before = checkpoint_key(job, device="cpu", threads=1)
    assert checkpoint_key(job, device="cpu", threads=1) == before
    assert checkpoint_key(job, device="cuda", threads=1) != before
    with (tmp_path / WEE[1].name).open("a") as file:
        file.write("\n")
    assert checkpoint_key(job, device="cpu", threads=1) != before


def test_the_key_depends_on_siblings_of_plugins(tmp_path: Path) -> None:
    plugin = tmp_path / WEE[1].name
    plugin.write_text(WEE[1].read_text() + "import sibling\n")
    (tmp_path / "sibling.py").write_text("")
    (job,) = jobs(WEE[0], plugin)
    before = checkpoint_key(job, device="cpu", threads=1)
    (tmp_path / "sibling.py").write_text("x = 1\n")
    assert checkpoint_key(job, device="cpu", threads=1) != before
