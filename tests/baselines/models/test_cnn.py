import pytest
import torch

from baselines.interface import Signature
from baselines.models.cnn import Config, build, image_of
from results.errors import UsageError


@pytest.mark.parametrize(
    ("length", "features", "image"),
    [(28, 28, (28, 28)), (1, 784, (28, 28)), (8, 8, (8, 8)), (32, 96, (32, 96)), (1, 64, (8, 8))],
)
def test_sample_is_read_as_image(length: int, features: int, image: tuple[int, int]) -> None:
    signature = Signature(features=features, outputs=10, length=length)
    assert image_of(signature) == image
    logits = build(Config(channels=2, width=8), signature)(torch.rand(3, length, features)).logits
    assert logits.shape == (3, length, 10)


def test_rows_and_flat_step_are_the_same_image() -> None:
    torch.manual_seed(0)
    rows = build(Config(), Signature(features=8, outputs=4, length=8))
    torch.manual_seed(0)
    flat = build(Config(), Signature(features=64, outputs=4, length=1))
    images = torch.rand(5, 8, 8)
    last = torch.full((5, 1), 7)
    torch.testing.assert_close(
        rows(images, positions=last).logits, flat(images.reshape(5, 1, 64)).logits
    )


def test_other_samples_are_an_error() -> None:
    with pytest.raises(UsageError, match="not tokens"):
        build(Config(), Signature(vocabulary=16, outputs=16, length=8))
    with pytest.raises(UsageError, match="a step of 96 features is no square"):
        build(Config(), Signature(features=96, outputs=4, length=1))
