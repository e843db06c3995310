"""Bjontegaard's delta rate (VCEG-M33, 2001): how many bits more one codec takes than another at equal PSNR.

The logarithm of the rate is interpolated over PSNR by PCHIP rather than by one cubic, which may swing between points,
and the difference of both is averaged over the range of PSNR that both curves have.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from refield.scores.numbers import number
from refield.scores.paired import FEWEST
from refield.scores.rates import Curve, pchip


def bd_rate(anchor: Curve, test: Curve) -> float | None:
    """Bits of `test` beyond those of `anchor`, in per cent; negative where it takes fewer.

    None if the curves have no range of PSNR in common.
    """
    low, high = max(anchor.quality[0], test.quality[0]), min(anchor.quality[-1], test.quality[-1])
    if low >= high:
        return None
    anchors, tests = (float(pchip(each.quality, np.log(each.bpp)).integrate(low, high)) for each in (anchor, test))
    return 100 * float(np.expm1((tests - anchors) / (high - low)))


@dataclass(frozen=True)
class MeanRate:
    """The mean BD-rate over images, in per cent."""

    mean: float
    low: float  # 95 % confidence interval of the mean, by Student's t; NaN of fewer than three images
    high: float
    images: int  # whose curves overlap
    of: int  # images that both codecs have

    def __str__(self) -> str:
        words = f"{number(self.mean, 1, '+')} %"
        if not np.isnan(self.low):
            words += f" [{number(self.low, 1, '+')}, {number(self.high, 1, '+')}]"
        return words if self.images == self.of else f"{words}, {self.images} of {self.of} images"


def mean_bd_rate(anchor: Mapping[str, Curve], test: Mapping[str, Curve]) -> MeanRate | None:
    """BD-rates image by image, of the images that both have; None if no image's curves overlap."""
    both = [image for image in anchor if image in test]
    found = [each for image in both if (each := bd_rate(anchor[image], test[image])) is not None]
    if not found:
        return None
    mean, reach = float(np.mean(found)), float("nan")
    if len(found) >= FEWEST:
        from scipy import stats  # a second to import

        reach = float(stats.sem(found) * stats.t.ppf(0.975, len(found) - 1))
    return MeanRate(mean, mean - reach, mean + reach, len(found), len(both))
