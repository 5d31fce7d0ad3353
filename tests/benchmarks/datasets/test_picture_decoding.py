"""A model sees a picture as a viewer shows it, whatever its format, depth and orientation."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from results.errors import UsageError
from tests.benchmarks.datasets.picture_files import (
    GREY,
    RAMP,
    SIDE,
    Save,
    as_type,
    deep,
    shown,
    tiff,
)
from tests.benchmarks.datasets.user_samples import built, images, plan


def unit_floats(picture: Image.Image, path: Path) -> None:
    Image.fromarray(np.asarray(picture).astype(np.float32) / 255).save(path.with_suffix(".tif"))


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


def test_nearly_uniform_test_pictures_are_noted(tmp_path: Path) -> None:
    images(tmp_path / "flowers" / "train")
    for label in range(4):
        folder = tmp_path / "flowers" / "test" / f"kind{label}"
        folder.mkdir(parents=True)
        Image.new("L", (9, 7), label).save(folder / "mask.png")
    assert any(
        "all pixels of test pictures have values from 0 to 3 of 255" in note
        for note in plan(tmp_path).notes
    )
