"""The methods and the suite of a scenario: one MLP on split streams.

`task-shift-domain` and `task-shift-task` differ in the scenario and its streams.
"""

from benchmarks.planning.suite import Member, Suite

BOUNDS = ("naive", "joint")
REGULARISED = ("ewc", "si", "lwf")
SCENARIO_REPLAY = ("a-gem", "er", "er-ace", "der-plus-plus")
CLOSED_FORM = ("slda", "ridge", "ridge-slots")
SCENARIO_METHODS = (*BOUNDS, *REGULARISED, *SCENARIO_REPLAY, *CLOSED_FORM, "memnet")


def scenario_suite(scenario: str, streams: tuple[str, ...]) -> Suite:
    """Return the suite of a scenario; its profile ``small`` has the embedded digits only.

    Args:
        scenario: ``"domain"`` or ``"task"``, the streams' option.
        streams: Names of the streams.
    """
    return Suite(
        seeds=tuple(range(5)),
        members=tuple(_member(stream, scenario) for stream in streams),
        profiles={"small": Suite(seeds=(0,), members=(_member("split-digits", scenario),))},
    )


def _member(stream: str, scenario: str) -> Member:
    return Member(
        benchmark=stream,
        models=("mlp",),
        methods=SCENARIO_METHODS,
        options={"scenario": scenario},
    )
