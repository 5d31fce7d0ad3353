import re
import shutil
from pathlib import Path

import pytest

from benchmarks.planning.catalog import Catalog
from benchmarks.planning.plan import Plan, make_plan
from benchmarks.planning.request import Request
from benchmarks.planning.set_options import Settings, parse_settings
from results.errors import UsageError
from results.records.manifest import Manifest
from tests.benchmarks.command import PLUGINS

WEE = (PLUGINS / "wee.py", PLUGINS / "scripted.py")

STREAM = (
    '"""A stream."""\nKIND = "stream"\nPRIMARY = "accuracy"\nCHANCE = 0.1\nDIGEST = "sha256:1"\n'
)
METHOD = '"""A method."""\nKIND = "method"\n'
MEMORY = '"""A model with a memory."""\nKIND = "model"\nHAS_MEMORY = True\n'
SUITE = """\"\"\"A suite.\"\"\"
from benchmarks.planning.suite import Member, Suite
KIND = "suite"
SUITE = Suite(
    seeds=(0, 1),
    members=(
        Member(benchmark="wee", models=("scripted", "keeper"), options={"steps": 2}),
        Member(benchmark="brook", models=("scripted",), methods=("naive",)),
        Member(benchmark="brook", models=("keeper",), methods=("recall",)),
    ),
)
"""


def plan(
    *files: Path,
    name: str = "wee",
    models: str = "scripted",
    settings: tuple[str, ...] = (),
    **kwargs: object,
) -> Plan:
    request = Request(
        name=name, models=tuple(models.split()) or None, settings=parse_settings(settings), **kwargs
    )
    return make_plan(Catalog.read(files or WEE), request)


def ids(a_plan: Plan) -> list[str]:
    return [job.cell.id for job in a_plan.jobs]


def rows(a_plan: Plan) -> list[tuple[str, str, str, int]]:
    return [job.cell.key for job in a_plan.jobs]


@pytest.fixture
def world(tmp_path: Path) -> tuple[Path, ...]:
    """Write a suite of a task and a stream, a model with a memory, and a method."""
    texts = {
        "brook": STREAM,
        "recall": METHOD,
        "keeper": MEMORY,
        "both": SUITE,
        "guest": '"""Another."""\nKIND = "model"\n',
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text)
    return (*WEE, *(tmp_path / f"{name}.py" for name in texts))


def test_ids_are_pinned() -> None:
    """A change makes all existing records stale: raise IDENTITY_SCHEME or VERSION on purpose."""
    cell = (
        plan(settings=("training.learning_rate=0.003",))
        .jobs[0]
        .cell.model_copy(update={"version": {"benchmark": "1", "model": "1"}})
    )
    assert cell.id == "f217100ddb4e951a"


def test_ids_do_not_depend_on_paths(tmp_path: Path) -> None:
    for file in WEE:
        shutil.copy(file, tmp_path)
    assert ids(plan(*(tmp_path / file.name for file in WEE))) == ids(plan())


@pytest.mark.parametrize("setting", ["steps=5", "model.width=5", "training.learning_rate=0.5"])
def test_every_option_changes_the_id(setting: str) -> None:
    assert not set(ids(plan(settings=(setting,)))) & set(ids(plan()))


@pytest.mark.parametrize("file", ["wee.py", "scripted.py"])
def test_every_version_changes_the_id(tmp_path: Path, file: str) -> None:
    for plugin in WEE:
        shutil.copy(plugin, tmp_path)
    text = (tmp_path / file).read_text().replace("VERSION = 1\n", "")
    (tmp_path / file).write_text(text + "\nVERSION = 2\n")
    assert not set(ids(plan(*(tmp_path / plugin.name for plugin in WEE)))) & set(ids(plan()))


def test_data_and_method_change_the_id(world: tuple[Path, ...]) -> None:
    before = plan(*world, name="brook", models="keeper", methods=("recall",))
    assert before.jobs[0].cell.version["data"] == "sha256:1"
    brook, recall = (
        next(path for path in world if path.stem == name) for name in ("brook", "recall")
    )
    brook.write_text(STREAM.replace("sha256:1", "sha256:2") + "VERSION = 1\n")
    middle = plan(*world, name="brook", models="keeper", methods=("recall",))
    recall.write_text(METHOD + "VERSION = 7\n")
    after = plan(*world, name="brook", models="keeper", methods=("recall",))
    assert len({tuple(ids(one)) for one in (before, middle, after)}) == 3


