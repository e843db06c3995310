"""An image that is given as a file or as an array: what it is called, and its pixels."""

from os import PathLike, fspath
from pathlib import Path

import numpy as np

from refield.config import Images
from refield.errors import UserError
from refield.signals import photographs

Picture = np.ndarray | str | PathLike[str]


def pixels_of(image: Picture, settings: Images, native: bool | None) -> tuple[str, np.ndarray]:
    """What an image is called, and its pixels (h, w, c) uint8."""
    if isinstance(image, str | PathLike):
        file = Path(fspath(image)).expanduser()
        if not file.is_file():
            raise UserError(f"{file} is {'no file' if file.exists() else 'missing'}")
        where, pixels, framed = str(file), photographs.load(file, settings.color), not native
    else:
        where, pixels, framed = "image", _uint8(np.asarray(image)), native is False
    try:
        return where, photographs.frame(pixels, settings.frame if framed else "native", settings.long, settings.short)
    except UserError as problem:
        raise UserError(f"{where}: {problem}") from None


def _uint8(array: np.ndarray) -> np.ndarray:
    """Pixels (h, w, c) uint8 of an array (h, w), (h, w, 1) or (h, w, 3) of uint8 or of floats in 0..1."""
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3)):
        raise UserError(f"image has shape {array.shape}; it must be (height, width) or (height, width, 3)")
    if np.issubdtype(array.dtype, np.floating):
        if array.size and not (array.min() >= 0 and array.max() <= 1):
            raise UserError(f"image has values from {array.min():g} to {array.max():g}; floats must lie in 0 to 1")
        array = np.rint(255 * array).astype(np.uint8)
    if array.dtype != np.uint8:
        raise UserError(f"image has values of type {array.dtype}; they must be uint8, or floats in 0 to 1")
    return array.reshape(*array.shape[:2], -1).copy()
