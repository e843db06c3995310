"""PNG files of ours."""

from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from refield.errors import UserError
from refield.signals.image import Image, squeezed


def read(path: Path) -> np.ndarray:
    """The pixels (h, w, c) uint8 of a PNG of ours; `UserError` if it is missing or damaged."""
    try:
        return Image.decode(path.read_bytes()).pixels
    except FileNotFoundError:
        raise UserError(f"{path} is missing") from None
    except UserError as error:
        raise UserError(f"{path} {error}") from None


def write(path: Path, pixels: np.ndarray) -> None:
    """Write a PNG whose bytes depend on the pixels (h, w, c) alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(squeezed(pixels)).save(path, "PNG")
