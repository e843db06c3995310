import numpy as np
import pandas as pd
import pytest
from scipy import stats

from refield.scores.paired import difference

NAMES = [f"kodim{i:02}" for i in range(1, 9)]


def series(values):
    return pd.Series(values, index=NAMES)


def test_mean_interval_and_wins_are_by_image():
    rng = np.random.default_rng(0)
    base = rng.normal(35, 4, 8)  # images differ far more than methods
    gain = rng.normal(0.8, 0.3, 8)
    found = difference(series(base + gain)[::-1], series(base))
    interval = stats.ttest_rel(base + gain, base).confidence_interval()
    assert found.mean == pytest.approx(gain.mean())
    assert (found.low, found.high) == pytest.approx(tuple(interval))
    assert (found.wins, found.images) == ((gain > 0).sum(), 8)
    assert found.p == pytest.approx(stats.wilcoxon(gain).pvalue)
    assert found.clear


def test_no_difference_is_not_clear():
    found = difference(series(np.arange(8.0)), series(np.arange(8.0)))
    assert (found.mean, found.p, found.wins, found.clear) == (0, 1, 0, False)


@pytest.mark.parametrize("other", [series(range(8))[1:], series(range(8)).rename({"kodim01": "x"})])
def test_other_images_are_refused(other):
    with pytest.raises(ValueError, match="same images"):
        difference(series(range(8)), other)


def test_words():
    assert str(difference(series(np.arange(8.0) + [1, 2] * 4), series(np.arange(8.0)))) == "+1.50 dB [+1.05, +1.95]"
