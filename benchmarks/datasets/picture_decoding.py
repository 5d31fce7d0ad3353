"""Pictures as a viewer shows them: upright, opaque, in sRGB, with eight bits per channel.

- The EXIF orientation is applied, and an embedded colour profile is converted to sRGB. The gAMA
  chunk of PNG files is not applied.
- 16-bit grey values are divided by 257 (12-bit ones of TIFF files by 4,095 / 255); float TIFF files
  must hold values in [0, 1]. Signed and 32-bit integers are refused: no value is known to be white.
- Transparent pictures are composited on white. If that hides the content of a picture of the data
  set, all of them are composited on black; see `background`.
- Animations and files of several pages are refused.

Imports no torch.
"""

import io
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from results.error_text import one_line
from results.errors import UsageError

if TYPE_CHECKING:
    from PIL.Image import Image

PICTURE_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP")

VISIBLE = 16
"""Minimum range of values, of 255, at which the content of a picture is taken to be visible."""

BITS_PER_SAMPLE, PHOTOMETRIC, SAMPLE_FORMAT = 258, 262, 339
"""Tags of TIFF files (TIFF 6.0, section 8 and 19)."""

SIGNED_SAMPLES, MIN_IS_WHITE = 2, 0

Background = Literal["white", "black"]


class _Refused(ValueError):
    """A picture that can be decoded but has no single meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A picture in RGB.

    Attributes:
        path: Its file.
        white: The picture, composited on white if it is transparent.
        black: The picture composited on black, or None if it is opaque.
    """

    path: Path
    white: "Image"
    black: "Image | None"

    def on(self, background: Background) -> "Image":
        """Return the picture on a background."""
        return self.black if background == "black" and self.black is not None else self.white

    @property
    def hidden_on(self) -> Background | None:
        """The background on which the content is invisible, if it is visible on the other."""
        if self.black is None:
            return None
        seen = [contrast(image) >= VISIBLE for image in (self.white, self.black)]
        return None if seen[0] == seen[1] else ("black" if seen[0] else "white")


