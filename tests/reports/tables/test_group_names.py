"""The note on the names of groups."""

from collections.abc import Callable

from reports.analysis.selection import select
from reports.site import front
from reports.site.lines import lines
from reports.tables.group_names import groups_note
from reports.tables.leaderboard import render_selection
from results.store.store import Store
from tests.reports.conftest import cell, task_record

Fill = Callable[..., Store]


def test_a_note_states_what_differs_between_groups(fill: Fill) -> None:
    old, new, short, other = (
        task_record(one, [0.5])
        for one in (
            cell("lstm", 0, benchmark="copy", training="2"),
            cell("lstm", 0, benchmark="copy", training="3"),
            cell("lstm", 1, benchmark="copy", training="3", length=16),
            cell("lstm", 0, benchmark="mqar", training="3"),
        )
    )
    alone = select(fill(new, other))
    assert groups_note(alone) == ""
    assert "Here differ" not in render_selection(alone, "md")
    versions = select(fill(old, new, other, name="versions"))
    assert groups_note(versions).endswith("Here differ: copy by training version.")
    all_of_them = select(fill(old, new, short, other, name="all"))
    end = "Here differ: copy by train length and training version."
    assert groups_note(all_of_them).endswith(end)
    for shown in ("md", "text"):
        assert render_selection(all_of_them, shown).endswith(f"{end}\n")
    assert end in front.render(all_of_them, lines(all_of_them))
