"""A good file of each kind passes, and each rule is named by a file that breaks it."""

import time
from contextlib import suppress
from pathlib import Path

import pytest

import memnet
from baselines.registry import Registry
from benchmarks.checks.check import (
    LOADS_RULE,
    CheckedRule,
    check_file,
    check_rule,
    entry_of,
    rules_of,
)
from benchmarks.checks.rule import Case, Rule
from results.errors import UsageError

ENTRIES = Path(__file__).parent / "entries"

UNUSED = "self.unused = nn.ModuleList(nn.Linear(1, 1) for _ in range(20))"
OUTPUTS = "        logits = self.head("
BREAKS = [
    ("model", "A GRU that fulfils the contract of models.", "A GRU.", "summary"),
    (
        "model",
        "check_positive(width=self.width)",
        "check_positive(width=self.width)\n        object.__setattr__(self, 'width', 33)",
        "options",
    ),
    (
        "model",
        "    return Model(",
        "    if signature.features:\n        raise ValueError('tokens only')\n    return Model(",
        "reads-tokens-and-features",
    ),
    ("model", "check_positive(width=self.width)", "pass", "sizes-are-positive"),
    (
        "model",
        "at_positions(outputs, positions)",
        "at_positions(outputs, None if positions is None else positions.flip(1))",
        "logits-are-at-query-positions",
    ),
    ("model", "self.steps = 0", UNUSED, "gradients-are-finite"),
    (
        "model",
        OUTPUTS,
        f"        assert not torch.is_autocast_enabled('cpu')\n{OUTPUTS}",
        "half-precision-works",
    ),
    (
        "model",
        "logits=logits",
        "logits=logits * 0.003",
        "overfits-one-batch",
    ),
    (
        "model",
        "state = state or self.initial_state(len(inputs))",
        "state = self.initial_state(len(inputs))",
        "pieces-equal-whole-sequence",
    ),
    (
        "model",
        OUTPUTS,
        f"        if not torch.is_grad_enabled():\n            state.hidden.mul_(0.5)\n{OUTPUTS}",
        "copies-of-state-answer-alike",
    ),
    (
        "model",
        OUTPUTS,
        f"        if not self.training:\n            outputs -= outputs.mean(0)\n{OUTPUTS}",
        "evaluation-does-not-depend-on-batch",
    ),
    (
        "model",
        OUTPUTS,
        f"        if self.training:\n            outputs = outputs + torch.rand(())\n{OUTPUTS}",
        "training-twice-gives-same-parameters",
    ),
    ("model", OUTPUTS, f"        self.steps += self.training\n{OUTPUTS}", "state-dict-is-complete"),
    ("model", "def build(", "def make(", "loads"),
    ("model", 'KIND = "model"', "", "readable"),
    (
        "task",
        "class Task(QueryTask)",
        "from strategies.sequence.task import SequenceTask\n\nclass Task(SequenceTask)",
        "kind-is-known",
    ),
    ("task", "check_positive(steps=self.steps, ", "check_positive(", "counts-are-positive"),
    ("task", "length=8)", "length=9)", "samples-are-seeded-and-match-the-signature"),
    (
        "task",
        "        last = ",
        "        torch.rand(1)\n        last = ",
        "samples-draw-from-the-given-generator-only",
    ),
    (
        "task",
        "return self.tokens[:, start:stop]",
        "return self.tokens[:, : stop - start]",
        "stream-in-pieces-equals-the-whole-stream",
    ),
    (
        "task",
        "(furthest, batch), generator=generator).T",
        "(batch, furthest), generator=generator)",
        "furthest-does-not-change-nearer-distances",
    ),
    ("task", "accuracy_at_16", "accuracy_at_17", "primary-metric-and-chance-are-stated"),
    (
        "task",
        "def sample(",
        "def loss(self, logits, targets):\n        raise RuntimeError\n\n    def sample(",
        "a-small-model-runs",
    ),
    (
        "whole_task",
        "drawn(batch, distance, generator)",
        "drawn(batch - 1, distance, generator)",
        "evaluation-batches-are-complete",
    ),
    (
        "method",
        "    count = ",
        "    if stream.scenario == 'task':\n        raise KeyError\n    count = ",
        "works-in-every-scenario",
    ),
    (
        "method",
        "        if not len(self.samples):",
        "        strategy.model.model.out.weight.data += 1e-6 * RNG.random()\n"
        "        if not len(self.samples):",
        "training-twice-gives-same-numbers test-samples-do-not-affect-training",
    ),
    (
        "method",
        "    def stored_bytes",
        "    def after_eval_iteration(self, strategy, *args, **kwargs):\n"
        "        strategy.model.model.out.bias.data += strategy.mb_x.mean()\n\n"
        "    def stored_bytes",
        "test-samples-do-not-affect-training",
    ),
    (
        "method",
        "        if not len(self.samples):",
        "        assert not self.stream.schedule.online\n        if not len(self.samples):",
        "runs-online-or-refuses",
    ),
    (
        "method",
        "return len(self.samples) * self.stream.sample_bytes",
        "return 1001",
        "stored-bytes-stay-within-the-budget",
    ),
    ("method", "def load_state_dict", "def load_state", "an-interrupted-cell-resumes"),
    ("stream", 'DIGEST = "sha256:0000"', "", "facts-identify-the-data"),
    ("stream", 'PRIMARY = "accuracy"', 'PRIMARY = "loss"', "facts-identify-the-data"),
    (
        "stream",
        "    validation: bool = False\n",
        "    validate: bool = False\n",
        "options-of-streams-exist",
    ),
    (
        "stream",
        "    pass\n",
        "    raise FileNotFoundError(data_root / 'rows.npz')\n",
        "data-are-there",
    ),
    ("stream", "sample_bytes=17", "sample_bytes=0", "samples-match-the-signature"),
    (
        "stream",
        ", generator=torch.Generator().manual_seed(seed)",
        "",
        "streams-are-seeded",
    ),
    ("stream", "drawn(2 if config.validation else 1)", "drawn(0)", "test-samples-are-held-out"),
    (
        "stream",
        "2 if config.validation else 1",
        "1",
        "test-samples-are-held-out",
    ),
    ("stream", "probe=config.probe", "probe=False", "options-take-effect"),
    ("stream", "scenario=config.scenario", "scenario='class'", "scenarios-are-built"),
    (
        "stream",
        "    train, test = ",
        "    if config.iterations:\n        raise RuntimeError\n    train, test = ",
        "a-small-model-runs",
    ),
    ("suite", "SUITE = Suite(", "OTHER = Suite(", "loads"),
    ("suite", '"lstm"', '"lstmm"', "suite-can-be-planned"),
    ("suite", "options={}", 'options={"furthest": 1024}', "primary-metric-is-measured"),
    ("suite", '"lstm"', '"lstm[width=0]"', "cells-can-be-built"),
]
"""Kind of a good file, a text in it, what replaces it, and the rules that the result breaks."""


