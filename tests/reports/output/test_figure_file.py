"""Files of figures, and the picture of README, which is made from the published records."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from benchmarks.cli.figure import figure
from reports.output.figure_file import write
from results.errors import UsageError

ROOT = Path(__file__).parents[3]
COMMAND = re.compile(r"<!-- memnet figure (.*) -->")
NUMBER = re.compile(r"-?\d+\.\d+|-?\d+")
TOLERANCE = 0.05
"""Difference of coordinates, in points."""


def test_readme_shows_what_its_command_draws(tmp_path: Path) -> None:
    """If this fails, run the command that is in the comment above README's picture."""
    found = COMMAND.search((ROOT / "README.md").read_text())
    assert found
    name, *options = shlex.split(found[1])
    given = dict(zip(options[::2], options[1::2], strict=True))
    drawn = tmp_path / "drawn.svg"
    figure(
        name,
        stores=[given["--store"]],
        benchmarks=given["--benchmarks"],
        models=given["--models"],
        width=given["--width"],
        out=drawn,
    )
    shown, made = (ROOT / given["--out"]).read_text(), drawn.read_text()
    assert given["--out"] in (ROOT / "README.md").read_text().replace(found[0], "")
    assert NUMBER.sub("", shown) == NUMBER.sub("", made)
    numbers = [np.array(NUMBER.findall(text), dtype=float) for text in (shown, made)]
    np.testing.assert_allclose(*numbers, atol=TOLERANCE)


@pytest.mark.parametrize("form", ["pdf", "svg", "png"])
def test_the_same_figure_gives_the_same_bytes(tmp_path: Path, form: str) -> None:
    made = Figure()
    made.add_subplot().plot([0, 1])
    files = [write(made, tmp_path / f"{place}.{form}", "name") for place in range(2)]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"cannot write .*one\.pdf"):
        write(Figure(), tmp_path / "file" / "one.pdf", "name")
