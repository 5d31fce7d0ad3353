import pytest
import torch

from baselines.interface import ModelOutput, check_output

POSITIONS = torch.zeros(2, 3, dtype=torch.int64)
LOGITS = torch.zeros(2, 3, 5)


@pytest.mark.parametrize("state", [None, (torch.zeros(2, 4), {"a": torch.zeros(2)})])
def test_valid_output_passes(state: object) -> None:
    check_output(ModelOutput(logits=LOGITS, state=state), POSITIONS)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (LOGITS, "must return a ModelOutput .* it returned a Tensor"),
        ((LOGITS, None), "it returned a tuple"),
        (None, "it returned None"),
        (ModelOutput(logits=LOGITS[:, :2], state=None), r"shape \[2, 2, 5\] where 3 positions"),
        (ModelOutput(logits=LOGITS, state=torch.zeros(4, 2)), r"shape \[4, 2\] for 2 sequences"),
        (ModelOutput(logits=LOGITS, state=torch.zeros(())), r"shape \[\] for 2 sequences"),
    ],
)
def test_invalid_output_is_an_error(output: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_output(output, POSITIONS)
