"""Photographs in common formats, brought to 8-bit images of the size that is asked for."""

import warnings
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import UInt8
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from refield.errors import UserError, one_line
from refield.signals.image import luma

# What photographs come in, as far as Pillow tells how many bits a value has: it cuts JPEG 2000 and AVIF to 8 without a
# word. Anything else is not even looked at, whatever the file's name: Pillow has Ghostscript run what EPS says.
FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF", "PPM")
SMALLEST = 11  # pixels, the window of SSIM; config allows no smaller side either
PLAIN_MODES = ("1", "L", "P", "RGB", "LA", "PA", "RGBA", "RGBX", "YCbCr")
TRANSPARENT = "is transparent in places; flatten it onto a background first"

Frame = Literal["native", "crop", "resize", "corner"]  # what `frame` makes of an image


def load(path: Path, color: Literal["rgb", "grey"]) -> np.ndarray:
    """A photograph in one of `FORMATS`, upright, 8-bit, with 3 channels (`rgb`) or 1 (`grey`, the luma).

    Values are as stored: colour profiles are not applied. `UserError` names the file and what is wrong with it: broken,
    too large, not opaque, several pictures, or values that do not come down to 8 bits by rounding alone.
    """
    try:
        # Pillow only warns of pictures that are suspiciously large, and refuses those of twice that size.
        with warnings.catch_warnings(action="error", category=Image.DecompressionBombWarning):
            pixels = _opaque_rgb(path)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    except UnidentifiedImageError:
        reason = "is not an image of a kind that is read (PNG, JPEG, TIFF, WebP, BMP, GIF, PPM); save it as 8-bit PNG"
        raise UserError(f"{path} {reason if path.stat().st_size else 'is empty'}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UserError(f"{path} has more than {Image.MAX_IMAGE_PIXELS} pixels") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {one_line(error.strerror or error)}") from None
    except Exception as error:  # a decoder may raise almost anything on a damaged file
        raise UserError(f"{path} cannot be read, it may be damaged: {one_line(error)}") from error
    return luma(pixels)[..., None] if color == "grey" else pixels


def _opaque_rgb(path: Path) -> UInt8[np.ndarray, "h w 3"]:
    # A stream, not the path: Pillow 13 maps an uncompressed TIFF into memory and scrambles it where it must be turned.
    with path.open("rb") as stream, Image.open(stream, formats=FORMATS) as picture:
        # An MPO is a camera's JPEG: after the photograph it holds previews or depth.
        if getattr(picture, "n_frames", 1) > 1 and picture.format != "MPO":
            raise UserError("holds several pictures; save the one you want as PNG")
        tags = picture.tag_v2 if isinstance(picture, TiffImageFile) else {}
        if tags.get(ExifTags.Base.NewSubfileType, 0) & 1:  # DNG and other raw files are TIFF files to Pillow
            raise UserError("holds only the preview of a raw photograph; develop that and save it as PNG")
        if picture.mode.startswith("I;16") or (picture.mode, picture.format) == ("I", "PPM"):
            return np.repeat(_deep_grey(picture)[..., None], 3, axis=2)
        if picture.mode not in PLAIN_MODES:
            raise UserError(f"has pixels of Pillow's mode {picture.mode}; save it as 8-bit grey or RGB")
        raw = "".join(str(tile.args) for tile in picture.tile) if picture.format == "PNG" else ""
        # Pillow cuts 16-bit colours off to their upper byte, without a word; those of a PPM it rounds.
        if "16" in raw or max(tags.get(ExifTags.Base.BitsPerSample, (8,))) > 8:
            raise UserError("has 16 bits per colour; save it with 8")
        if max(tags.get(ExifTags.Base.SampleFormat, (1,))) > 1:
            raise UserError("has pixels with a sign; save it as 8-bit grey or RGB")
        if raw in ("L;2", "L;4") and "transparency" in picture.info:
            # Pillow brings greys to 0..255, but not the one that is transparent.
            picture.info["transparency"] *= {"L;2": 85, "L;4": 17}[raw]
        upright = ImageOps.exif_transpose(picture)
        if upright.has_transparency_data:
            upright = upright.convert("RGBA")
            if upright.getchannel("A").getextrema() != (255, 255):
                raise UserError(TRANSPARENT)
        return np.array(upright.convert("RGB"))


def _deep_grey(picture: Image.Image) -> UInt8[np.ndarray, "h w"]:
    """Greys of more than 8 bits, upright and rounded to 8."""
    deep = np.asarray(ImageOps.exif_transpose(picture))
    if "transparency" in picture.info and (deep == picture.info["transparency"]).any():
        raise UserError(TRANSPARENT)
    if not isinstance(picture, TiffImageFile):
        return np.rint(deep / 257).astype(np.uint8)
    # Pillow neither scales 12 bits to 16 nor heeds that 0 may be white.
    white = 2 ** picture.tag_v2[ExifTags.Base.BitsPerSample][0] - 1
    grey = np.rint(deep / (white / 255)).astype(np.uint8)
    return grey if picture.tag_v2.get(ExifTags.Base.PhotometricInterpretation) else 255 - grey


def frame(image: np.ndarray, kind: Frame, long: int | None = None, short: int | None = None) -> np.ndarray:
    """The image at the size asked for, in one of four ways.

    * `native`: as it is.
    * `crop`: its centre, of this size.
    * `resize`: its centre of the right aspect, as large as fits, resized (Lanczos).
    * `corner`: its top left part of the right aspect, as large as fits and in whole pixels, resized (a triangle that is
      as wide as the reduction asks for, and rounded to 8 bits after each axis: Pillow's bilinear).

    An image wider than high becomes `long` wide and `short` high, any other `short` wide and `long` high. `UserError`,
    without the image's name, if it has a side under 11 pixels or is too small to crop.
    """
    height, width = image.shape[:2]
    if min(height, width) < SMALLEST:
        raise UserError(f"is {width}x{height} pixels; every side must have at least {SMALLEST}")
    if kind == "native" or long is None or short is None:
        return image
    to_width, to_height = (long, short) if width > height else (short, long)
    if kind != "crop":
        picture = Image.fromarray(image.squeeze(2) if image.shape[2] == 1 else image)
        resized = (_centre if kind == "resize" else _corner)(picture, to_width, to_height)
        return np.array(resized).reshape(to_height, to_width, -1)
    if width < to_width or height < to_height:
        raise UserError(
            f"is {width}x{height} pixels, too small for a crop of {to_width}x{to_height}; use frame: resize"
        )
    top, left = (height - to_height) // 2, (width - to_width) // 2
    return image[top : top + to_height, left : left + to_width]


def _centre(picture: Image.Image, width: int, height: int) -> Image.Image:
    return ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS)


def _corner(picture: Image.Image, width: int, height: int) -> Image.Image:
    scale = min(picture.width / width, picture.height / height)
    part = max(1, round(scale * width)), max(1, round(scale * height))
    # Cut first: a resize's `box` would let its right and lower ends see the pixels beyond them.
    return picture.crop((0, 0, *part)).resize((width, height), Image.Resampling.BILINEAR)
