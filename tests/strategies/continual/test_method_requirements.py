"""Options and streams that methods refuse."""

import pytest

from results.errors import UsageError
from strategies.continual.method_requirements import (
    require_above_zero,
    require_at_least,
    require_positive,
)


def test_options_at_the_bound_are_allowed_or_refused() -> None:
    require_positive("er", mem_size=1)
    with pytest.raises(UsageError, match=r"'er' does nothing with mem_size = 0: .* mem_size=1"):
        require_positive("er", mem_size=0)
    require_at_least("lwf", 0.0, alpha=0.0)
    with pytest.raises(UsageError, match=r"'lwf': alpha = -0.1 must be at least 0"):
        require_at_least("lwf", 0.0, alpha=-0.1)
    require_above_zero("lwf", temperature=0.1)
    with pytest.raises(UsageError, match=r"'lwf': temperature = 0.0 must be greater than 0"):
        require_above_zero("lwf", temperature=0.0)


def test_numbers_that_are_not_a_number_are_refused() -> None:
    with pytest.raises(UsageError, match="nan must be at least 0"):
        require_at_least("lwf", 0.0, alpha=float("nan"))
    with pytest.raises(UsageError, match="nan must be greater than 0"):
        require_above_zero("lwf", alpha=float("nan"))
