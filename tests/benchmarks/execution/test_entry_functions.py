from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from baselines.interface import Signature
from baselines.registry import Entry, Registry, read_plugin
from benchmarks.execution.entry_functions import (
    REQUIRED_FUNCTIONS,
    build,
    check_functions,
    plugin_line,
)
from results.errors import UsageError

KINDS = tuple(REQUIRED_FUNCTIONS)


def plugin(folder: Path, kind: str, text: str) -> Entry:
    path = folder / f"my_{kind}.py"
    path.write_text(f'"""Mine."""\nKIND = "{kind}"\ndef prepare(data_root): pass\n{text}\n')
    return read_plugin(path)


@pytest.mark.parametrize("kind", KINDS)
def test_built_in_entries_pass(kind: Any) -> None:
    for entry in Registry(kind):
        if not entry.missing:
            check_functions(entry, entry.load())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("arguments", ["", "config, signature, *, other, more", "*, config"])
def test_wrong_arguments_are_an_error(tmp_path: Path, kind: str, arguments: str) -> None:
    entry = plugin(tmp_path, kind, f"def build({arguments}): pass")
    with pytest.raises(UsageError) as refused:
        check_functions(entry, entry.load())
    required = REQUIRED_FUNCTIONS[entry.kind]["build"]
    assert str(refused.value).startswith(
        f"my_{kind}.py: build({arguments}) must accept ({required}): "
    )


@pytest.mark.parametrize("kind", KINDS)
def test_more_general_arguments_pass(tmp_path: Path, kind: str) -> None:
    entry = plugin(tmp_path, kind, "def build(*arguments, **options): pass")
    check_functions(entry, entry.load())


def test_prepare_with_wrong_arguments_is_an_error(tmp_path: Path) -> None:
    entry = plugin(tmp_path, "stream", "def build(**_): pass\ndef prepare(): pass")
    module = SimpleNamespace(build=lambda config, *, seed, data_root: None, prepare=lambda: None)
    with pytest.raises(UsageError, match=r"my_stream\.py: prepare\(\) must accept \(data_root\)"):
        check_functions(entry, module)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("model", "SequenceModel"),
        ("method", "ContinualStrategy"),
        ("task", "SequenceTask"),
        ("stream", "Stream"),
    ],
)
def test_build_without_the_right_result_is_an_error(tmp_path: Path, kind: str, name: str) -> None:
    for value, found in (("None", "None"), ("3", "a int"), ("SimpleNamespace()", "a SimpleNam")):
        (tmp_path / value).mkdir()
        text = f"from types import SimpleNamespace\ndef build(*_, **__): return {value}"
        entry = plugin(tmp_path / value, kind, text)
        with pytest.raises(UsageError) as refused:
            build(entry)
        assert str(refused.value).startswith(
            f"my_{kind}.py: build({REQUIRED_FUNCTIONS[entry.kind]['build']}) must return a {name}, "
            f"it returned {found}"
        )


def test_a_model_with_lazy_parameters_is_an_error(tmp_path: Path) -> None:
    """Each cell would fail when its optimizer or its checkpoint reads them."""
    text = (
        "from tests.strategies.continual.small_gru import Gru\nfrom torch import nn\n"
        "def build(config, signature):\n"
        "    model = Gru(signature)\n"
        "    model.norm = nn.LazyBatchNorm1d()\n"
        "    return model"
    )
    with pytest.raises(UsageError, match=r"my_model\.py: norm\.weight is a lazy parameter, with"):
        build(plugin(tmp_path, "model", text), None, Signature(features=4, outputs=2, length=4))


def test_plugin_line_is_the_last_one_of_a_plugin(tmp_path: Path) -> None:
    (tmp_path / "sibling.py").write_text("def fail():\n    return int('x' * 3)\n")
    entry = plugin(
        tmp_path,
        "model",
        "import sibling, torch\ndef build(config, signature):\n"
        "    return sibling.fail() if config else torch.zeros(2).reshape(3)",
    )
    lines = []
    for config in (True, False):
        with pytest.raises((ValueError, RuntimeError)) as failed:
            entry.load().build(config, None)
        lines.append(plugin_line(failed.value, [None, entry]))
        assert plugin_line(failed.value, [Registry("model").get("lstm")]) == ""
    assert lines == [" (sibling.py, line 2, in fail)", " (my_model.py, line 6, in build)"]
