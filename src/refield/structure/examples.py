"""Pictures with masks, as they lie in a folder: X, and in X_mask what is to be seen in it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from refield.errors import UserError
from refield.signals import photographs

MASK = "_mask"  # the end of a mask's name, after its picture's


@dataclass(frozen=True)
class Example:
    """A picture, and what is to be seen in it."""

    pixels: np.ndarray  # (h, w, c) uint8
    mask: np.ndarray  # (h, w) bool


def read_examples(
    folder: Path,
    color: Literal["rgb", "grey"],
    frame: photographs.Frame,
    long: int | None,
    short: int | None,
) -> dict[str, Example]:
    """A folder's pictures by their names, and their masks, both framed as `photographs.frame` does it.

    A mask is white where it is and black elsewhere; a resized one is where most of a pixel was white. `UserError` names
    a file that is no such picture, or that is missing.
    """
    files = {path.stem: path for path in sorted(folder.iterdir())} if folder.is_dir() else {}
    if lacking := [name for name in files if not name.endswith(MASK) and f"{name}{MASK}" not in files]:
        raise UserError(f"{files[lacking[0]]} has no mask beside it, {lacking[0]}{MASK}")
    examples = {}
    for name, path in files.items():
        if not name.endswith(MASK):
            pixels, mask = photographs.load(path, color), photographs.load(files[f"{name}{MASK}"], "grey")
            if not np.isin(mask, (0, 255)).all():
                raise UserError(f"{files[f'{name}{MASK}']} has greys; a mask is white where it is and black elsewhere")
            if mask.shape[:2] != pixels.shape[:2]:
                raise UserError(f"{files[f'{name}{MASK}']} is of another size than {path}")
            pixels, mask = (photographs.frame(each, frame, long, short) for each in (pixels, mask))
            examples[name] = Example(pixels, mask[..., 0] > 127)
    return examples
