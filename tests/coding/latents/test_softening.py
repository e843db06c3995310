"""What is shown of latents: derivatives against differences, and where softening leads."""

from itertools import pairwise

import numpy as np
import pytest

from refield.coding.latents.softening import Softness, shown, soften


@pytest.mark.parametrize("temperature", [1.0, 0.3, 0.1])
def test_slopes_are_those_of_differences(temperature):
    rng = np.random.default_rng(0)
    x, noise = rng.uniform(-3, 3, 500), rng.uniform(-0.4, 0.4, 500)
    _, slope = shown(x, noise, temperature)
    ahead, behind = (shown(x + h, noise, temperature)[0] for h in (1e-6, -1e-6))
    near = np.abs(slope - (ahead - behind) / 2e-6) < 1e-3 * (1 + np.abs(slope))
    assert near.mean() > 0.98  # at edges of cells the slope jumps


def test_rounding_is_soft_then_hard_and_keeps_whole_numbers():
    x = np.linspace(-2, 2, 401)
    whole = np.arange(-2, 3)
    np.testing.assert_allclose(soften(whole + 1e-9, 0.2)[0], whole, atol=1e-6)
    softest, hardest = (np.abs(soften(x, t)[0] - np.floor(x) - (x % 1 > 0.5)) for t in (0.5, 0.02))
    assert hardest.mean() < 0.1 * softest.mean()


def test_noise_gathers():
    wide, narrow = Softness.at(1.0, 1e-3).noise(), Softness.at(0.0, 1e-3).noise()
    assert wide.min() >= -0.5
    assert wide.max() <= 0.5
    np.testing.assert_allclose([wide.mean(), wide.std()], [0, 12**-0.5], atol=1e-3)  # uniform
    assert narrow.std() < 0.8 * wide.std()
    histogram, edges = np.histogram(narrow, 50)
    assert abs(edges[histogram.argmax()]) < 0.15


def test_rectifiers_leak_at_first_and_are_tight_in_the_second_half():
    leaks = [Softness.at(progress, 1e-3).leak for progress in np.linspace(0, 1, 9)]
    assert leaks[0] == 0.2
    assert all(after < before for before, after in pairwise(leaks[:5]))
    assert not any(leaks[4:])


def test_rounding_begins_softer_where_bits_are_cheap():
    dear, middle, cheap, free = (Softness.at(0.0, lambda_).temperature for lambda_ in (1.0, 1e-3, 1e-4, 1e-9))
    assert 0.3 == dear < middle < cheap < free == 1.0
    for lambda_ in (1.0, 1e-3, 1e-9):  # C3's end, whatever bits cost; and on the way there it only hardens
        way = [Softness.at(progress, lambda_).temperature for progress in np.linspace(0, 1, 9)]
        assert way[-1] == pytest.approx(0.1)
        assert all(after < before for before, after in pairwise(way))
