from reports.site import page_templates
from reports.site.charts import chart


def test_coordinates_have_no_trailing_zeros() -> None:
    drawn = chart([("one", [(1.0, 0.5), (2.0, 1.0)])], title="a")
    template = '{% import "macros.html" as m with context %}{{ m.draw(chart) }}'
    text = page_templates.environment().from_string(template).render(chart=drawn)
    assert '<path class="dots" d="M40 82h0M348 10h0"/>' in text
    assert '<text y="154">0</text>' in text


def test_lines_share_the_axes_and_the_description_names_both_ends() -> None:
    lines = [("seed 0", [(1.0, 0.5), (3.0, 1.0)]), ("seed 1", [(2.0, 0.25)]), ("seed 2", [])]
    drawn = chart(lines, title="loss")
    assert drawn is not None
    assert [line.name for line in drawn.lines] == ["seed 0", "seed 1"]
    assert [line.points for line in drawn.lines] == ["40,82 348,10", "194,118"]
    assert drawn.description == "loss: 0.250 to 0.500 at 1 to 2, 0.250 to 1.000 at 2 to 3"


def test_a_line_of_many_points_has_whole_units_and_no_point_twice() -> None:
    points = [(float(x), 0.5 + x / 1e6) for x in range(1000)]
    drawn = chart([("one", points)], title="loss")
    assert drawn is not None
    [line] = drawn.lines
    assert len(line.points.split()) == 309
    assert line.points.startswith("40,82 41,82 42,82 ")
    assert line.dots == ()


def test_no_points_give_no_chart() -> None:
    assert chart([("seed 0", [])], title="loss") is None
