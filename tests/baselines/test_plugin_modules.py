import pickle
import sys
from pathlib import Path

import pytest

from baselines.plugin_modules import load_plugin


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/', 1) if name != '__init__' else name}.py"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    return folder / "plugin.py"


@pytest.mark.parametrize(
    "text",
    [
        "from sibling import value",
        "import sibling\nvalue = sibling.value",
        "import sibling as other\nvalue = other.value",
        "from .sibling import value",
        "from . import sibling\nvalue = sibling.value",
        "import package.part\nvalue = package.part.value",
        "import package.part as part\nvalue = part.value",
        "from package import part\nvalue = part.value",
        "from package.part import *",
        "def late():\n    from sibling import value\n    return value\nvalue = late()",
    ],
)
def test_plugin_imports_modules_of_its_folder(tmp_path: Path, text: str) -> None:
    """The package's part imports a module next to the package, which imports a third one."""
    path = write(
        tmp_path,
        plugin=text,
        sibling="from third import value",
        third="value = 3",
        package__part="from sibling import value",
    )
    assert load_plugin(path).value == 3
    assert not {"sibling", "third", "package"} & set(sys.modules)


def test_equal_names_in_two_folders_do_not_collide(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        path = write(
            tmp_path / name, plugin="from sibling import value", sibling=f"value = {name!r}"
        )
        found.append(load_plugin(path).value)
    assert found == ["one", "two"]


def test_plugins_of_one_folder_share_their_modules(tmp_path: Path) -> None:
    write(tmp_path, plugin="from sibling import Layer", sibling="class Layer: pass")
    write(tmp_path, other="import plugin\nfrom sibling import Layer")
    one, other = load_plugin(tmp_path / "plugin.py"), load_plugin(tmp_path / "other.py")
    assert one.Layer is other.Layer
    assert other.plugin is one
    assert load_plugin(tmp_path / "plugin.py") is one
    assert type(pickle.loads(pickle.dumps(one.Layer()))) is one.Layer


def test_other_imports_are_unchanged(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        plugin="import json, os.path, torch\nfrom memnet.output import ModelOutput",
        json="",
        memnet="",
    )
    module = load_plugin(path)
    assert (module.json, module.torch) == (sys.modules["json"], sys.modules["torch"])
    assert module.ModelOutput is sys.modules["memnet.output"].ModelOutput


def test_missing_module_is_an_import_error(tmp_path: Path) -> None:
    path = write(tmp_path, plugin="import no_such_sibling")
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_sibling'"):
            load_plugin(path)


@pytest.mark.parametrize("name", ["my-model", "my.model", "2nd"])
def test_file_name_need_not_be_a_module_name(tmp_path: Path, name: str) -> None:
    for stem in (name, name.replace("-", "_").replace(".", "_")):
        (tmp_path / f"{stem}.py").write_text(f"value = {stem!r}")
        assert load_plugin(tmp_path / f"{stem}.py").value == stem
