"""The Ray engine on a real cluster: a head and several nodes on this machine.

``make ray`` installs Ray and runs these tests.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks.execution.engines.interface import Event
from benchmarks.execution.engines.limits import Limits
from benchmarks.execution.engines.local import LocalEngine
from benchmarks.execution.progress import Lines
from benchmarks.execution.run_cell import CellEnvironment
from benchmarks.execution.runner import Run
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.plan import Plan, make_plan
from benchmarks.planning.request import Request
from results.errors import UsageError
from results.store.store import Store
from tests.benchmarks.command import PLUGINS
from tests.benchmarks.reproducible_fields import all_lasting

ray = pytest.importorskip("ray", reason="the extra [ray] is not installed; make ray runs this")
cluster_utils = pytest.importorskip("ray.cluster_utils")
pytestmark = pytest.mark.filterwarnings("default")

from benchmarks.execution.engines.ray import RayEngine  # noqa: E402

NODES = 3


@pytest.fixture
def cluster() -> Iterator[Any]:
    """A head without processors, and three nodes of one processor each."""
    made = cluster_utils.Cluster(
        initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False}
    )
    for _ in range(NODES):
        made.add_node(num_cpus=1)
    yield made
    ray.shutdown()
    made.shutdown()


def plan(tmp_path: Path, *models: str, seeds: int) -> Plan:
    """Cells of the scripted model, which prints the path of our code.

    A slow one waits for the file ``go``.
    """
    files = []
    for name in ("wee.py", "scripted.py"):
        files.append(tmp_path / "plugins" / name)
        files[-1].parent.mkdir(exist_ok=True)
        lines = [
            "import benchmarks, pathlib",
            "print('our code:', benchmarks.__file__)",
            f"GO = pathlib.Path({str(tmp_path / 'go')!r})",
        ]
        files[-1].write_text("\n".join([(PLUGINS / name).read_text(), *lines, ""]))
    return make_plan(
        Catalog.read(files), Request(name="wee", models=models, seeds=tuple(range(seeds)))
    )


class ActingDisplay(Lines):
    """A display that also calls a function at each event."""

    def __init__(self, act: Callable[[Event], None]) -> None:
        super().__init__(Console())
        self.act = act

    def show(self, event: Event) -> None:
        super().show(event)
        self.act(event)


def start(
    a_plan: Plan, root: Path, engine: Any, act: Callable[[Event], None] = lambda event: None
) -> Run:
    one = Run(plan=a_plan, root=root, engine=engine, display=ActingDisplay(act))
    one.start()
    return one


def test_a_cluster_gives_the_same_records_and_a_lost_node_loses_no_cell(
    cluster: Any, tmp_path: Path
) -> None:
    """Each of the three nodes runs a cell when one node is killed; the cells wait until then."""
    go = tmp_path / "go"
    slow = [f"scripted[pause=0.3,width={width}]" for width in (5, 6, 7)]
    a_plan = plan(
        tmp_path,
        *slow,
        "scripted",
        "scripted[act=raise]",
        "scripted[act=kill]",
        "scripted[act=leave]",
        seeds=2,
    )
    local = LocalEngine(
        jobs=2, environment=CellEnvironment(device="auto", data_root=tmp_path / "data")
    )
    go.touch()
    start(a_plan, tmp_path / "local", local)
    go.unlink()
    nodes = list(cluster.worker_nodes)
    notes: list[str] = []
    moved: set[str] = set()

    def act(event: Event) -> None:
        if event.fraction > 0.1:
            moved.add(event.job.cell.id)
        if event.note:
            notes.append(event.note)
        if len(moved) == NODES == len(nodes):
            cluster.remove_node(nodes.pop(), allow_graceful=False)
            go.touch()

    one = start(a_plan, tmp_path / "ray", RayEngine(address=cluster.address), act)
    assert len(nodes) == NODES - 1, "a node was killed"
    assert any("lost with its machine" in note for note in notes), notes
    assert (one.tally().done, one.tally().failed) == (8, 6)
    assert all_lasting(tmp_path / "ray") == all_lasting(tmp_path / "local")
    store = Store(tmp_path / "ray")
    logs = {record.cell.model: store.log_path(record.id) for record in store}
    assert logs["scripted[act=leave]"].read_text().endswith("last words\n"), "logs come back"
    assert "runtime_resources" in logs["scripted"].read_text(), "our code is sent with the job"


def test_limits_apply_on_the_cluster(cluster: Any, tmp_path: Path) -> None:
    a_plan = plan(tmp_path, "scripted[pause=60.0]", "scripted[act=eat]", seeds=1)
    engine = RayEngine(address=cluster.address, limits=Limits(timeout=20.0, memory=800_000_000))
    start(a_plan, tmp_path / "store", engine)
    types = {
        record.cell.model: record.error.type
        for record in Store(tmp_path / "store")
        if record.error is not None
    }
    assert types == {"scripted[pause=60.0]": "Timeout", "scripted[act=eat]": "OutOfMemory"}


def test_a_failed_check_on_a_node_is_an_error(cluster: Any, tmp_path: Path) -> None:
    a_plan = plan(tmp_path, "scripted", seeds=1)
    with pytest.raises(UsageError, match=r"on the machine .*device 'cuda:99' can't be used"):
        RayEngine(address=cluster.address, device="cuda:99").check(a_plan.jobs)
    with pytest.raises(UsageError, match=r"no machine of the cluster has 1 CPU and 0.5 GPU"):
        RayEngine(address=cluster.address, gpus_per_cell=0.5).check(a_plan.jobs)
    text = a_plan.jobs[0].model.path
    text.write_text(text.read_text() + "\nimport no_such_module\n")
    broken = make_plan(
        Catalog.read([a_plan.jobs[0].benchmark.path, text]),
        Request(name="wee", models=("scripted",), seeds=(0,)),
    )
    with pytest.raises(UsageError, match=r"on the machine .*no_such_module"):
        RayEngine(address=cluster.address).check(broken.jobs)


def test_a_missing_cluster_is_an_error() -> None:
    for address in ("127.0.0.1:1", "ray://127.0.0.1:1", "auto"):
        with pytest.raises(UsageError, match=f"no Ray cluster at {address}.*ray start"):
            RayEngine(address=address).check(())
