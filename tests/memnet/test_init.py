"""The public names of ``memnet``: cheap to import, complete, and typed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import memnet

STUB = Path(memnet.__file__).with_suffix(".pyi")


def test_every_public_name_is_resolved() -> None:
    for name in memnet.__all__:
        assert getattr(memnet, name).__name__ == name
    assert set(memnet.__all__) <= set(dir(memnet))


def test_the_stub_states_the_same_names() -> None:
    (stated,) = [
        ast.literal_eval(node.value)
        for node in ast.parse(STUB.read_text()).body
        if isinstance(node, ast.Assign)
    ]
    assert sorted(stated) == sorted(memnet.__all__)


def test_an_unknown_name_is_an_attribute_error_that_lists_the_known_ones() -> None:
    with pytest.raises(AttributeError, match=r"'nope': it has .*MemNetConfig"):
        memnet.nope  # noqa: B018


def test_the_import_loads_neither_torch_nor_the_other_packages() -> None:
    script = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "import memnet\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    ours = {name for name in loaded if name.startswith(("benchmarks", "strategies", "reports"))}
    assert ours == set()
    assert not {"torch", "numpy", "pandas", "pydantic", "typer"} & set(loaded)
    assert {name for name in loaded if name.startswith("memnet")} == {"memnet", "memnet.launch"}
