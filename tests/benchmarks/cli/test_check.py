"""The command ``memnet check``."""

import json
from pathlib import Path

from tests.benchmarks.command import memnet

GOOD = Path(__file__).parents[1] / "checks" / "entries" / "good_suite.py"


def test_good_file_exits_with_0() -> None:
    done = memnet("check", str(GOOD))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "5 rules of suite 'good-suite': 5 hold, 0 broken\n"


def test_broken_file_exits_with_1_and_a_line_per_rule(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text(GOOD.read_text().replace('"lstm"', '"lstmm"'))
    done = memnet("check", str(bad), str(GOOD), "--verbose")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    (broken,) = [line for line in lines if "broken:" in line]
    assert broken.startswith(f"{bad}: suite-can-be-planned: broken: refused: unknown model 'lstmm'")
    assert lines[-1] == "8 rules of suite 'bad', suite 'good-suite': 7 hold, 1 broken"


def test_rules_that_one_error_breaks_share_a_line(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    text = GOOD.with_name("good_model.py").read_text()
    bad.write_text(text.replace("        logits = ", "        self.nothing()\n        logits = "))
    done = memnet("check", str(bad))
    first, second, last = done.stdout.splitlines()
    assert "reads-tokens-and-features: broken: AttributeError" in first
    assert second.startswith(f"{bad}: the error of reads-tokens-and-features also breaks: ")
    assert "gradients-are-finite, half-precision-works" in second
    assert "error" not in last


def test_a_rule_that_is_not_finished_is_not_broken(tmp_path: Path) -> None:
    """Exit code 3: nothing is known to be wrong, and nothing is known to be right."""
    slow, broken = tmp_path / "slow.py", tmp_path / "broken.py"
    slow.write_text(GOOD.read_text() + "\nimport time\n\ntime.sleep(60.0)\n")
    broken.write_text(GOOD.read_text().replace('"lstm"', '"lstmm"'))
    done = memnet("check", str(slow), "--time-limit", "1")
    assert done.returncode == 3
    line, last = done.stdout.splitlines()
    assert line == (
        f"{slow}: loads: not finished: 1 seconds were not enough; give a longer --time-limit, or "
        "make the default options smaller"
    )
    assert last == "1 rule of suite 'slow': 0 hold, 0 broken, 1 not finished"
    both = memnet("check", str(slow), str(broken), "--time-limit", "1", "--format", "json")
    assert both.returncode == 1, "a broken rule weighs more"
    rows = json.loads(both.stdout)
    assert [row["status"] for row in rows if not row["holds"]] == ["not finished", "broken"]


def test_json_has_a_row_per_rule(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text('"""No kind."""\n')
    done = memnet("check", str(bad), "--format", "json")
    assert done.returncode == 1
    (row,) = json.loads(done.stdout)
    assert (row["file"], row["rule"], row["holds"]) == (str(bad), "readable", False)
    assert 'KIND = "model"' in row["detail"]


def test_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    done = memnet("check", str(tmp_path / "none.py"))
    assert done.returncode == 2
    assert "there is no file" in done.stderr
