"""The page of ablations: what each changed option costs, on which benchmark."""

from collections.abc import Sequence

from reports.site import page_templates
from reports.site.ablation_heat import loss_tables
from reports.site.ablations import Ablation, ablation_table, verdicts
from reports.tables import formats
from reports.tables.columns import informative


def render(ablations: Sequence[Ablation]) -> str:
    """Render the page of ablations; there is at least one."""
    return (
        page_templates.environment()
        .get_template("ablations.html")
        .render(
            root="",
            verdicts=verdicts(ablations),
            losses=loss_tables(ablations),
            table=informative(ablation_table(ablations)),
            page_table=formats.page_table,
        )
    )
