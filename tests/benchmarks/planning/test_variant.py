import pytest

from baselines.entry_source import Option
from baselines.option_values import spelt
from baselines.registry import Entry, Registry
from benchmarks.planning.variant import canonical_name, resolve, split_names
from results.errors import UsageError
from tests.benchmarks.command import PLUGINS

MODELS = Registry("model", [PLUGINS / "scripted.py"]).get


def test_names_are_split_at_commas_outside_brackets() -> None:
    assert split_names("a,b[x=1,y=2], c,") == ("a", "b[x=1,y=2]", "c")


@pytest.mark.parametrize(
    "text",
    [
        "scripted[width=8,act=raise]",
        "scripted[act=raise, width=8]",
        " scripted[ width = 8 ,act=raise]",
    ],
)
def test_order_and_spaces_of_options_do_not_matter(text: str) -> None:
    assert resolve(MODELS, text).name == "scripted[act=raise,width=8]"


def test_variant_with_a_default_value_is_the_model_itself() -> None:
    assert resolve(MODELS, "scripted[width=4]") == resolve(MODELS, "scripted")


def test_settings_apply_to_options_that_are_not_in_brackets() -> None:
    assert resolve(MODELS, "scripted[width=8]", {"width": "2", "act": "raise"}).config == {
        "width": 8,
        "act": "raise",
        "pause": 0.0,
    }


@pytest.mark.parametrize(
    "text",
    [
        "scripted[width]",
        "scripted[width=wide]",
        "scripted[depth=2]",
        "scripted[act=sing]",
        "scripted[",
        "[width=2]",
    ],
)
def test_invalid_variant_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        resolve(MODELS, text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("scripted[width=8,act=raise]", "scripted[act=raise,width=8]"),
        ("scripted[width=4]", "scripted"),
        ("scripted[pause=1]", "scripted[pause=1.0]"),
        ("scripted[z=1,a=2]", "scripted[a=2,z=1]"),
        ("other[z=1, a=2]", "other[a=2,z=1]"),
    ],
)
def test_canonical_name_does_not_depend_on_the_order_of_options(text: str, name: str) -> None:
    assert canonical_name(lambda given: resolve(MODELS, given), text) == name


WORDS = {"init": ("plain", "mimetic"), "retention": ("fixed", "learned")}
"""Values of the options that are words; every model allows one that is not its default."""

OPTIONS = [
    (entry, option)
    for entry in Registry("model")
    if not entry.missing
    for option in entry.source.options
]


@pytest.mark.parametrize(
    ("entry", "option"),
    [pytest.param(*pair, id=f"{pair[0].name}-{pair[1].name}") for pair in OPTIONS],
)
def test_every_option_of_every_model_makes_a_variant(entry: Entry, option: Option) -> None:
    """Halve numbers, which most options allow; small integers become 2; words change."""
    value = option.default
    if isinstance(value, str):
        other = next(word for word in WORDS[option.name] if word != value)
        found = resolve(Registry("model").get, f"{entry.name}[{option.name}={other}]")
        assert found.name == f"{entry.name}[{option.name}={other}]"
        entry.load().Config(**found.config)
        return
    other = (
        not value
        if isinstance(value, bool)
        else 2
        if value is None
        else value / 2
        if isinstance(value, float)
        else value // 2 or 2
    )
    if isinstance(value, float) and value == 0.0:
        other = 0.5
    found = resolve(Registry("model").get, f"{entry.name}[{option.name}={spelt(other)}]")
    assert found.name == f"{entry.name}[{option.name}={spelt(other)}]"
    assert found.config == {**entry.configure(), option.name: other}
    entry.load().Config(**found.config)
