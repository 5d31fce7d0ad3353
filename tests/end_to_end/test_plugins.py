"""Plugins given to the command."""

from pathlib import Path

import pytest

from tests.benchmarks.command import PLUGINS, memnet


def test_edited_sibling_makes_new_cells(tmp_path: Path) -> None:
    """The plugin's ``package`` imports ``sibling`` in turn."""
    model = (PLUGINS / "scripted.py").read_text()
    (tmp_path / "my_model.py").write_text(
        model + "\nfrom package import WIDTH\nassert WIDTH == 4\n"
    )
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("from sibling import WIDTH\n")
    (tmp_path / "sibling.py").write_text("WIDTH = 4\n")
    given = ("--plugin", "my_model.py", "--plugin", str(PLUGINS / "wee.py"))
    command = ("run", "wee", "--models", "my-model", "--seeds", "1", *given)
    done = memnet(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    assert memnet(*command, cwd=tmp_path).stdout.startswith("1 cell: 1 done, 0 to run")
    (tmp_path / "sibling.py").write_text("WIDTH = 2 + 2\n")
    assert memnet(*command, cwd=tmp_path).stdout.startswith("1 cell: 0 done, 1 to run")


@pytest.mark.parametrize("indent", ["", "    "], ids=["module", "build"])
def test_plugin_that_exits_is_refused_with_its_line(tmp_path: Path, indent: str) -> None:
    model = (PLUGINS / "scripted.py").read_text().replace("    return Scripted(", "    (")
    (tmp_path / "my_model.py").write_text(f"{model}{indent}raise SystemExit(3)\n")
    line = (tmp_path / "my_model.py").read_text().count("\n")
    given = ("--plugin", "my_model.py", "--plugin", str(PLUGINS / "wee.py"))
    done = memnet("run", "wee", "--models", "my-model", "--seeds", "1", *given, cwd=tmp_path)
    assert done.returncode == 2
    assert f"SystemExit: 3 (my_model.py, line {line}" in done.stderr
    assert done.stderr.count("\n") == 1


def test_plugin_that_fails_is_refused_with_its_line(tmp_path: Path) -> None:
    """The traceback is printed on request; a wrong result of ``build`` names the rule."""
    given = ("run", "wee", "--models", "my-model", "--seeds", "1", "--plugin", "my_model.py")
    command = (*given, "--plugin", str(PLUGINS / "wee.py"))
    model = (PLUGINS / "scripted.py").read_text()
    (tmp_path / "my_model.py").write_text(
        f"{model}    raise KeyError('x')\n".replace("return S", "S")
    )
    done = memnet(*command, cwd=tmp_path, MEMNET_TRACEBACK="1")
    assert done.returncode == 2
    (*trace, last) = done.stderr.splitlines()
    line = (tmp_path / "my_model.py").read_text().count("\n")
    assert f"KeyError: 'x' (my_model.py, line {line}, in build); MEMNET_TRACEBACK=1" in last
    assert any(text.endswith(f'my_model.py", line {line}, in build') for text in trace)
    (tmp_path / "my_model.py").write_text(model.replace("return Scripted(", "Scripted("))
    done = memnet(*command, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "memnet: error: wee with my-model: my_model.py: build(config, signature) must return a "
        "SequenceModel, it returned None\n",
    )
    assert not (tmp_path / "runs" / "records").exists()
