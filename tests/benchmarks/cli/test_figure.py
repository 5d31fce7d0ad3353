import pytest

from benchmarks.cli.figure import figure, inches
from results.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"), [("3.3in", 3.3), ("50.8 mm", 2.0), ("8.4cm", 3.307), ("240pt", 3.321)]
)
def test_lengths_have_units(text: str, expected: float) -> None:
    assert inches("--width", text) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("text", ["3.3", "wide", "0.1in", "9m"])
def test_a_length_without_a_unit_or_out_of_range_is_an_error(text: str) -> None:
    with pytest.raises(
        UsageError, match="write a length from 1in to 40in; units are in, cm, mm, pt"
    ):
        inches("--width", text)


def test_without_a_name_all_figures_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    figure()
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert names[:2] == ["accuracy-by-distance", "learning-curves"]
    assert {"memory-curve", "forgetting-curves", "survival"} < set(names)


def test_an_unknown_ending_is_an_error() -> None:
    from pathlib import Path

    with pytest.raises(UsageError, match=r"end the name with \.pdf, \.svg, \.png"):
        figure("survival", out=Path("one.eps"))


def test_an_empty_list_of_models_is_an_error() -> None:
    with pytest.raises(UsageError, match="--models ',' names nothing"):
        figure("survival", stores=["published"], models=",")
