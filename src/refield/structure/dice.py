"""Dice's coefficient: how far two masks agree (Dice 1945, https://doi.org/10.2307/1932409)."""

import numpy as np
from jaxtyping import Bool, Float

from refield.arrays import Tensor


def dice(one: Bool[np.ndarray, "h w"], other: Bool[np.ndarray, "h w"]) -> float:
    """2 |A and B| / (|A| + |B|) of two masks, in [0, 1]; 1 where both are empty."""
    total = int(one.sum()) + int(other.sum())
    return 2 * int((one & other).sum()) / total if total else 1.0


def soft_dice(probabilities: Float[Tensor, "h w"], mask: Float[Tensor, "h w"]) -> Float[Tensor, ""]:
    """The same of probabilities in (0, 1) and a mask of zeros and ones: a pixel counts as much as it is probable."""
    return 2 * (probabilities * mask).sum() / (probabilities.sum() + mask.sum())
