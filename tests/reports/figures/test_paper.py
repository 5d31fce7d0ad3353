import pytest
from matplotlib.figure import Figure

from reports.analysis.selection import Selection, select
from reports.figures import paper
from results.errors import UsageError
from results.store.store import Store
from tests.reports.figures.test_figures import PUBLISHED


@pytest.fixture(scope="module")
def published() -> Selection:
    return select(Store(PUBLISHED))


def labels(figure: Figure) -> set[str]:
    return {text.get_text() for legend in figure.legends for text in legend.get_texts()}


def test_the_figure_has_the_given_width_and_the_named_models(published: Selection) -> None:
    drawn = paper.figure(
        "accuracy-by-distance",
        published,
        benchmarks=["association"],
        models=["memnet", "lstm"],
        width=3.3,
    )
    assert drawn.get_figwidth() == 3.3
    assert len(drawn.axes) == 1
    assert labels(drawn) == {"MemNet", "LSTM", "chance"}


def test_axes_name_what_they_show_with_units_and_round_ticks(published: Selection) -> None:
    drawn = paper.figure("accuracy-by-distance", published, benchmarks=["association"], width=3.3)
    [axes] = drawn.axes
    assert axes.get_title(loc="left") == "Association"
    assert axes.get_ylabel() == "accuracy (share correct)"
    assert axes.get_xlabel().replace("\n", " ") == paper.DISTANCE
    assert [f"{tick:g}" for tick in axes.get_yticks()] == ["0", "0.2", "0.4", "0.6", "0.8", "1"]
    assert drawn.get_figheight() > 3.3, "the legend has its own height"


def test_outer_panels_have_labels_that_fit_and_round_ticks(published: Selection) -> None:
    drawn = paper.figure("memory-curve", published, width=4.0)
    first, second, *_, last = drawn.axes
    assert first.get_ylabel() == "accuracy (share\ncorrect)"
    assert second.get_ylabel() == first.get_xlabel() == ""
    assert last.get_xlabel() == "stored samples and\nparameters (bytes)"
    ticks = [text.get_text() for axes in drawn.axes for text in axes.get_xticklabels()]
    assert ticks
    assert not any(".0" in text for text in ticks)


def test_colours_do_not_depend_on_who_else_is_drawn(published: Selection) -> None:
    found = []
    for models in (["lstm"], ["memnet", "lstm", "gru"]):
        drawn = paper.figure("accuracy-by-distance", published, benchmarks=["copy"], models=models)
        found += [line.get_color() for line in drawn.axes[0].lines if line.get_label() == "LSTM"]
    assert len(found) == 2
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("name", "benchmark"),
    [
        ("memory-curve", "split-fashion-mnist"),
        ("size-curves", "mqar"),
        ("forgetting-curves", "split-digits"),
        ("survival", "association-hard"),
    ],
)
def test_every_figure_is_drawn_from_published_records(
    published: Selection, name: str, benchmark: str
) -> None:
    drawn = paper.figure(name, published, benchmarks=[benchmark])
    assert any(axes.lines for axes in drawn.axes)


def test_a_figure_without_data_is_an_error(published: Selection) -> None:
    with pytest.raises(UsageError, match="has what 'memory-curve' shows"):
        paper.figure("memory-curve", published, benchmarks=["copy"])


def test_an_unknown_figure_names_all(published: Selection) -> None:
    with pytest.raises(UsageError, match=r"'hue': choose from accuracy-by-distance, .*, survival"):
        paper.figure("hue", published)
