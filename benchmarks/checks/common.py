"""Rules of the entries of all kinds."""

from benchmarks.checks.rule import Case, expect, rule

LEAST_SUMMARY = 10
"""A summary has more characters than this."""


@rule(
    "the docstring of the file starts with a summary, which memnet list shows",
    'start the file with """A few words on what it is."""',
)
def summary(case: Case) -> None:
    """Check the summary."""
    found = case.entry.summary
    expect(len(found) > LEAST_SUMMARY, f"the summary is {found!r}")


@rule(
    "the options are the fields of Config with literal defaults",
    "write each default as a number, string, bool, None or tuple in the class itself",
)
def options(case: Case) -> None:
    """Compare the options that are read from the text with those of the loaded ``Config``."""
    config = case.module.Config() if case.entry.source.options else None
    for name, value in case.entry.configure().items():
        found = getattr(config, name)
        expect(found == value, f"Config().{name} is {found!r}, and the file's text gives {value!r}")
