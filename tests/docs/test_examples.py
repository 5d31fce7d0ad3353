"""The scripts and notebooks of ``examples/`` run, and pages show the same scripts."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.command import environment

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
SCRIPT = EXAMPLES / "avalanche_script.py"
ON_PAGES = {"avalanche_script.py": "avalanche.md", "my_model.py": "add-a-model.md"}


DISPLAY = """
def display(value):
    for form in ("_repr_html_", "_repr_svg_", "_repr_png_"):
        getattr(value, form, str)()
    print(type(value).__name__)
"""


def program(notebook: Path) -> str:
    """Return a notebook's code; the last expression of each cell is shown, as a kernel does."""
    parts = [DISPLAY]
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        if isinstance(tree.body[-1], ast.Expr):
            tree.body[-1].value = ast.Call(ast.Name("display"), [tree.body[-1].value], [])
        parts.append(ast.unparse(ast.fix_missing_locations(tree)))
    return "\n".join(parts)


def run(script: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in its folder."""
    return subprocess.run(
        [sys.executable, script.name],
        cwd=script.parent,
        env=environment(PYTHONPATH=os.environ.get("PYTHONPATH", str(ROOT))),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_there_are_scripts_and_notebooks() -> None:
    names = {path.name for path in EXAMPLES.iterdir() if path.is_file()}
    assert {path.name for path in NOTEBOOKS} == {"inspect_memory.ipynb", "leaderboard.ipynb"}
    assert names == {*ON_PAGES, *(path.name for path in NOTEBOOKS)}


@pytest.mark.parametrize("name", ON_PAGES)
def test_a_page_shows_the_script(name: str) -> None:
    text = (ROOT / "docs" / ON_PAGES[name]).read_text(encoding="utf-8")
    content = (EXAMPLES / name).read_text(encoding="utf-8")
    assert f'```python title="{name}"\n{content}```\n' in text


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs(notebook: Path) -> None:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert len(code) >= 4
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert cells[0]["source"][0].startswith("# ")


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(notebook: Path, tmp_path: Path) -> None:
    script = tmp_path / "notebook.py"
    script.write_text(program(notebook), encoding="utf-8")
    done = run(script)
    assert done.returncode == 0, done.stderr
    assert "DataFrame" in done.stdout.splitlines()


@pytest.mark.slow
def test_the_avalanche_script_does_not_forget(tmp_path: Path) -> None:
    script = tmp_path / SCRIPT.name
    script.write_text(SCRIPT.read_text(encoding="utf-8"), encoding="utf-8")
    done = run(script)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.strip().rstrip("}").rsplit(": ", 1)[1]) > 0.9
