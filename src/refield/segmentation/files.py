"""Label maps of ours, read again."""

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from refield.errors import UserError


def read_labels(path: Path) -> np.ndarray:
    """The labels (h, w) uint8 of a file that `labels.encode` made; `UserError` if it is missing or no such file."""
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            if picture.mode not in ("P", "L", "1"):
                raise UserError(f"{path} holds colours, not labels")
            return np.array(picture, dtype=np.uint8)
    except FileNotFoundError:
        raise UserError(f"{path} is missing") from None
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{path} is no readable map of labels") from None
