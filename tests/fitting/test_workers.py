"""Threads that compute alone."""

import numpy as np
import torch

from refield.fitting.workers import Workers

SMALL = np.float32(2e-38)


def tenth_of_small(_):
    return float((SMALL * np.full(16, 0.1, np.float32)).max()), float(torch.tensor([SMALL]).mul(0.1))


def test_numbers_below_the_smallest_with_all_digits_are_0_where_fits_are_made_and_nowhere_else():
    """A fit of Gaussians is full of them, and each costs a processor as much as a hundred others."""
    before = tenth_of_small(None)
    assert min(before) > 0
    with Workers(2) as workers:
        assert list(workers.map(tenth_of_small, range(4))) == [(0.0, 0.0)] * 4
    assert tenth_of_small(None) == before
