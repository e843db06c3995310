"""What needs no field: other answers to the same questions, which scores set beside a field's.

scikit-image is imported where it is used, as in `metrics`.
"""

from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, UInt8

from refield.signals.resizing import Aligned, resized


def biharmonic(pixels: UInt8[np.ndarray, "h w c"], hidden: Bool[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w c"]:
    """The image with its hidden pixels filled by the smoothest surface through the others, channel by channel.

    Damelin and Hoang 2018 (https://doi.org/10.1155/2018/3950312), as scikit-image solves it; nothing is read of what is
    hidden. A second for an image of 768 x 512 under lines of text; 16 seconds and 1.5 GB if 80 % of it are hidden at
    random.
    """
    from skimage.restoration import inpaint_biharmonic

    known = np.where(hidden[..., None], 0, pixels)
    filled = inpaint_biharmonic(known / 255, hidden, split_into_regions=True, channel_axis=-1)
    return np.rint(255 * np.clip(filled, 0, 1)).astype(np.uint8)


def enlarged(
    values: Float[np.ndarray, "h w c"], factor: int, by: Literal["bicubic", "lanczos"], aligned: Aligned = "centres"
) -> Float[np.ndarray, "H W c"]:
    """An image of `factor` times the pixels of each side, neither clamped nor rounded."""
    height, width, _ = values.shape
    return resized(values, (factor * height, factor * width), by, aligned)
