"""Tables of whole numbers, which a decoder must have exactly."""

import math
from hashlib import sha256

import numpy as np
import pytest
from coding import plain
from hypothesis import given, settings
from hypothesis import strategies as st

from refield.coding.frequencies import POWERS, TOTAL, best_spread, normalised, of_symbols


def test_powers_are_those_of_one_half():
    np.testing.assert_allclose(POWERS / 2**31, 2 ** (-np.arange(256) / 256), rtol=1e-8)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 2**38), min_size=2, max_size=80).filter(any))
def test_frequencies_are_positive_and_add_up(shares):
    found = normalised(np.array(shares, np.int64))
    assert found.min() >= 1
    assert found.sum() == TOTAL
    np.testing.assert_allclose(found / TOTAL, np.array(shares) / sum(shares), atol=(1 + len(shares)) / TOTAL)
    assert found.tolist() == plain.normalised(shares)


@pytest.mark.parametrize("largest", [1, 7, 500])
@pytest.mark.parametrize(("p", "d"), [(1, 0), (1, 37), (2, 9), (2, 127)])
def test_symbols_have_the_distribution_that_the_spread_says(largest, p, d):
    table = of_symbols(largest, 128 * (p - 1) + d)
    k = np.arange(-largest, largest + 1)
    wanted = 2 ** (-d / 4 * (np.abs(k) / largest) ** p)
    np.testing.assert_allclose(table / TOTAL, wanted / wanted.sum(), rtol=0.004, atol=2e-4)
    assert (table != table[::-1]).sum() <= 2  # what rounding left, at the first of the largest
    np.testing.assert_allclose(table, table[::-1], atol=len(table))
    assert table.tolist() == plain.of_symbols(largest, 128 * (p - 1) + d)


def test_tables_never_change():
    """Files that exist are decoded by them: another table is another version of the format."""
    tables = b"".join(of_symbols(m, spread).astype("<i8").tobytes() for m in (1, 5, 127, 4095) for spread in range(256))
    assert sha256(tables).hexdigest() == "108f73e7772f4fb87ab20ec788889fc551b55ab0b00e0afe0979ef3956a7c439"


@pytest.mark.parametrize("draw", ["normal", "laplace", "uniform"])
def test_the_spread_takes_nearly_as_few_bits_as_the_distribution_itself(draw):
    rng = np.random.default_rng(0)
    symbols = np.rint(getattr(rng, draw)(*((-30, 30) if draw == "uniform" else (0, 15)), 4000)).astype(int)
    largest = int(np.abs(symbols).max())
    table = of_symbols(largest, best_spread(symbols, largest)) / TOTAL
    bits = -np.log2(table[symbols + largest]).mean()
    entropy = {"normal": math.log2(15 * math.sqrt(2 * math.pi * math.e)), "laplace": math.log2(30 * math.e)}
    assert bits == pytest.approx(entropy.get(draw, math.log2(60)), rel=0.01)
    every = [-np.log2(of_symbols(largest, spread)[symbols + largest] / TOTAL).mean() for spread in range(0, 256, 3)]
    assert bits <= min(every) + 1e-9
