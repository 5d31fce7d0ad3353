import pytest

from baselines.entry_source import Option
from baselines.option_values import convert, spelt
from results.errors import UsageError

CHOICE = "Literal['rows', 'flat']"


def option(annotation: str, default: object = 8) -> Option:
    return Option(name="key", annotation=annotation, default=default)


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        ("int", "3", 3),
        ("float", "1", 1.0),
        ("float", 1, 1.0),
        ("float", "1e-3", 0.001),
        ("float", ".5", 0.5),
        ("bool", "true", True),
        ("bool", "False", False),
        ("str", "abc", "abc"),
        ("str", "2024", "2024"),
        ("str", '""', ""),
        ("str | None", "7", "7"),
        ("str | None", "None", None),
        ("int | None", "null", None),
        ("int | None", "None", None),
        ("int | None", "7", 7),
        ("float | None", "7", 7.0),
        ("tuple[int, ...]", "[3, 4]", (3, 4)),
        ("tuple[int, ...]", [3, 4], (3, 4)),
        ("tuple[str, ...]", '["a"]', ("a",)),
        (CHOICE, "flat", "flat"),
        (f"{CHOICE} | None", "null", None),
        ("Literal[1, 2]", "2", 2),
    ],
)
def test_convert_accepts_values_of_the_type(annotation: str, text: object, value: object) -> None:
    found = convert(option(annotation), text, "model[key]")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        ("int", "3.5"),
        ("int", "3.0"),
        ("int", "wide"),
        ("int", "true"),
        ("int", True),
        ("bool", "1"),
        ("bool", "yes"),
        ("float", "true"),
        ("int | None", "x"),
        ("tuple[int, ...]", "[1.5]"),
        ("tuple[int, ...]", "3"),
        (CHOICE, "round"),
    ],
)
def test_values_of_another_type_are_an_error(annotation: str, text: object) -> None:
    with pytest.raises(UsageError, match=r"model\[key\] = "):
        convert(option(annotation), text, "model[key]")


def test_error_names_value_and_allowed() -> None:
    with pytest.raises(UsageError) as refused:
        convert(option("int"), "3.5", "model[width]")
    assert str(refused.value) == (
        "model[width] = '3.5' is of the wrong type: it takes int (default 8)"
    )
    with pytest.raises(UsageError) as refused:
        convert(option(CHOICE), "round", "model[form]")
    assert str(refused.value) == ("model[form] = 'round' is not allowed: choose one of rows, flat")


def test_annotation_of_another_type_is_an_error() -> None:
    with pytest.raises(UsageError, match="Path is not a type of an option; use int, float"):
        convert(option("Path"), "3", "model[key]")


@pytest.mark.parametrize(
    ("annotation", "value"),
    [("int", 3), ("float", 0.1), ("bool", True), ("str", ""), ("str", "a"), ("int | None", None)],
)
def test_converted_spelling_is_the_value(annotation: str, value: object) -> None:
    assert convert(option(annotation), spelt(value), "model[key]") == value


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_number_that_is_not_finite_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a finite number"):
        convert(option("float", 1.0), text, "key")
    with pytest.raises(UsageError, match="is not a finite number"):
        convert(option("tuple[float, ...]", (1.0,)), f"[0.5, {text}]", "key")


@pytest.mark.parametrize(
    ("name", "annotation", "value", "most"),
    [
        ("samples", "int", "1000000000", "10,000,000"),
        ("samples", "int | None", "1" + "0" * 20, "10,000,000"),
        ("sizes", "tuple[int, ...]", "[3, 1000000000]", "10,000,000"),
        ("layers", "int", "1001", "1,000"),
    ],
)
def test_whole_numbers_beyond_all_use_are_refused(
    name: str, annotation: str, value: object, most: str
) -> None:
    with pytest.raises(UsageError, match=f"is too large: it takes at most {most}$"):
        convert(Option(name=name, annotation=annotation, default=8), value, f"model[{name}]")


@pytest.mark.parametrize("value", [-(10**9), "-1000000000", "-1" + "0" * 20])
def test_negative_numbers_beyond_all_use_are_too_small(value: object) -> None:
    with pytest.raises(UsageError, match=r"is too small: it takes at least -10,000,000$"):
        convert(option("int"), value, "model[key]")


def test_the_largest_whole_numbers_pass() -> None:
    assert convert(option("int"), "10000000", "model[key]") == 10_000_000
    budget = Option(name="budget", annotation="int", default=0)
    assert convert(budget, "1000000000", "er[budget]") == 10**9
