"""The contract of suites (`benchmarks.planning.suite`)."""

from collections.abc import Iterator

from benchmarks.checks.common import summary
from benchmarks.checks.rule import Case, expect, rule
from benchmarks.execution.check_jobs import check as check_jobs
from benchmarks.execution.run_cell import CellEnvironment
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.plan import Plan, make_plan
from benchmarks.planning.request import Request
from strategies.sequence.task import WholeSequenceTask


def plans(case: Case) -> Iterator[tuple[str, Plan]]:
    """Plan the suite and each of its profiles; yield the text that names it, and the plan."""
    catalog = Catalog.read([case.entry.path, *case.plugins] if case.entry.plugin else case.plugins)
    for profile in (None, *case.module.SUITE.profiles):
        request = Request(name=case.entry.name, profile=profile, data_root=case.data_root)
        yield "" if profile is None else f"--profile {profile}: ", make_plan(catalog, request)


@rule(
    "the suite and its profiles can be planned, and nothing but a missing package leaves out cells",
    "name existing benchmarks, models and methods that fit together (memnet list)",
    decisive=True,
)
def suite_can_be_planned(case: Case) -> None:
    """Plan the suite and each of its profiles."""
    for name, plan in plans(case):
        expect(bool(plan.jobs), f"{name}the suite has no cell")
        others = [
            note
            for note in plan.notes
            if " is left out: model " not in note and " left out: pip install " not in note
        ]
        expect(not others, f"{name}{'; '.join(others)}")


@rule(
    "the primary metric of every task is measured with the suite's options",
    "choose options with which the task is evaluated at the distance in its PRIMARY",
)
def primary_metric_is_measured(case: Case) -> None:
    """Compare the primary metric of each task with its distances."""
    import torch

    for name, plan in plans(case):
        primary = {one.name: one.primary for one in plan.benchmarks}
        tasks = {
            job.cell.benchmark: (job.benchmark, job.cell.config["benchmark"])
            for job in plan.jobs
            if job.benchmark.kind == "task"
        }
        for benchmark, (entry, options) in tasks.items():
            module = entry.load()
            task = module.build(module.Config(**options))
            distances = (
                task.distances
                if isinstance(task, WholeSequenceTask)
                else task.query_stream(1, torch.Generator().manual_seed(0)).distances
            )
            known = ["accuracy", *(f"accuracy_at_{distance}" for distance in distances)]
            expect(
                primary[benchmark] in known,
                f"{name}{benchmark} has PRIMARY {primary[benchmark]}, and measures "
                f"{', '.join(known)}",
            )


@rule(
    "every benchmark, model and method of the suite can be built",
    "change the options that the message names; see the classes by memnet list NAME",
)
def cells_can_be_built(case: Case) -> None:
    """Build the cells of the first seed, as ``memnet run`` does before the first cell."""
    environment = CellEnvironment(device="cpu", data_root=case.data_root)
    for _, plan in plans(case):
        first = plan.jobs[0].cell.seed
        check_jobs([job for job in plan.jobs if job.cell.seed == first], environment)


PLANNING_RULES = (summary, suite_can_be_planned, primary_metric_is_measured)
"""The rules that need no data."""

SUITE_RULES = (*PLANNING_RULES, cells_can_be_built)
"""The rules of suites."""
