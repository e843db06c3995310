"""Two methods on the same images: the difference of their PSNR, image by image."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from refield.scores.numbers import number

FEWEST = 3  # images or seeds that have an interval


@dataclass(frozen=True)
class Difference:
    """The first method's PSNR minus the second's, in dB."""

    mean: float
    low: float  # 95 % confidence interval of the mean, by Student's t
    high: float
    p: float  # of Wilcoxon's signed-rank test that the differences lie about zero
    wins: int  # images on which the first is better
    images: int

    @property
    def clear(self) -> bool:
        """Whether zero lies outside of the interval."""
        return self.low > 0 or self.high < 0

    @property
    def verdict(self) -> str:
        return "clear of zero" if self.clear else "not clear of zero"

    def __str__(self) -> str:
        return f"{number(self.mean, sign='+')} dB [{number(self.low, sign='+')}, {number(self.high, sign='+')}]"


def difference(first: pd.Series, second: pd.Series) -> Difference:
    """Of two series by image; `ValueError` unless both have the same images, and at least `FEWEST`."""
    if set(first.index) != set(second.index) or len(first) < FEWEST:
        raise ValueError(f"a paired comparison needs the same images, {FEWEST} or more, on both sides")
    from scipy import stats  # a second to import

    gain = (first - second).to_numpy(dtype=float)
    mean, error = float(gain.mean()), float(stats.sem(gain))
    reach = error * float(stats.t.ppf(0.975, len(gain) - 1))
    p = 1.0 if not gain.any() else float(stats.wilcoxon(gain).pvalue)
    return Difference(mean, mean - reach, mean + reach, p, int(np.sum(gain > 0)), len(gain))