def read_picture(path: Path) -> Shown:
    """Read a picture as a viewer shows it.

    Raises:
        UsageError: If it can't be read, or has no single meaning.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on metadata that nothing here depends on
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=PICTURE_FORMATS) as image:
                return _shown(path, image)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise UsageError(f"{path} is too large ({error}); scale it down") from error
    except _Refused as error:
        raise UsageError(f"{path} {error}") from error
    except Exception as error:  # decoders raise errors of any type on broken files
        raise UsageError(
            f"{path} can't be read as a picture ({one_line(error)}); repair or remove it"
        ) from error


def background(pictures: Iterable[tuple[Path, Background | None]]) -> Background:
    """Choose the background of all transparent pictures of a data set.

    White, as in viewers, unless the content of a picture is invisible on it; then black.

    Args:
        pictures: The path of each picture and its `Shown.hidden_on`.

    Raises:
        UsageError: If some pictures are invisible on white and others on black.
    """
    hidden: dict[Background, Path] = {}
    for path, where in pictures:
        if where is not None:
            hidden.setdefault(where, path)
    if len(hidden) == 2:
        raise UsageError(
            f"{hidden['white']} is invisible on a white background and {hidden['black']} "
            "on a black one: save the pictures without transparency"
        )
    return "black" if "white" in hidden else "white"


def extrema(image: "Image") -> list[tuple[int, int]]:
    """Return the minimum and the maximum of each channel of an RGB picture."""
    found: Any = image.getextrema()
    return list(found)


def contrast(image: "Image") -> int:
    """Return the largest range of values of a channel, 0 to 255."""
    return max(high - low for low, high in extrema(image))


def resized(image: "Image", size: int, colour: bool) -> NDArray[np.uint8]:
    """Return a picture as ``[size, size]`` grey values, or ``[size, size, 3]`` in colour."""
    from PIL import Image

    mode = image if colour else image.convert("L")
    return np.asarray(mode.resize((size, size), Image.Resampling.BILINEAR))


def _shown(path: Path, image: "Image") -> Shown:
    from PIL import Image, ImageOps

    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":
        raise _Refused(f"holds {frames} frames or pages: save one picture per file")
    coding = _coding(image)
    upright = ImageOps.exif_transpose(image)
    alpha = _alpha(upright, coding)
    colour = _colour(upright, coding)
    if alpha is None or alpha.getextrema() == (255, 255):
        return Shown(path=path, white=colour, black=None)
    white, black = (
        Image.composite(colour, Image.new("RGB", colour.size, name), alpha)
        for name in ("white", "black")
    )
    return Shown(path=path, white=white, black=black)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Coding:
    """How a file codes its samples.

    Attributes:
        raw: Pillow's raw mode, such as ``"L;4"``.
        white: The grey value that is white in 16-bit and float pictures; None if unknown.
        inverted: Whether 16-bit and float pictures have 0 for white.
    """

    raw: str
    white: int | None
    inverted: bool


def _coding(image: "Image") -> _Coding:
    """Read the coding, which is lost once the pixels are loaded."""
    tiles: Any = getattr(image, "tile", None)
    args: Any = tiles[0][3] if tiles else ""
    raw = str(args[0] if isinstance(args, tuple) and args else args)
    if image.format != "TIFF":  # Pillow scales 16-bit PNG and PGM files to 65,535
        return _Coding(raw=raw, white=1 if image.mode == "F" else 65_535, inverted=False)
    tags: Any = image.tag_v2  # type: ignore[attr-defined]
    if SIGNED_SAMPLES in _values(tags.get(SAMPLE_FORMAT)):
        raise _Refused("holds signed integers, of which no value is known to be white")
    white = {"F": 1, "I": None}.get(image.mode, 2 ** _values(tags.get(BITS_PER_SAMPLE, 16))[0] - 1)
    return _Coding(raw=raw, white=white, inverted=tags.get(PHOTOMETRIC) == MIN_IS_WHITE)


def _values(tag: Any) -> tuple[Any, ...]:
    return tag if isinstance(tag, tuple) else (tag,)


def _colour(image: "Image", coding: _Coding) -> "Image":
    """Return the picture in RGB, without its alpha channel."""
    if image.mode == "F" or image.mode.startswith("I"):
        return _from_deep_grey(image, coding)
    profile = image.info.get("icc_profile")
    if image.mode in ("LA", "La"):
        image = image.convert("LA").getchannel("L")
    if image.mode == "LAB" or (profile and image.mode in ("L", "RGB", "CMYK")):
        return _managed(image, profile)
    rgb = image.convert("RGBA").convert("RGB") if image.mode == "RGBa" else image.convert("RGB")
    return _managed(rgb, profile) if profile else rgb


def _managed(image: "Image", profile: bytes | None) -> "Image":
    """Convert a picture from its colour profile to sRGB; a profile that is broken is ignored."""
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(
            io.BytesIO(profile) if profile else ImageCms.createProfile("LAB")
        )
        if "sRGB" in ImageCms.getProfileDescription(source):
            return image.convert("RGB")
        managed = ImageCms.profileToProfile(
            image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError):
        return image.convert("RGB")
    assert managed is not None  # it is None only if the picture is changed in place
    return managed


def _from_deep_grey(image: "Image", coding: _Coding) -> "Image":
    """Scale 16-bit or float grey values to 8 bits."""
    from PIL import Image

    values = np.asarray(image).astype(np.float64)
    if coding.white is None:
        raise _Refused("holds 32-bit integers, of which no value is known to be white")
    low, high = float(values.min()), float(values.max())
    if not 0 <= low <= high <= coding.white:
        raise _Refused(f"holds values from {low:g} to {high:g}: scale them to [0, {coding.white}]")
    scaled = values / coding.white
    grey = np.round(255 * (1 - scaled if coding.inverted else scaled)).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")


def _alpha(image: "Image", coding: _Coding) -> "Image | None":
    """Return the alpha channel, 0 to 255, or None if every pixel is opaque."""
    from PIL import Image

    transparent = image.info.get("transparency")
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa"):
        return image.convert("RGBA").getchannel("A")
    if transparent is None:
        return None
    if image.mode == "P":
        return image.convert("RGBA").getchannel("A")
    if coding.raw.startswith("RGB;16"):
        raise _Refused("has a transparent colour of 16 bits: save it with an alpha channel")
    values = np.asarray(image.convert("L") if image.mode == "1" else image).astype(np.int64)
    scale = {"L;2": 85, "L;4": 17}.get(coding.raw, 1)  # the file names a value before it is scaled
    clear = values == scale * np.array(transparent)
    opaque = ~(clear.all(axis=-1) if values.ndim == 3 else clear)
    return Image.fromarray(255 * opaque.astype(np.uint8))
