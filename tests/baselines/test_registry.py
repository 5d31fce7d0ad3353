import importlib.metadata
import re
from pathlib import Path

import pytest

from baselines import registry
from baselines.registry import ENTRY_KINDS, Registry, read_plugin, unknown
from baselines.variant_names import parse_variant
from results.errors import UsageError

MODEL = '''"""A model."""

from dataclasses import dataclass
from typing import Literal

KIND = "model"


@dataclass(frozen=True)
class Config:
    width: int = 8
    rate: float = 0.5
    wide: bool = False
    name: str = "x"
    sizes: tuple[int, ...] = (1, 2)
    limit: int | None = None
    form: Literal["rows", "flat"] = "rows"
    label: str | None = None
'''


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    path = tmp_path / "my_model.py"
    path.write_text(MODEL)
    return path


@pytest.mark.parametrize("kind", ENTRY_KINDS)
def test_built_in_entries_are_found_by_file_name(kind: str) -> None:
    registry = Registry(kind)
    assert registry.names()
    for entry in registry:
        assert entry.summary, entry.path
        assert entry.name == entry.path.stem.replace("_", "-")
        assert entry.configure() == {option.name: option.default for option in entry.source.options}


def test_plugin_is_an_entry(plugin: Path) -> None:
    registry = Registry("model", [plugin])
    assert "my-model" in registry
    assert registry.get("my-model").load().Config().width == 8
    assert "my-model" not in Registry("task", [plugin])


def test_plugin_without_version_is_versioned_by_content(plugin: Path) -> None:
    before = read_plugin(plugin).version
    assert read_plugin(plugin).version == before
    plugin.write_text(MODEL + "\n# changed\n")
    assert read_plugin(plugin).version != before
    plugin.write_text(MODEL + "\nVERSION = 2\n")
    assert read_plugin(plugin).version == "2"


def test_siblings_are_part_of_a_plugins_version(plugin: Path) -> None:
    """The unused module is not; ``VERSION`` covers the plugin's own file only."""
    alone = read_plugin(plugin).version
    (plugin.parent / "sibling.py").write_text("")
    assert read_plugin(plugin).version == alone
    for text in (MODEL, MODEL + "VERSION = 2\n"):
        plugin.write_text(text + "import sibling\n")
        before = read_plugin(plugin)
        assert before.siblings == (plugin.parent / "sibling.py",)
        with (plugin.parent / "sibling.py").open("a") as file:
            file.write("x = 1\n")
        assert read_plugin(plugin).version != before.version
    assert before.version.startswith("2+")
    before = read_plugin(plugin)
    plugin.write_text(plugin.read_text() + "# changed\n")
    assert read_plugin(plugin).version == before.version


def test_plugin_without_valid_kind_is_an_error(plugin: Path) -> None:
    plugin.write_text(MODEL.replace('KIND = "model"', 'KIND = "modal"'))
    with pytest.raises(UsageError, match='KIND = "model"'):
        Registry("model", [plugin])


