"""By how much one method is better than another in a profile, and how sure that is."""

import math
from dataclasses import dataclass

import numpy as np

from refield.reports.results import Scores
from refield.scores.paired import difference


@dataclass(frozen=True)
class Gain:
    """A difference of two methods, and the ends of its interval."""

    mean: float
    low: float
    high: float
    says: str = ""

    @property
    def known(self) -> bool:
        return all(map(math.isfinite, (self.mean, self.low, self.high)))


NO_GAIN = Gain(math.nan, math.nan, math.nan)


def gain_of(scores: Scores, better: str, worse: str) -> Gain:
    """Image by image; without an interval for fewer than three images."""
    values = scores.by_image()
    if not {better, worse} <= set(values):
        return NO_GAIN
    both = values[[better, worse]].dropna()
    gains = (both[better] - both[worse]).to_numpy(dtype=float)
    if not len(gains) or not np.isfinite(gains).all():
        return NO_GAIN
    wins = int(((gains > 0) if scores.ranking.higher_is_better else (gains < 0)).sum())
    says = f"better on {wins} of {len(gains)} images"
    if len(gains) < 3:
        return Gain(gains.mean(), gains.mean(), gains.mean(), says)
    found = difference(both[better], both[worse])
    return Gain(found.mean, found.low, found.high, f"{says}, {found.verdict}")
