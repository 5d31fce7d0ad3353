"""Loggers of the training: TensorBoard, CSV and files of users."""

from pathlib import Path

import pytest

from benchmarks.execution.loggers import CsvLogger, OpenLogs, log_folder, open_logs, parse_loggers
from results.errors import UsageError
from results.records.cell import Cell

CELL = Cell(benchmark="wee", model="lstm", method="supervised", seed=3, config={}, version={})
LIST_LOGGER = """
from pathlib import Path

class Lines:
    def __init__(self, folder, cell):
        folder.mkdir(parents=True)
        self.file = (folder / "lines").open("w")
        self.file.write(f"{cell.benchmark}\\n")

    def log(self, step, values):
        if step == 3:
            raise ConnectionError("no network")
        self.file.write(f"{step} {values['loss']}\\n")
        self.file.flush()

    def close(self):
        self.file.close()

def open_logger(folder, cell):
    return Lines(folder, cell)
"""


def test_csv_has_a_row_per_step(tmp_path: Path) -> None:
    logger = CsvLogger(tmp_path / "log", CELL)
    logger.log(1, {"loss": 2.5, "learning_rate": 0.1})
    logger.log(2, {"loss": 2.0, "learning_rate": 0.2})
    logger.close()
    text = (tmp_path / "log" / "log.csv").read_text()
    assert text == "step,loss,learning_rate\n1,2.5,0.1\n2,2.0,0.2\n"


def test_csv_of_a_resumed_cell_has_each_step_once(tmp_path: Path) -> None:
    """The interrupted run wrote steps 2 and 3, and half of step 4, after its checkpoint."""
    first = CsvLogger(tmp_path, CELL)
    for step in (1, 2, 3):
        first.log(step, {"loss": 9.0})
    first.close()
    with (tmp_path / "log.csv").open("a") as file:
        file.write("4")
    second = CsvLogger(tmp_path, CELL)
    second.log(2, {"loss": 1.0})
    second.close()
    assert (tmp_path / "log.csv").read_text() == "step,loss\n1,9.0\n2,1.0\n"


def test_logger_of_a_file_is_used_until_it_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lines.py"
    path.write_text(LIST_LOGGER)
    (name,) = parse_loggers([str(path)])
    folder = log_folder(tmp_path / "runs", name, CELL)
    assert folder.parts[-5:] == ("lines", "wee", "lstm", "supervised", f"seed-3-{CELL.id}")
    with open_logs({name: folder, "csv": tmp_path / "csv"}, CELL) as logs:
        assert isinstance(logs, OpenLogs)
        for step in range(1, 5):
            logs(step, {"loss": step / 2})
    assert (folder / "lines").read_text() == "wee\n1 0.5\n2 1.0\n"
    assert "lines.py is left out: ConnectionError: no network" in capsys.readouterr().out
    assert (tmp_path / "csv" / "log.csv").read_text().count("\n") == 5


def test_no_logger_is_no_log() -> None:
    with open_logs({}, CELL) as logs:
        assert logs is None


def test_invalid_loggers_are_errors(tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "bad.py").write_text("1 / 0\n")
    for name, message in (
        ("tensorbord", "did you mean tensorboard"),
        (str(tmp_path / "none.py"), "there is no file"),
        (str(tmp_path / "empty.py"), r"no function open_logger\(folder, cell\)"),
        (str(tmp_path / "bad.py"), "ZeroDivisionError"),
    ):
        with pytest.raises(UsageError, match=message):
            parse_loggers([name])
    assert parse_loggers(["csv", "csv"]) == ("csv",)
