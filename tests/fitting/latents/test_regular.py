"""Which points are all of a grid's."""

import numpy as np
import pytest

from refield.fitting.latents.regular import axes_of
from refield.signals import Image


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (1, 4), (4, 1), (1, 1)])
def test_an_images_pixels_are_and_its_axes_come_back(shape):
    points = Image(np.zeros((*shape, 3), np.uint8)).points()
    rows, columns = axes_of(points)
    assert (len(rows), len(columns)) == shape
    np.testing.assert_array_equal(points[:: shape[1], 0], rows)
    np.testing.assert_array_equal(points[: shape[1], 1], columns)


def test_others_are_not():
    points = Image(np.zeros((4, 6, 1), np.uint8)).points()
    order = np.random.default_rng(0).permutation(24)
    for other in (points[order], points[:-1], points[::-1], np.repeat(points, 2, axis=0), points[:, :1]):
        assert axes_of(other) is None
    moved = points.copy()
    moved[3, 1] += 1e-9
    assert axes_of(moved) is None
