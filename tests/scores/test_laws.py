import numpy as np
import pytest
from scipy import stats

from refield.scores.laws import distribution

SHARES = (np.arange(1000) + 0.5) / 1000


@pytest.mark.parametrize(("law", "exact"), [("normal", stats.norm()), ("arcsine", stats.arcsine(-1, 2))])
def test_numbers_of_the_law_itself_are_half_a_step_away(law: str, exact) -> None:
    found = distribution(exact.ppf(SHARES).reshape(40, 25), law)
    assert found.distance == pytest.approx(0.5 / 1000)
    assert found.mean == pytest.approx(0, abs=1e-9)
    assert found.deviation == pytest.approx(exact.std(), rel=1e-2)


def test_a_uniform_law_is_as_far_from_the_arcsine_law_as_by_hand() -> None:
    """x/2 - asin(x)/pi is largest where sqrt(1 - x^2) = 2/pi."""
    x = np.sqrt(1 - (2 / np.pi) ** 2)
    assert distribution(2 * SHARES - 1, "arcsine").distance == pytest.approx(x / 2 - np.arcsin(x) / np.pi, abs=1e-3)


def test_another_mean_is_seen() -> None:
    """Of a normal law that is off by d: the largest difference is midway, 2 Phi(d / 2) - 1."""
    found = distribution(stats.norm.ppf(SHARES) + 0.6, "normal")
    assert (found.mean, found.deviation) == (pytest.approx(0.6), pytest.approx(1, rel=1e-2))
    assert found.distance == pytest.approx(2 * stats.norm.cdf(0.3) - 1, abs=1e-3)


def test_the_sine_of_a_normal_number_has_the_arcsine_law_only_nearly() -> None:
    assert 0.03 < distribution(np.sin(stats.norm.ppf(SHARES)), "arcsine").distance < 0.06