def test_cells_are_ordered_by_seed() -> None:
    assert rows(plan(models="scripted scripted[width=8]", seeds=(3, 5))) == [
        ("wee", "scripted", "supervised", 3),
        ("wee", "scripted[width=8]", "supervised", 3),
        ("wee", "scripted", "supervised", 5),
        ("wee", "scripted[width=8]", "supervised", 5),
    ]


def test_model_named_twice_runs_once() -> None:
    assert len(plan(models="scripted scripted[width=4]", seeds=(0,)).jobs) == 1


def test_model_settings_are_part_of_the_name() -> None:
    assert plan(settings=("model.width=8",)).jobs[0].cell.model == "scripted[width=8]"
    assert ids(plan(settings=("model.width=8",))) == ids(plan(models="scripted[width=8]"))


def test_brackets_override_settings_even_with_a_default() -> None:
    found = plan(models="scripted[width=4]", settings=("model.width=8",)).jobs[0].cell
    assert found.config["model"]["width"] == 4


def test_methods_of_a_task_are_refused() -> None:
    with pytest.raises(UsageError, match="tasks take no --methods"):
        plan(methods=("naive",))


def test_bare_stream_runs_naive_and_memnet_for_a_model_with_memory(
    world: tuple[Path, ...],
) -> None:
    memnet = next(path for path in world if path.stem == "recall").with_name("memnet.py")
    catalog = Catalog.read(world)
    if "memnet" not in catalog.methods:
        memnet.write_text(METHOD)
        world = (*world, memnet)
    found = plan(*world, name="brook", models="scripted keeper", seeds=(0,))
    assert [row[1:3] for row in rows(found)] == [
        ("scripted", "naive"),
        ("keeper", "naive"),
        ("keeper", "memnet"),
    ]
    assert found.notes == ()


@pytest.mark.parametrize(
    ("reads", "inputs"),
    [("tokens", None), ("tokens", "features"), ("features", "tokens"), ("samples", "features")],
)
def test_model_that_cannot_read_the_inputs_is_left_out(
    world: tuple[Path, ...], tmp_path: Path, reads: str, inputs: str | None
) -> None:
    (tmp_path / "picky.py").write_text(f'"""A model."""\nKIND = "model"\nINPUTS = ("{reads}",)\n')
    if inputs is not None:
        (tmp_path / "brook.py").write_text(STREAM + f'INPUTS = ("{inputs}",)\n')
    found = plan(
        *world,
        tmp_path / "picky.py",
        name="brook",
        models="scripted picky",
        methods=("naive",),
        seeds=(0,),
    )
    assert [row[1] for row in rows(found)] == ["scripted"]
    assert found.notes == (
        f"brook: picky is left out: model 'picky' reads only {reads}, "
        f"and the stream has {inputs or 'samples'}",
    )


def test_model_of_tokens_runs_on_a_task(tmp_path: Path) -> None:
    (tmp_path / "picky.py").write_text('"""A model."""\nKIND = "model"\nINPUTS = ("tokens",)\n')
    found = plan(*WEE, tmp_path / "picky.py", models="picky", seeds=(0,))
    assert [row[1] for row in rows(found)] == ["picky"]
    assert found.notes == ()