def test_two_entries_with_one_name_are_an_error(plugin: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "my_model.py"
    other.write_text(MODEL)
    with pytest.raises(UsageError, match="two models are called 'my-model'"):
        Registry("model", [plugin, other])


def test_entry_point_adds_an_entry(plugin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(plugin.parent))

    theirs = importlib.metadata.EntryPoint(name="theirs", value="my_model", group="memnet.models")
    monkeypatch.setattr(registry, "_entry_points", lambda: importlib.metadata.EntryPoints([theirs]))
    entry = Registry("model").get("theirs")
    assert entry.path == plugin
    assert entry.load().Config().width == 8


def test_entry_point_without_version_is_versioned_by_content(
    plugin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(plugin.parent))
    theirs = importlib.metadata.EntryPoint(
        name="theirs", value="without_version", group="memnet.models"
    )
    monkeypatch.setattr(registry, "_entry_points", lambda: importlib.metadata.EntryPoints([theirs]))
    path = plugin.rename(plugin.with_stem("without_version"))
    before = Registry("model").get("theirs").version
    path.write_text(MODEL + "\n# changed\n")
    assert Registry("model").get("theirs").version != before


@pytest.mark.parametrize("kind", [kind for kind in ENTRY_KINDS if kind != "suite"])
def test_built_in_entries_have_a_version(kind: str) -> None:
    assert all("VERSION" in entry.source.facts for entry in Registry(kind))


def test_built_in_models_have_a_title() -> None:
    titles = [entry.source.facts["TITLE"] for entry in Registry("model")]
    assert len(set(titles)) == len(titles)
    assert all(len(title) <= 32 for title in titles)


def test_title_and_role_are_read_without_running_the_file(plugin: Path) -> None:
    entry = read_plugin(plugin)
    assert (entry.title, entry.role) == ("my-model", "reference")
    plugin.write_text(MODEL + 'TITLE = "My model"\nROLE = "bound"\n')
    entry = read_plugin(plugin)
    assert (entry.title, entry.role) == ("My model", "bound")


def test_controls_are_named() -> None:
    controls = {entry.name for entry in Registry("model") if entry.role == "control"}
    assert controls == {"bigram", "key-value-store", "token-memory"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            'ROLE = "other"',
            "ROLE = 'other' is not allowed: choose one of reference, control, bound",
        ),
        ("TITLE = 3", "my_model.py: TITLE = 3 must be a few words"),
        ('TITLE = " "', "must be a few words"),
        ('INPUTS = "samples"', "INPUTS = 'samples' must be a tuple of names"),
        ('REQUIRES = ("numpy")', "REQUIRES = 'numpy' must be a tuple of names"),
        ("REQUIRES = (1,)", r"REQUIRES = \(1,\) must be a tuple of names"),
    ],
)
def test_invalid_fact_is_an_error(plugin: Path, line: str, message: str) -> None:
    plugin.write_text(MODEL + line + "\n")
    with pytest.raises(UsageError, match=message):
        read_plugin(plugin)


def test_invalid_file_name_is_an_error(plugin: Path) -> None:
    with pytest.raises(UsageError, match="rename the file"):
        read_plugin(plugin.rename(plugin.with_name("my model.py")))


def test_option_meanings_are_from_config_docstring(plugin: Path) -> None:
    docstring = '''    """Options.

    Attributes:
        width: Width, in so many
            coordinates.
        rate: Share.

    Nothing of this: belongs there.
    """

'''
    plugin.write_text(MODEL.replace("    width: int = 8", docstring + "    width: int = 8"))
    meanings = {option.name: option.meaning for option in read_plugin(plugin).source.options}
    assert meanings["width"] == "Width, in so many coordinates."
    assert meanings["rate"] == "Share."
    assert meanings["wide"] == ""


def test_unknown_name_is_an_error_with_nearest_names(plugin: Path) -> None:
    with pytest.raises(UsageError, match="did you mean my-model"):
        Registry("model", [plugin]).get("mymodel")
    assert unknown("model", "zzz", ["a", "b"]) == "unknown model 'zzz': there is a, b"


def test_missing_distribution_is_an_error_with_command(plugin: Path) -> None:
    plugin.write_text(MODEL + 'REQUIRES = ("numpy", "no-such-distribution")\n')
    entry = read_plugin(plugin)
    assert entry.missing == ("no-such-distribution",)
    with pytest.raises(UsageError, match="pip install no-such-distribution"):
        entry.load()


def test_configure_converts_values_to_their_type(plugin: Path) -> None:
    found = read_plugin(plugin).configure({"rate": "1", "limit": "None"})
    assert found == {
        "width": 8,
        "rate": 1.0,
        "wide": False,
        "name": "x",
        "sizes": (1, 2),
        "limit": None,
        "form": "rows",
        "label": None,
    }
    with pytest.raises(UsageError, match=re.escape("my-model[width] = '3.5'")):
        read_plugin(plugin).configure({"width": "3.5"})


def test_unknown_option_is_an_error_with_nearest_names(plugin: Path) -> None:
    with pytest.raises(
        UsageError, match=r"model 'my-model' has no option 'widht': did you mean width"
    ):
        read_plugin(plugin).configure({"widht": "3"})


def test_variant_is_name_and_options() -> None:
    assert parse_variant("memnet") == ("memnet", {})
    assert parse_variant("memnet[hebbian=false, slots=32]") == (
        "memnet",
        {"hebbian": "false", "slots": "32"},
    )
    for text in ("memnet[", "memnet]", "memnet[a]", "[a=1]", "", "memnet[a=1]x", "memnet[a=1,a=2]"):
        with pytest.raises(UsageError):
            parse_variant(text)
