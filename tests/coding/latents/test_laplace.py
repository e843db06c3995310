"""Frequencies of latents against scipy's Laplace distribution."""

import numpy as np
import pytest
from scipy.stats import laplace

from refield.coding.frequencies import TOTAL
from refield.coding.latents.laplace import EIGHTHS, LOWEST, SCALES, frequencies


@pytest.mark.parametrize("fraction", range(-4, 4))
@pytest.mark.parametrize("scale", [0, 17, 32, 33, 50, 96])
def test_they_are_the_shares_of_cells(fraction, scale):
    found = frequencies(40, fraction, scale) / TOTAL
    k, b = np.arange(-40, 41), 2.0 ** (LOWEST + scale / 8)
    wanted = laplace.cdf(k + 0.5, fraction / EIGHTHS, b) - laplace.cdf(k - 0.5, fraction / EIGHTHS, b)
    wanted /= wanted.sum()
    # In bits, as a file would grow; those that hardly ever come cost at most what the least frequency does.
    assert (wanted * np.log2(wanted.clip(2**-24) / found)).sum() < 2e-3
    np.testing.assert_allclose(found, wanted, atol=2e-3)


@pytest.mark.parametrize("largest", [1, 5, 2000])
@pytest.mark.parametrize("scale", [0, SCALES - 1])
def test_each_symbol_can_be_coded(largest, scale):
    for fraction in (-4, 0, 3):
        found = frequencies(largest, fraction, scale)
        assert found.min() >= 1
        assert found.sum() == TOTAL


def test_a_mean_in_the_middle_of_two_is_as_near_to_both():
    found = frequencies(9, -4, 40)
    assert abs(int(found[9]) - int(found[8])) <= 1 + found[9] // 1000  # 0 and -1 around -1/2
