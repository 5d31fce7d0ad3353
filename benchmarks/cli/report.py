"""``memnet report``: writes a site of static pages from a store."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.cli import shared_options
from benchmarks.cli.inspect import import_stored_weights
from benchmarks.cli.paths import folder

if TYPE_CHECKING:
    from reports.output.inspection import InspectionPart


def report(
    store: shared_options.Stores = None,
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="DIR", parser=folder("--out"), help="Output folder of the report."
        ),
    ] = Path("report"),
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--compare",
            metavar="A B",
            help="Only compare two models (MODEL or MODEL:METHOD) or two stores.",
        ),
    ] = None,
    inspect: Annotated[
        bool,
        typer.Option(
            "--inspect",
            help="Show on a model's page what its memory does, for a cell with stored weights.",
        ),
    ] = False,
    plugin: shared_options.Plugins = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the report in a browser.")] = False,
) -> None:
    """Write a site of static pages, with figures and tables."""
    from benchmarks.planning.catalog import Catalog
    from benchmarks.planning.earlier_versions import earlier_versions
    from benchmarks.planning.official_options import official_options
    from reports.output.build import build

    if compare is not None:
        from benchmarks.cli.compare import compare as side_by_side

        root = shared_options.one_store(shared_options.report_roots(store))
        page = side_by_side(compare, shared_options.store_root(root), out)
    else:
        opened = shared_options.report_stores(store)
        inspections: dict[str, "InspectionPart"] = {}
        if inspect:
            parts = import_stored_weights().stored_parts
            for one in opened:
                inspections |= parts(one, plugins=plugin or ())
        catalog = Catalog.read()
        page = build(
            opened,
            out,
            inspections=inspections,
            official=official_options(catalog),
            outdated=earlier_versions((record.cell for one in opened for record in one), catalog),
        )
    print(f"report: {page}")
    if open_:
        import webbrowser

        webbrowser.open(page.absolute().as_uri())
