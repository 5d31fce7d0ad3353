"""One thread per process: two of them under load run many times slower."""

import os
import sys
from collections.abc import Iterator

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def denormal_numbers() -> Iterator[None]:
    """Restore denormal numbers after each test: a cell that runs in this process switches them off.

    Hypothesis draws them.
    """
    yield
    if "torch" in sys.modules:
        import torch

        torch.set_flush_denormal(False)
