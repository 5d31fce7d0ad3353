"""Runs as files."""

import json
from pathlib import Path
from typing import Any

import pytest

import memnet as api
from benchmarks.cli.plan_options import plan_from
from benchmarks.cli.run_file import read_run_file, version_notes, write_run_file
from results.errors import UsageError
from tests.benchmarks.command import PLUGINS, memnet

OPTIONS = {
    "name": "split-digits",
    "models": "mlp,mlp[width=72]",
    "methods": "er,naive",
    "seeds": "1,4",
    "settings": ["epochs=1", "form=flat", "training.learning_rate=1e-3", "probe=true"],
    "plugin": [PLUGINS / "scripted.py"],
    "precision": "bfloat16",
    "budget": "4k,16000",
}


def ids(options: dict[str, Any]) -> list[str]:
    names = ("name", "models", "methods", "seeds", "settings")
    plugins = list(map(Path, options["plugin"]))
    given = {name: options[name] for name in ("precision", "budget")}
    plan = plan_from(*(options.get(name) for name in names), plugins, **given)
    return [job.cell.id for job in plan.jobs]


def test_exported_file_gives_the_same_cells(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "run.yaml"
    path.parent.mkdir()
    plan = plan_from("induction", "lstm", None, "1", None, None)
    write_run_file(path, OPTIONS, plan)
    found = read_run_file(path)
    assert ids(found.options()) == ids(OPTIONS)
    assert len(ids(OPTIONS)) == 2 * 3 * 2
    text = path.read_text()
    assert (
        "set:\n  epochs: 1\n  form: flat\n  training.learning_rate: 1e-3\n  probe: true\n" in text
    )
    assert "plugin:\n- ../" in text
    assert found.values["plugin"] == [str(PLUGINS / "scripted.py")]
    assert set(found.entries) == {"model lstm", "task induction"}


def test_other_versions_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("run: induction\nversions: {entries: {model lstm: '0', task mqar: '0'}}\n")
    plan = plan_from("induction", "lstm", None, "1", None, None)
    (note,) = version_notes(path, plan)
    assert note.startswith("run.yaml was exported with version 0 of model lstm, and now it is ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("run: quick\nmodles: lstm\n", "unknown key 'modles': did you mean models"),
        ("run: [quick", "is not YAML"),
        ("- quick\n", "must have lines such as 'run: quick'"),
        ("run: quick\nset: [steps]\n", "set must be a mapping"),
        ("run: quick\nkeep_weights: 1\n", "keep_weights must be true or false"),
        ("run: quick\nseeds: {a: 1}\n", "seeds must be a text, or a list of texts"),
        ("run: true\n", "run must be a text or a number"),
    ],
)
def test_invalid_files_are_errors(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_run_file(path)


def test_command_line_overrides_the_file_and_exports_the_result(tmp_path: Path) -> None:
    """A key of ``set`` is overridden alone; the plugins of both are used."""
    (tmp_path / "one.yaml").write_text(
        f"run: wee\nseeds: 2\nset: {{steps: 3, length: 5}}\nplugin: [{PLUGINS / 'wee.py'}]\n"
    )
    model = ("--plugin", str(PLUGINS / "scripted.py"), "--models", "scripted")
    given = ("--config", "one.yaml", "--seeds", "1", "--set", "steps=2", *model)
    done = memnet("run", *given, "--export", "two.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    (record,) = (tmp_path / "runs" / "records").glob("*.json")
    found = json.loads(record.read_text())["cell"]
    assert (found["seed"], found["config"]["benchmark"]["steps"]) == (0, 2)
    assert found["config"]["benchmark"]["length"] == 5
    again = memnet("run", "--config", "two.yaml", cwd=tmp_path)
    assert again.stdout.startswith("1 cell: 1 done, 0 to run")


def test_python_reads_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("run: induction\nmodels: [lstm]\nset: {steps: 40}\nplugin: mine.py\n")
    assert api.load_config(path) == {
        "name": "induction",
        "models": ["lstm"],
        "options": {"steps": 40},
        "plugins": [str(tmp_path / "mine.py")],
    }
