"""The page of an inspection: figures of one or several memories, and what their tables mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.figures.plot import Plot
from reports.site import page_templates


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A memory's section.

    Attributes:
        name: Its id.
        title: Its title.
        note: A few sentences below it.
        facts: Numbers, as pairs of name and value.
        figures: Figures, each with the addresses of its files by format.
        table: Address of the table of events.
        events: Number of events in it.
    """

    name: str
    title: str
    note: str
    facts: tuple[tuple[str, str], ...]
    figures: tuple[tuple[Plot, Mapping[str, str]], ...]
    table: str
    events: int


def render(
    sections: Sequence[Section], *, columns: Mapping[str, str], events: Mapping[str, str]
) -> str:
    """Render the page.

    Args:
        sections: The memories.
        columns: Meaning of the columns of the tables.
        events: Meaning of the events.
    """
    return (
        page_templates.environment()
        .get_template("inspection.html")
        .render(root="", sections=sections, columns=columns, events=events)
    )
