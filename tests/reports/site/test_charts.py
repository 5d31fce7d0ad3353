from reports.site import page_templates
from reports.site.charts import chart


def test_coordinates_have_no_trailing_zeros() -> None:
    drawn = chart([(1.0, 0.5), (2.0, 1.0)], title="a")
    template = '{% import "macros.html" as m with context %}{{ m.draw(chart) }}'
    text = page_templates.environment().from_string(template).render(chart=drawn)
    assert '<path class="dots" d="M40 82h0M348 10h0"/>' in text
    assert '<text y="154">0</text>' in text