def test_suite_plans_its_members(world: tuple[Path, ...]) -> None:
    found = plan(*world, name="both", models="")
    first = [row[:3] for row in rows(found)][: len(found.jobs) // 2]
    assert first == [
        ("wee", "scripted", "supervised"),
        ("wee", "keeper", "supervised"),
        ("brook", "scripted", "naive"),
        ("brook", "keeper", "recall"),
    ]
    assert found.jobs[0].cell.config["benchmark"]["steps"] == 2
    assert {job.cell.seed for job in found.jobs} == {0, 1}
    manifest = found.manifest()
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest
    assert [(one.name, one.kind, one.chance) for one in manifest.benchmarks] == [
        ("wee", "task", 0.25),
        ("brook", "stream", 0.1),
    ]


def test_suite_runs_its_own_model_on_its_members_and_another_model_on_all(
    world: tuple[Path, ...],
) -> None:
    known = plan(*world, name="both", models="keeper", seeds=(0,))
    assert [row[:3] for row in rows(known)] == [
        ("wee", "keeper", "supervised"),
        ("brook", "keeper", "recall"),
    ]
    guest = plan(*world, name="both", models="guest", seeds=(0,))
    assert [row[:3] for row in rows(guest)] == [
        ("wee", "guest", "supervised"),
        ("brook", "guest", "naive"),
        ("brook", "guest", "recall"),
    ]
    assert guest.notes == ()


def test_suite_leaves_out_a_model_that_is_not_installed_unless_named(
    world: tuple[Path, ...],
) -> None:
    keeper = next(path for path in world if path.stem == "keeper")
    keeper.write_text(MEMORY + 'REQUIRES = ("torch", "no-such-distribution")\n')
    found = plan(*world, name="both", models="", seeds=(0,))
    assert [row[:2] for row in rows(found)] == [("wee", "scripted"), ("brook", "scripted")]
    assert found.notes == ("keeper left out: pip install no-such-distribution",)
    with pytest.raises(UsageError, match="pip install no-such-distribution"):
        plan(*world, name="both", models="keeper")


def test_option_that_not_all_members_have_is_refused_with_advice(world: tuple[Path, ...]) -> None:
    with pytest.raises(
        UsageError, match=r"has no option 'length'.*--set applies to every benchmark of a suite"
    ):
        plan(*world, name="both", models="", settings=("length=4",))


@pytest.mark.parametrize(
    ("name", "wrong", "right", "message"),
    [
        ("one-model", '"scripted"', '("scripted",)', 'must be a tuple of names: ("scripted",)'),
        ("no-seeds", "()", "(0, 1)", "needs at least one member"),
    ],
)
def test_invalid_suite_is_refused(
    world: tuple[Path, ...], name: str, wrong: str, right: str, message: str
) -> None:
    suite = next(path for path in world if path.stem == "both").with_stem(name)
    suite.write_text(SUITE.replace(right, wrong))
    with pytest.raises(UsageError, match=re.escape(message)):
        plan(*world, suite, name=name, models="")


def test_methods_narrow_the_streams_of_a_suite(world: tuple[Path, ...]) -> None:
    found = plan(*world, name="both", models="", methods=("naive",), seeds=(0,))
    assert [row[0] for row in rows(found)] == ["wee", "wee", "brook"]
    with pytest.raises(UsageError, match="has no method"):
        plan(*world, name="both", models="", methods=("gdumb",))


def test_unknown_name_gets_suggestions() -> None:
    with pytest.raises(UsageError, match="did you mean wee"):
        plan(name="weee")
    with pytest.raises(UsageError, match="did you mean scripted"):
        plan(models="script")
    with pytest.raises(UsageError, match="did you mean steps"):
        make_plan(
            Catalog.read(WEE),
            Request(name="wee", models=("scripted",), settings=Settings(benchmark={"stepps": "3"})),
        )


def test_benchmark_without_primary_metric_is_refused(tmp_path: Path) -> None:
    shutil.copy(WEE[1], tmp_path)
    (tmp_path / "wee.py").write_text(WEE[0].read_text().replace("PRIMARY", "SECONDARY"))
    with pytest.raises(UsageError, match="must define PRIMARY"):
        plan(tmp_path / "wee.py", tmp_path / "scripted.py")


def test_task_and_stream_of_the_same_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "wee.py").write_text(STREAM)
    with pytest.raises(UsageError, match="both called 'wee'"):
        Catalog.read((*WEE, tmp_path / "wee.py"))


def test_quick_has_36_cells() -> None:
    found = make_plan(Catalog.read(), Request(name="quick"))
    assert len(found.jobs) == 36
    assert not found.notes
    assert {job.cell.seed for job in found.jobs} == {0, 1, 2}


def test_profile_is_another_size_of_the_same_suite() -> None:
    full = make_plan(Catalog.read(), Request(name="long-dependency", seeds=(0,)))
    small = make_plan(Catalog.read(), Request(name="long-dependency", profile="small"))
    assert {job.cell.benchmark for job in small.jobs} < {job.cell.benchmark for job in full.jobs}
    assert not {job.cell.id for job in small.jobs} & {job.cell.id for job in full.jobs}
    with pytest.raises(
        UsageError,
        match="unknown profile of the suite 'long-dependency' 'smal': did you mean small",
    ):
        make_plan(Catalog.read(), Request(name="long-dependency", profile="smal"))
    with pytest.raises(UsageError, match="only suites have profiles"):
        make_plan(Catalog.read(), Request(name="induction", profile="small"))
