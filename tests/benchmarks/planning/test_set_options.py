import pytest

from benchmarks.planning.set_options import parse_settings
from results.errors import UsageError


def test_settings_are_grouped_by_prefix() -> None:
    settings = parse_settings(
        ["steps=5", "model.width=8", "method.mem_size=200", "training.learning_rate=0.01"]
    )
    assert settings.benchmark == {"steps": "5"}
    assert settings.model == {"width": "8"}
    assert settings.method == {"mem_size": "200"}
    assert settings.learning_rate == 0.01


def test_no_settings_leave_the_learning_rate_unset() -> None:
    assert parse_settings([]).learning_rate is None


@pytest.mark.parametrize(
    "text",
    [
        "steps",
        "=5",
        "modell.width=8",
        "training.momentum=1",
        "training.learning_rate=fast",
        "training.learning_rate=-1",
        "training.learning_rate=nan",
    ],
)
def test_invalid_setting_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_settings([text])
