import pytest
import torch

from memnet.persistent.random_features import RandomFeatures, planes


def features(shape: tuple[int, ...], count: int = 28) -> RandomFeatures:
    return RandomFeatures(shape, count, torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((3, 8, 9), (3, 8, 9)),
        ((28, 28), (1, 28, 28)),
        ((40, 1), (1, 40, 1)),
        ((1, 784), (1, 28, 28)),
        ((1, 12), (1, 12, 1)),
    ],
)
def test_planes_of_images_and_sequences(
    shape: tuple[int, ...], expected: tuple[int, int, int]
) -> None:
    assert planes(shape) == expected


@pytest.mark.parametrize("shape", [(3, 8, 8), (28, 28), (40, 1), (5, 2), (1, 7), (1, 1), (2, 2)])
def test_any_shape_gives_count_features_with_a_constant(shape: tuple[int, ...]) -> None:
    found = features(shape)(torch.randn(4, *shape, generator=torch.Generator().manual_seed(1)))
    assert found.shape == (4, 28)
    assert torch.equal(found[:, -1], torch.ones(4))
    assert (found >= 0).all()
    assert found.isfinite().all()


def test_features_match_a_loop() -> None:
    module, image = (
        features((9, 9), 10),
        torch.rand(9, 9, generator=torch.Generator().manual_seed(1)),
    )
    kernel = module.filters[0, 0]
    side = len(kernel)
    span = 9 - side + 1
    responses = torch.tensor(
        [
            [
                float((kernel * image[row : row + side, column : column + side]).sum())
                for column in range(span)
            ]
            for row in range(span)
        ]
    ).relu()
    pooled = torch.nn.functional.adaptive_avg_pool2d(responses[None], module.grid)
    torch.testing.assert_close(module(image[None])[0, :9], pooled.sqrt().flatten())


def test_filters_have_mean_zero_and_norm_one() -> None:
    filters = features((28, 28), 91).filters.flatten(1)
    torch.testing.assert_close(filters.mean(1), torch.zeros(10), atol=1e-6, rtol=0)
    torch.testing.assert_close(filters.norm(dim=1), torch.ones(10))


def test_smoothing_correlates_neighbours() -> None:
    filters = features((28, 28), 900).filters[:, 0]
    assert float((filters[:, :, 1:] * filters[:, :, :-1]).mean()) > 0.3 / 49
