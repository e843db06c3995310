"""Statistical region merging, joined: neighbours become one as long as chance may explain how their colours differ.

R. Nock and F. Nielsen, IEEE Trans. PAMI 26(11), 2004. That neighbours become K regions is ours, hence a Q above the
paper's 32, which leaves small photographs in less than K. Known code takes delta for 1 / (6 |I|)^2; here it is the
paper's 1 / (6 |I|^2).
"""

import math
from typing import Annotated

import numpy as np
from pydantic import Field

from refield.segmentation.joining import join, roots
from refield.segmentation.segmentation import Segmentation
from refield.strict import Strict

LEVELS = 256  # g, the values that a channel may have


class Srm(Strict):
    """The segmenter."""

    q: Annotated[float, Field(gt=0, le=65536)] = 256.0  # Q, how complex the scene may be: the larger, the more pieces

    def __call__(self, image: np.ndarray, regions: int) -> Segmentation:
        return join(self.pieces(image), image, regions)

    def pieces(self, image: np.ndarray) -> np.ndarray:
        """The merged regions, integers (h, w)."""
        parent = list(range(image[..., 0].size))
        pixels = [1] * len(parent)
        sums = [channel.ravel().tolist() for channel in np.moveaxis(image, 2, 0)]
        deviation = [math.inf, *squared_deviations(len(parent), self.q)]
        for one, other in sorted_pairs(image):
            while parent[one] != one:
                parent[one] = one = parent[parent[one]]
            while parent[other] != other:
                parent[other] = other = parent[parent[other]]
            if one == other:
                continue
            n, m = pixels[one], pixels[other]
            bound = deviation[n] + deviation[m]
            for total in sums:
                if (total[one] / n - total[other] / m) ** 2 > bound:
                    break
            else:
                if n < m:
                    one, other = other, one
                parent[other], pixels[one] = one, n + m
                for total in sums:
                    total[one] += total[other]
        return roots(parent)[np.arange(len(parent)).reshape(image.shape[:2])]


def squared_deviations(pixels: int, q: float) -> list[float]:
    """b(R)^2 of a region of 1, 2, ... pixels in an image of so many, eq. (6) with |R_l| <= (l + 1)^min(l, g)."""
    log_delta = -math.log(6 * pixels**2)
    return [
        LEVELS**2 / (2 * q * size) * (min(size, LEVELS) * math.log(size + 1) - log_delta)
        for size in range(1, pixels + 1)
    ]


def sorted_pairs(image: np.ndarray) -> list[tuple[int, int]]:
    """4-neighbours as indices of pixels, by their largest difference in a channel; equal ones row by row."""
    height, width, _ = image.shape
    values = image.astype(np.int16)
    apart = np.full((height, width, 2), LEVELS, np.uint16)  # from the pixel to the right, from the one below
    apart[:, :-1, 0] = np.abs(np.diff(values, axis=1)).max(axis=2)
    apart[:-1, :, 1] = np.abs(np.diff(values, axis=0)).max(axis=2)
    order = np.argsort(apart, axis=None, kind="stable")[: np.count_nonzero(apart < LEVELS)]
    one = order // 2
    return list(zip(one.tolist(), (one + np.where(order % 2, width, 1)).tolist(), strict=True))
