"""One sentence of answer per family of benchmarks, made from the records."""

from reports.analysis.heat import Heat, HeatRow
from reports.tables import number_format
from results.statistics.significance import MIN_COMMON_SEEDS

FAMILIES = {"task": "Long dependencies", "stream": "Task shifts"}
"""Titles of the families, by the kind of their benchmarks."""

KINDS = {"task": ("task", "model"), "stream": ("stream", "method")}
"""What the columns and the rows of a family's table are."""


def answer(heat: Heat) -> str:
    """State the best row, the next one, and on how many benchmarks the lead is significant."""
    complete = [row for row in heat.competitors if row.mean is not None]
    _, what = KINDS[heat.kind]
    if not complete:
        return f"No {what} has a result yet."
    best, *others = complete
    start = "In records of earlier versions, " if heat.earlier else ""
    text = f"{start}{best.title} has the highest mean score{_over(heat)}, {_score(best)}"
    text += f"; next is {others[0].title} with {_score(others[0])}." if others else "."
    above = _controls(heat, others[0] if others else best)
    return " ".join(part for part in (text, above, _leads(heat, best), _superseded(heat)) if part)


def _superseded(heat: Heat) -> str:
    """Name the rows whose scores are of earlier versions and do not compete."""
    names = [
        row.title
        for row in heat.competitors
        if any(score.verdict == "superseded" for score in row.scores.values())
    ]
    if not names:
        return ""
    return f"Not compared, since their rows are of earlier versions: {', '.join(names)}."


def _over(heat: Heat) -> str:
    benchmark, _ = KINDS[heat.kind]
    return f" over {len(heat.shared)} {benchmark}s" if len(heat.shared) > 1 else ""


def _controls(heat: Heat, second: HeatRow) -> str:
    """Name the controls whose mean is above that of the second row that competes."""
    found = [
        f"{row.title} {_score(row)}"
        for row in heat.rows
        if row.entry.role == "control" and (row.mean or 0.0) > (second.mean or 0.0)
    ]
    if not found:
        return ""
    return (
        f"{'A control is' if len(found) == 1 else 'Controls are'} above that: {', '.join(found)}."
    )


def _leads(heat: Heat, best: HeatRow) -> str:
    """Count the columns in which the row ran and leads, by the tests of the second."""
    benchmark, what = KINDS[heat.kind]
    others = [row for row in heat.competitors if row is not best]
    if not others:
        return f"No other {what} competes."
    led = [
        subject.name
        for subject in heat.subjects
        if subject.name in best.scores and best.scores[subject.name].verdict == "best"
    ]
    verdicts = [
        {row.scores[name].verdict for row in others if name in row.scores} - {"superseded"}
        for name in led
    ]
    clear = sum(found == {"worse"} for found in verdicts)
    untested = sum("untested" in found and "tie" not in found for found in verdicts)
    ran = sum(subject.name in best.scores for subject in heat.subjects)
    parts = [
        f"It leads on {len(led) or 'none'} of {ran} {benchmark}s"
        if ran == len(heat.subjects)
        else f"It ran on {ran} of {len(heat.subjects)} {benchmark}s and leads on "
        f"{len(led) or 'none'} of these"
    ]
    if led and (clear or not untested):
        parts.append(f"the lead over every other {what} is significant on {clear or 'none'}")
    if untested:
        on = "these" if untested == len(led) else f"{untested} of these"
        parts.append(
            f"on {on} its lead is not tested, since some {what}s have fewer than "
            f"{MIN_COMMON_SEEDS} seeds"
        )
    return "; ".join(parts) + "."


def _score(row: HeatRow) -> str:
    return f"{number_format.percent(row.mean)}%"
