"""Transparent pictures: composited on one background for the whole data set."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from results.errors import UsageError
from tests.benchmarks.datasets.picture_files import RAMP, SIDE, Save, as_type, png, shown
from tests.benchmarks.datasets.user_samples import built, plan, samples

ALPHA = Image.fromarray(np.where(RAMP > 100, 255, 0).astype(np.uint8))
HALF = Image.fromarray(RAMP // 2)


def _with_alpha(grey: int, alpha: Image.Image, mode: str = "RGBA") -> Image.Image:
    plain = Image.new("L", alpha.size, grey)
    return Image.merge("LA", (plain, alpha)).convert(mode)


def _transparent_palette(picture: Image.Image, path: Path) -> None:
    alpha = np.asarray(picture.getchannel("A"))
    image = Image.fromarray((alpha > 127).astype(np.uint8), mode="P")
    image.putpalette([9, 9, 9, 0, 0, 0])
    image.save(path.with_suffix(".png"), transparency=bytes([0, 255]))


def _transparent_gif(picture: Image.Image, path: Path) -> None:
    alpha = np.asarray(picture.getchannel("A"))
    image = Image.fromarray((alpha > 127).astype(np.uint8), mode="P")
    image.putpalette([9, 9, 9, 0, 0, 0])
    image.save(path.with_suffix(".gif"), transparency=0)


SHAPES: dict[str, tuple[str, Save]] = {
    "RGBA png": ("RGBA", as_type(".png")),
    "LA png": ("LA", as_type(".png")),
    "RGBA webp": ("RGBA", as_type(".webp", lossless=True, exact=True)),
    "RGBA tiff": ("RGBA", as_type(".tif")),
    "LA tiff": ("LA", as_type(".tif")),
    "palette png": ("RGBA", _transparent_palette),
    "palette gif": ("RGBA", _transparent_gif),
}


@pytest.mark.parametrize("name", SHAPES)
def test_black_shape_in_the_alpha_channel_is_seen_on_white(tmp_path: Path, name: str) -> None:
    mode, save = SHAPES[name]
    seen = shown(tmp_path, save, _with_alpha(0, ALPHA, mode))
    assert np.array_equal(seen, 255 - np.asarray(ALPHA))
    assert "10 transparent pictures are on a white background" in "".join(plan(tmp_path).notes)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_white_shape_in_the_alpha_channel_is_seen_on_black(tmp_path: Path, mode: str) -> None:
    seen = shown(tmp_path, as_type(".png"), _with_alpha(255, HALF, mode))
    assert np.abs(seen - np.asarray(HALF)).max() <= 1
    assert "10 transparent pictures are on a black background" in "".join(plan(tmp_path).notes)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_transparent_grey_value_of_a_png_is_white(tmp_path: Path, bits: int) -> None:
    """The file names the value in its own depth, before it is scaled to 8 bits."""
    levels = 2**bits
    step = max(1, levels // 16)
    values = np.arange(SIDE * SIDE).reshape(SIDE, SIDE) * step % levels
    clear = int(np.unique(values)[1])
    content = png(values, bits, 0, struct.pack(">H", clear))
    expected = np.where(values == clear, 255, np.round(values * 255 / (levels - 1)))
    seen = shown(tmp_path, lambda _, path: path.with_suffix(".png").write_bytes(content))
    assert np.abs(seen - expected).max() <= 1


@pytest.mark.parametrize(("kind", "channels"), [(2, 3), (4, 2), (6, 4)])
def test_16_bit_png_with_colour_or_alpha_is_scaled(
    tmp_path: Path, kind: int, channels: int
) -> None:
    values = np.repeat(257 * RAMP.astype(np.int64)[..., None], channels, axis=2)
    if kind != 2:
        values[..., -1] = 65535
        values[0, 0, -1] = 0
    seen = shown(
        tmp_path, lambda _, path: path.with_suffix(".png").write_bytes(png(values, 16, kind))
    )
    expected = RAMP.astype(int)
    if kind != 2:
        expected[0, 0] = 255
    assert np.array_equal(seen, expected)


def test_transparent_16_bit_colour_is_an_error(tmp_path: Path) -> None:
    values = np.repeat(257 * RAMP.astype(np.int64)[..., None], 3, axis=2)
    content = png(values, 16, 2, bytes(6))
    with pytest.raises(UsageError, match="has a transparent colour of 16 bits"):
        shown(tmp_path, lambda _, path: path.with_suffix(".png").write_bytes(content))


def test_first_picture_of_a_jpeg_from_a_phone_is_read(tmp_path: Path) -> None:
    """Phones add a preview as a second picture (MPO), which viewers don't show."""
    flat = [Image.new("RGB", (SIDE, SIDE), (grey, grey, grey)) for grey in (40, 220)]
    save = as_type(".jpg", format="MPO", save_all=True, append_images=flat[1:])
    assert np.abs(shown(tmp_path, save, flat[0]) - 40).max() <= 1


def test_background_is_the_same_for_the_whole_data_set(tmp_path: Path) -> None:
    """A single white shape puts the black ones, which remain visible, on black too."""
    grey = _with_alpha(128, ALPHA)
    for label in range(2):
        for place in range(5):
            folder = tmp_path / "flowers" / f"kind{label}"
            folder.mkdir(parents=True, exist_ok=True)
            white = label == place == 0
            (_with_alpha(255, ALPHA) if white else grey).save(folder / f"{place}.png")
    stream = built(tmp_path, size=SIDE)
    inputs = np.concatenate([samples(stream, part)[0].numpy() for part in ("train", "test")])
    assert set(np.unique((inputs * 255).round())) == {0, 128, 255}
    assert (inputs[:, 0, 0] == 0).all()


def test_shapes_that_need_different_backgrounds_are_an_error(tmp_path: Path) -> None:
    for label, grey in enumerate((0, 255)):
        for place in range(5):
            folder = tmp_path / "flowers" / f"kind{label}"
            folder.mkdir(parents=True, exist_ok=True)
            _with_alpha(grey, ALPHA).save(folder / f"{place}.png")
    with pytest.raises(UsageError, match=r"invisible on a white background and .* on a black one"):
        plan(tmp_path)
    with pytest.raises(UsageError, match="save the pictures without transparency"):
        built(tmp_path)
