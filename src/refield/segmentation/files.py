"""Label maps of ours, read again."""

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from refield import files
from refield.errors import UserError


def read_labels(path: Path, shape: tuple[int, ...] | None = None, regions: int | None = None) -> np.ndarray:
    """The labels (h, w) uint8 of a file that `labels.encode` made; of this shape and fewer than `regions`, if given.

    `UserError` if it is missing or no such file.
    """
    data = files.read(path, links=True)
    try:
        return decode(data, shape, regions)
    except UserError as error:
        raise UserError(f"{path} {error}") from None


def decode(data: bytes, shape: tuple[int, ...] | None = None, regions: int | None = None) -> np.ndarray:
    """As `read_labels`, of a file's content; its `UserError` is without a file's name."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            # Pillow itself only warns of such, and refuses those of twice that size.
            if picture.width * picture.height > (Image.MAX_IMAGE_PIXELS or 0):
                raise Image.DecompressionBombError
            if picture.mode not in ("P", "L", "1"):
                raise UserError("holds colours, not labels")
            if shape not in (None, picture.size[::-1]):
                raise UserError(f"is {_size(picture.size[::-1])} pixels; it must be {_size(shape)}")
            labels = np.array(picture, dtype=np.uint8)
    except UserError:
        raise
    except Image.DecompressionBombError:
        raise UserError(f"has more than {Image.MAX_IMAGE_PIXELS} pixels") from None
    except (OSError, SyntaxError, ValueError):  # Pillow's, for damaged files
        raise UserError("is no readable map of labels") from None
    if regions is not None and labels.max() >= regions:
        raise UserError(f"has region {labels.max()}; the field has regions 0 to {regions - 1}")
    return labels


def _size(shape: tuple[int, ...] | None) -> str:
    """As one says it of pictures: width first."""
    return " x ".join(map(str, reversed(shape or ())))
