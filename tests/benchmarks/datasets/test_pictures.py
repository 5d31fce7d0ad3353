"""A model sees a picture as a viewer shows it, whatever its format, depth and transparency."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from results.errors import UsageError
from tests.benchmarks.datasets.user_samples import built, plan, samples

SIDE = 8
RAMP = np.add.outer(16 * np.arange(SIDE), 16 * np.arange(SIDE)).astype(np.uint8)
"""Grey values 0 to 224: every orientation looks different once the corner is marked."""
RAMP[0, 1] = 255
GREY = Image.fromarray(RAMP)

Save = Callable[[Image.Image, Path], object]


def shown(root: Path, save: Save, picture: Image.Image = GREY, **options: Any) -> np.ndarray:
    """Return what a model sees of a picture, 0 to 255, in a data set of equal pictures."""
    first = root / "flowers" / "kind0" / "0"
    first.parent.mkdir(parents=True, exist_ok=True)
    save(picture, first)
    (file,) = first.parent.glob("0*")
    for label in range(2):
        for place in range(5):
            copy = root / "flowers" / f"kind{label}" / f"{place}{file.suffix}"
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(file.read_bytes())
    inputs, _ = samples(built(root, size=SIDE, **options))
    assert inputs.eq(inputs[0]).all()
    seen: np.ndarray = (inputs[0] * 255).round().numpy()
    return seen


def as_type(suffix: str, **options: Any) -> Save:
    return lambda picture, path: picture.save(path.with_suffix(suffix), **options)


def deep(factor: int, dtype: str, suffix: str) -> Save:
    def save(picture: Image.Image, path: Path) -> None:
        values = (np.asarray(picture).astype(np.float64) * factor).astype(dtype)
        Image.fromarray(values).save(path.with_suffix(suffix))

    return save


def unit_floats(picture: Image.Image, path: Path) -> None:
    Image.fromarray(np.asarray(picture).astype(np.float32) / 255).save(path.with_suffix(".tif"))


def tiff(values: np.ndarray, photometric: int, bits: int, sample_format: int = 1) -> bytes:
    """Return an uncompressed grey TIFF file (TIFF 6.0, section 2)."""
    data = values.tobytes()
    tags = {
        256: RAMP.shape[1], 257: RAMP.shape[0], 258: bits, 259: 1, 262: photometric, 273: 8,
        277: 1, 278: RAMP.shape[0], 279: len(data), 339: sample_format,
    }  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    header = b"II*\0" + struct.pack("<I", 8 + len(data))
    return header + data + struct.pack("<H", len(tags)) + entries + bytes(4)


def white_is_zero(picture: Image.Image, path: Path) -> None:
    values = 65535 - 257 * np.asarray(picture).astype(np.uint16)
    path.with_suffix(".tif").write_bytes(tiff(values, 0, 16))


def twelve_bits(picture: Image.Image, path: Path) -> None:
    values = np.round(np.asarray(picture).astype(np.float64) * 4095 / 255).astype(np.uint16)
    pairs = values.reshape(-1, 2).astype(np.uint32)
    packed = np.stack(
        [pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255], axis=1
    )
    path.with_suffix(".tif").write_bytes(tiff(packed.astype(np.uint8).reshape(SIDE, -1), 1, 12))


def pgm_of_1000(picture: Image.Image, path: Path) -> None:
    values = np.round(np.asarray(picture) * (1000 / 255)).astype(">u2")
    header = f"P5 {SIDE} {SIDE} 1000\n".encode()
    path.with_suffix(".pgm").write_bytes(header + values.tobytes())


GREYS: dict[str, Save] = {
    "8-bit png": as_type(".png"),
    "8-bit tiff": as_type(".tif"),
    "bmp": as_type(".bmp"),
    "gif": as_type(".gif"),
    "pgm": as_type(".pgm"),
    "webp": as_type(".webp", lossless=True),
    "16-bit png": deep(257, "uint16", ".png"),
    "16-bit tiff": deep(257, "uint16", ".tif"),
    "16-bit pgm": deep(257, "uint16", ".pgm"),
    "pgm with 1000 levels": pgm_of_1000,
    "12-bit tiff": twelve_bits,
    "16-bit tiff with 0 for white": white_is_zero,
    "float tiff": unit_floats,
    "palette png": lambda picture, path: picture.convert("P").save(path.with_suffix(".png")),
    "opaque LA png": lambda picture, path: picture.convert("LA").save(path.with_suffix(".png")),
    "opaque RGBA tiff": lambda picture, path: picture.convert("RGBA").save(
        path.with_suffix(".tif")
    ),
    "cmyk tiff": lambda picture, path: (
        picture.convert("RGB").convert("CMYK").save(path.with_suffix(".tif"))
    ),
    "upper-case suffix": lambda picture, path: picture.save(path.with_suffix(".PNG")),
    "png called jpg": lambda picture, path: picture.save(path.with_suffix(".jpg"), format="PNG"),
}


@pytest.mark.parametrize("name", GREYS)
def test_grey_values_are_the_same_in_every_format(tmp_path: Path, name: str) -> None:
    assert np.abs(shown(tmp_path, GREYS[name]) - RAMP).max() <= 1
    assert np.abs(shown(tmp_path, GREYS[name], colour=True)[:, ::3] - RAMP).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_orientation_is_applied(tmp_path: Path, orientation: int, suffix: str) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    turned = {
        1: RAMP, 2: RAMP[:, ::-1], 3: RAMP[::-1, ::-1], 4: RAMP[::-1],
        5: RAMP.T, 6: np.rot90(RAMP, -1), 7: RAMP[::-1, ::-1].T, 8: np.rot90(RAMP),
    }[orientation]  # fmt: skip
    options = {"lossless": True} if suffix == ".webp" else {}
    save = as_type(suffix, exif=exif, **options)
    assert np.abs(shown(tmp_path, save) - turned).max() <= 1


def test_orientation_of_a_16_bit_picture_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 3
    values = Image.fromarray(RAMP.astype(np.uint16) * 257)
    assert np.array_equal(shown(tmp_path, as_type(".png", exif=exif), values), RAMP[::-1, ::-1])


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
    values = (
        np.arange(SIDE * SIDE).reshape(SIDE, SIDE) % min(levels, 16) * (levels // min(levels, 16))
    )
    clear = int(np.unique(values)[1])
    packed = np.packbits((values[..., None] >> np.arange(bits)[::-1]) & 1, axis=None).reshape(
        SIDE, -1
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    lines = b"".join(b"\0" + row.tobytes() for row in packed)
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, bits, 0, 0, 0, 0)),
            chunk(b"tRNS", struct.pack(">H", clear)),
            chunk(b"IDAT", zlib.compress(lines)),
            chunk(b"IEND", b""),
        ]
    )
    shades = np.round(values * 255 / (levels - 1))
    expected = np.where(values == clear, 255, shades)
    seen = shown(tmp_path, lambda _, path: path.with_suffix(".png").write_bytes(content))
    assert np.abs(seen - expected).max() <= 1


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


def test_lab_is_converted_to_srgb(tmp_path: Path) -> None:
    picture = Image.new("RGB", (SIDE, SIDE), (200, 30, 30))
    lab = ImageCms.profileToProfile(
        picture, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    seen = shown(tmp_path, as_type(".tif"), lab, colour=True)
    assert np.abs(seen.reshape(SIDE, SIDE, 3) - (200, 30, 30)).max() <= 3


def _swapped_primaries() -> bytes:
    """Return sRGB with red and green exchanged, under another name."""
    content = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for old, new in ((b"rXYZ", b"temp"), (b"gXYZ", b"rXYZ"), (b"temp", b"gXYZ")):
        content = content.replace(old, new, 1)
    return content.replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_colour_profile_is_converted_to_srgb(tmp_path: Path, suffix: str) -> None:
    picture = Image.new("RGB", (SIDE, SIDE), (200, 30, 30))
    options = {"lossless": True} if suffix == ".webp" else {}
    save = as_type(suffix, icc_profile=_swapped_primaries(), **options)
    seen = shown(tmp_path, save, picture, colour=True)
    assert np.abs(seen.reshape(SIDE, SIDE, 3) - (30, 200, 30)).max() <= 4


def test_broken_colour_profile_is_ignored(tmp_path: Path) -> None:
    assert np.array_equal(shown(tmp_path, as_type(".png", icc_profile=b"no profile")), RAMP)


@pytest.mark.parametrize(
    ("save", "message"),
    [
        (deep(1, "int32", ".tif"), "signed integers, of which no value is known to be white"),
        (deep(1, "float32", ".tif"), r"holds values from 0 to 255: scale them to \[0, 1\]"),
        (
            as_type(".gif", save_all=True, append_images=[GREY.rotate(90)]),
            "holds 2 frames or pages: save one picture per file",
        ),
        (as_type(".png", save_all=True, append_images=[GREY.rotate(90)]), "holds 2 frames"),
        (as_type(".webp", save_all=True, append_images=[GREY.rotate(90)]), "holds 2 frames"),
        (as_type(".tif", save_all=True, append_images=[GREY.rotate(90)]), "holds 2 frames"),
    ],
)
def test_picture_without_a_single_meaning_is_an_error(
    tmp_path: Path, save: Save, message: str
) -> None:
    with pytest.raises(UsageError, match=rf"kind0/\d.\w+ {message}|{message}"):
        shown(tmp_path, save)


@pytest.mark.parametrize(("sample_format", "bits"), [(2, 8), (2, 16), (1, 32)])
def test_integers_without_a_known_white_are_an_error(
    tmp_path: Path, sample_format: int, bits: int
) -> None:
    values = RAMP.astype(f"uint{bits}")
    content = tiff(values, 1, bits, sample_format)
    with pytest.raises(UsageError, match="no value is known to be white"):
        shown(tmp_path, lambda _, path: path.with_suffix(".tif").write_bytes(content))


BROKEN = {
    "huge.ppm": b"P6\n20000 20000\n255\n",
    "large.bmp": b"BM"
    + struct.pack("<IHHIIiiHH", 70, 0, 0, 54, 40, 20000, 20000, 1, 24)
    + bytes(24),
    "negative.pgm": b"P5\n-3 4\n255\n0000",
    "text.ppm": b"P6\nten 4\n255\n0000",
    "no_levels.pgm": b"P5\n2 2\n0\n0000",
    "short.pgm": b"P5\n8 8\n255\n00",
    "short.bmp": b"BM\0\0",
    "short.tif": b"II*\0\x08\0\0\0\xff\xff",
    "loop.tif": b"II*\0\x08\0\0\0" + b"\x01\0" + b"\xff" * 12 + b"\x08\0\0\0",
    "empty.png": b"",
    "html.jpg": b"<html>not found</html>",
    "pdf.png": b"%!PS-Adobe-3.0 EPSF-3.0\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_picture_is_a_one_line_error_that_names_it(tmp_path: Path, name: str) -> None:
    suffix = Path(name).suffix
    with pytest.raises(UsageError, match=rf"kind0/0{suffix} (can't be read|is too large)") as error:
        shown(tmp_path, lambda _, path: path.with_suffix(suffix).write_bytes(BROKEN[name]))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("size", [0, -1, 5000])
def test_size_out_of_range_is_an_error(tmp_path: Path, size: int) -> None:
    shown(tmp_path, as_type(".png"))
    with pytest.raises(UsageError, match=f"size={size}: pictures are resized to 1 to 4096"):
        built(tmp_path, size=size)


def test_nearly_uniform_pictures_are_noted(tmp_path: Path) -> None:
    """For example 12-bit values in a 16-bit file that does not state it."""
    shown(tmp_path, deep(16, "uint16", ".png"))
    assert any(
        "all pixels have values from 0 to 16 of 255" in note for note in plan(tmp_path).notes
    )
