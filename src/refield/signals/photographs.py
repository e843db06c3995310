"""Photographs in any common format, brought to 8-bit images of the size that is asked for."""

import warnings
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from refield.errors import UserError
from refield.signals.image import luma

SMALLEST = 11  # pixels, the window of SSIM; config allows no smaller side either
PLAIN_MODES = ("1", "L", "P", "RGB", "LA", "PA", "RGBA", "RGBX", "YCbCr")


def load(path: Path, color: Literal["rgb", "grey"]) -> np.ndarray:
    """A photograph in any common format, upright, 8-bit, with 3 channels (`rgb`) or 1 (`grey`, the luma).

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
        reason = "is not an image in a format that Pillow reads" if path.stat().st_size else "is empty"
        raise UserError(f"{path} {reason}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UserError(f"{path} has more than {Image.MAX_IMAGE_PIXELS} pixels") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None
    except Exception as error:  # a decoder may raise almost anything on a damaged file
        raise UserError(f"{path} cannot be read, it may be damaged: {error}") from error
    return luma(pixels)[..., None] if color == "grey" else pixels


def _opaque_rgb(path: Path) -> np.ndarray:
    # A stream, not the path: Pillow 13 maps an uncompressed TIFF into memory and scrambles it where it must be turned.
    with path.open("rb") as stream, Image.open(stream) as picture:
        # An MPO is a camera's JPEG: after the photograph it holds previews or depth.
        if getattr(picture, "n_frames", 1) > 1 and picture.format != "MPO":
            raise UserError("holds several pictures; save the one you want as PNG")
        if picture.mode.startswith("I;16"):
            grey = np.rint(np.asarray(ImageOps.exif_transpose(picture)) / 257).astype(np.uint8)
            return np.repeat(grey[..., None], 3, axis=2)
        # Pillow cuts 16-bit colours off to their upper byte, without a word.
        if picture.format in ("PNG", "TIFF") and any("16" in str(tile[3]) for tile in picture.tile):
            raise UserError("has 16 bits per colour; save it with 8")
        if picture.mode not in PLAIN_MODES:
            raise UserError(f"has pixels of Pillow's mode {picture.mode}; save it as 8-bit grey or RGB")
        upright = ImageOps.exif_transpose(picture)
        if upright.has_transparency_data:
            upright = upright.convert("RGBA")
            if upright.getchannel("A").getextrema() != (255, 255):
                raise UserError("is transparent in places; flatten it onto a background first")
        return np.array(upright.convert("RGB"))


def frame(
    image: np.ndarray, fit: Literal["native", "crop", "resize"], long: int | None = None, short: int | None = None
) -> np.ndarray:
    """The image at the size asked for: as it is, its centre, or its centre of the right aspect, resized (Lanczos).

    An image wider than high becomes `long` wide and `short` high, any other `short` wide and `long` high. `UserError`,
    without the image's name, if it has a side under 8 pixels or is too small to crop.
    """
    height, width = image.shape[:2]
    if min(height, width) < SMALLEST:
        raise UserError(f"is {width}x{height} pixels; every side must have at least {SMALLEST}")
    if fit == "native" or long is None or short is None:
        return image
    to_width, to_height = (long, short) if width > height else (short, long)
    if fit == "resize":
        picture = Image.fromarray(image.squeeze(2) if image.shape[2] == 1 else image)
        pixels = np.array(ImageOps.fit(picture, (to_width, to_height), Image.Resampling.LANCZOS))
        return pixels.reshape(to_height, to_width, -1)
    if width < to_width or height < to_height:
        raise UserError(f"is {width}x{height} pixels, too small for a crop of {to_width}x{to_height}; use fit: resize")
    top, left = (height - to_height) // 2, (width - to_width) // 2
    return image[top : top + to_height, left : left + to_width]
