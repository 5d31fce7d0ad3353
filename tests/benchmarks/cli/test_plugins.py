"""Plugins given to the command."""

from pathlib import Path

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
