"""``memnet figure``: draws a figure for a paper from records."""

import re
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.cli import shared_options
from benchmarks.cli.paths import file
from results.errors import UsageError

INCHES = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72.27}
"""Units of length, in inches; points are those of TeX."""

FORMS = ("pdf", "svg", "png")
"""Endings of files that can be written."""


def figure(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="The figure; without it, all are listed.")
    ] = None,
    stores: shared_options.Stores = None,
    benchmarks: Annotated[
        str | None,
        typer.Option("--benchmarks", metavar="A,B", help="Only these benchmarks, or mqar*."),
    ] = None,
    models: Annotated[
        str | None, typer.Option("--models", metavar="A,B", help="Only these models, or memnet*.")
    ] = None,
    methods: Annotated[
        str | None, typer.Option("--methods", metavar="C,D", help="Only these methods, or er*.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            parser=file("--out"),
            help="File to write: .pdf, .svg or .png [default: NAME.pdf].",
        ),
    ] = None,
    width: Annotated[
        str, typer.Option("--width", metavar="LENGTH", help="Width, such as 3.3in, 8.4cm or 240pt.")
    ] = "6.3in",
    height: Annotated[
        str | None, typer.Option("--height", metavar="LENGTH", help="Height [default: as needed].")
    ] = None,
) -> None:
    """Draw a figure for a paper, or list the figures."""
    from benchmarks.cli.plan_options import names_of
    from reports.figures import paper
    from reports.output.figure_file import write

    if name is None:
        widest = max(map(len, paper.PAPER_FIGURES))
        for known, kind in paper.PAPER_FIGURES.items():
            print(f"{known:{widest}}  {kind.summary}")
        return
    target = out or Path(f"{name}.pdf")
    if target.suffix[1:] not in FORMS:
        raise UsageError(f"--out {target}: end the name with .{', .'.join(FORMS)}")
    drawn = paper.figure(
        name,
        shared_options.selected(stores or ()),
        benchmarks=names_of("--benchmarks", benchmarks) or (),
        models=names_of("--models", models) or (),
        methods=names_of("--methods", methods) or (),
        width=inches("--width", width),
        height=None if height is None else inches("--height", height),
    )
    print(f"figure: {write(drawn, target, name)}")


def inches(option: str, text: str) -> float:
    """Return a length in inches.

    Args:
        option: Name of the option, for the error message.
        text: A number with a unit of `INCHES`.

    Raises:
        UsageError: If the text is no length, or not from 1 to 40 inches.
    """
    found = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*(in|cm|mm|pt)\s*", text)
    length = float(found[1]) * INCHES[found[2]] if found else 0.0
    if not 1 <= length <= 40:
        raise UsageError(
            f"{option} '{text}': write a length from 1in to 40in; units are {_units()}"
        )
    return length


def _units() -> str:
    return ", ".join(INCHES)
