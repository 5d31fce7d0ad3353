"""``memnet publish``: writes a site for a static host."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.cli import shared_options
from benchmarks.cli.paths import folder


def publish(
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="DIR", parser=folder("--out"), help="Output folder of the site."
        ),
    ],
    store: shared_options.Stores = None,
) -> None:
    """Write the site and its records for a static host.

    GitHub Pages and Hugging Face Spaces are such hosts.
    """
    from benchmarks.planning.catalog import Catalog
    from benchmarks.planning.earlier_versions import earlier_versions
    from benchmarks.planning.official_options import official_options
    from reports.output.publish import publish as write

    opened = shared_options.report_stores(store)
    catalog = Catalog.read()
    page = write(
        opened,
        out,
        official=official_options(catalog),
        outdated=earlier_versions((record.cell for one in opened for record in one), catalog),
    )
    print(f"site: {page}")
    print("how to host it: reports/PUBLISHING.md")