def broken(path: Path) -> list[CheckedRule]:
    return [one for one in check_file(path, data_root=path.parent) if not one.holds]


@pytest.mark.parametrize("path", sorted(ENTRIES.glob("*.py")), ids=lambda path: path.stem)
def test_good_file_breaks_no_rule(path: Path) -> None:
    found = list(check_file(path, data_root=path.parent))
    assert [str(one) for one in found if not one.holds] == []
    assert [one.rule for one in found] == [
        rule.name for rule in (LOADS_RULE, *rules_of(path.stem.rpartition("_")[2]))
    ]


@pytest.mark.parametrize(
    ("kind", "old", "new", "rules"), BREAKS, ids=[f"{one[0]}-{one[3]}" for one in BREAKS]
)
def test_broken_rule_is_named(kind: str, old: str, new: str, rules: str, tmp_path: Path) -> None:
    text = (ENTRIES / f"good_{kind}.py").read_text()
    assert old in text
    path = tmp_path / "mine.py"
    path.write_text(text.replace(old, new))
    found = broken(path)
    assert [one.rule for one in found] == rules.split(), "\n".join(map(str, found))
    for one in found:
        assert one.detail
        assert str(one).startswith(f"{path}: {one.rule}: broken: {one.detail}")
        assert "\n" not in str(one)


def test_every_rule_is_broken_by_a_file() -> None:
    """Except the rules of the summary and of options, which all kinds share."""
    named = {(kind.split("_")[-1], rule) for kind, _, _, rules in BREAKS for rule in rules.split()}
    known = {
        (kind, rule.name)
        for kind in ("model", "task", "method", "stream", "suite")
        for rule in rules_of(kind)
        if kind == "model" or rule.name not in ("summary", "options")
    }
    assert known <= named


def wait_and_ignore_errors(case: Case) -> None:
    with suppress(Exception):
        time.sleep(60)


def test_rule_that_takes_too_long_is_not_finished(tmp_path: Path) -> None:
    """An entry that ignores errors does not hide it."""
    slow = Rule(name="slow", statement="it ends", way_out="", function=wait_and_ignore_errors)
    case = Case(entry=Registry("model").get("lstm"))
    finding = check_rule(slow, case, tmp_path, time_limit=0.05)
    assert (finding.status, finding.holds) == ("not finished", False)
    assert str(finding) == (
        f"{tmp_path}: slow: not finished: 0.05 seconds were not enough; give a longer "
        "--time-limit, or make the default options smaller"
    )


def test_what_a_rule_prints_is_in_its_finding_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Training prints that it continues; the output of a check is its findings, or JSON."""
    path = ENTRIES / "good_method.py"
    found = {one.rule: one for one in check_file(path, data_root=tmp_path)}
    assert capsys.readouterr().out == ""
    assert found["an-interrupted-cell-resumes"].printed == (
        "the cell was interrupted: its training continues within experience 1\n"
    )
    assert found["loads"].printed == ""


def test_error_of_a_plugin_is_named_with_its_line(tmp_path: Path) -> None:
    text = (ENTRIES / "good_model.py").read_text()
    path = tmp_path / "mine.py"
    path.write_text(text.replace(OUTPUTS, f"        self.nothing()\n{OUTPUTS}"))
    line = path.read_text().splitlines().index("        self.nothing()") + 1
    found = broken(path)
    assert "no attribute 'nothing'" in found[0].detail
    assert all(f"(mine.py, line {line}, in forward)" in one.detail for one in found)


def test_built_in_file_is_known_by_its_path() -> None:
    entry = Registry("task").get("induction")
    assert entry_of(entry.path) == entry


def test_python_function_returns_findings(tmp_path: Path) -> None:
    found = memnet.check(ENTRIES / "good_suite.py", data_root=tmp_path)
    assert all(one.holds for one in found)
    assert {one.entry for one in found} == {"good-suite"}
    with pytest.raises(UsageError, match="there is no file"):
        memnet.check(tmp_path / "none.py")
