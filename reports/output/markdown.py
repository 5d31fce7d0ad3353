"""The report as one Markdown file."""

import re
from collections.abc import Mapping, Sequence

from reports.analysis import provenance
from reports.analysis.selection import Selection
from reports.figures.plot import Plot
from reports.site import front, page_templates
from reports.site.ablations import ablation_table, ablations, verdicts
from reports.site.findings import findings
from reports.site.lines import Line
from reports.site.reproduce import commands, notes
from reports.tables import formats
from reports.tables.learning_tables import benchmark_tables
from reports.tables.tables import leaderboard_table


def render(selection: Selection, rows: Sequence[Line], plots: Mapping[str, Sequence[Plot]]) -> str:
    """Render the report as Markdown.

    Args:
        selection: Its contents.
        rows: The leaderboard's rows.
        plots: Figures by the name of their benchmark.
    """
    sections = [
        (finding, plots[finding.subject.name], benchmark_tables(selection, finding.subject))
        for finding in findings(selection)
    ]
    all_ablations = ablations(selection)
    text = (
        page_templates.environment()
        .get_template("report.md")
        .render(
            selection=selection,
            counts=front.counts(selection),
            outdated=front.outdated_note(rows),
            leaderboard=leaderboard_table(selection),
            sections=sections,
            failed=[record for entry in selection.entries for record in entry.failed],
            facts=provenance.provenance_facts(selection),
            commands=commands(selection),
            notes=notes(selection),
            table=formats.markdown,
            ablations=all_ablations,
            ablations_table=ablation_table(all_ablations),
            verdicts=verdicts(all_ablations),
        )
    )
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
