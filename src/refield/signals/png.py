"""PNG files of ours."""

from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from refield import files
from refield.errors import UserError
from refield.signals.image import Image, squeezed


def read(path: Path) -> np.ndarray:
    """The pixels (h, w, c) uint8 of a PNG of ours; `UserError` if it is missing, damaged or of another kind."""
    data = files.read(path, links=True)
    try:
        return Image.decode(data).pixels
    except UserError as error:
        raise UserError(f"{path} {error}") from None


def write(path: Path, pixels: np.ndarray) -> None:
    """Write a PNG whose bytes depend on the pixels (h, w, c) alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(squeezed(pixels)).save(path, "PNG")
