"""A field's own gradient beside an image's."""

import numpy as np
import pytest

from refield.fields.mlp import Mlp
from refield.scores.fitted import Fitted
from refield.scores.slopes import field_edge_f_score, field_gradient_correlation, field_gradient_magnitude
from refield.signals import Image

# y = relu(W x + b) V + c with one row of W a channel: planes, of which relu cuts none.
RAMPS = Mlp(gates=("dense",), width=3, activation="relu", init="kaiming_normal")


def ramps(rows, columns, bias=10.0, shape=(8, 12)):
    """A field whose channels rise by `rows` and `columns` of intensity from one end of the image to the other, or less
    where that is below -bias."""
    weights = {
        "layers.0.weight": np.array([[rows, columns]]).transpose(0, 1, 2),
        "layers.0.bias": np.full((1, 3), bias),
        "layers.1.weight": np.eye(3)[None] / 2,
        "layers.1.bias": np.full((1, 3), -5.0),
    }
    points = Image(np.zeros((*shape, 3), np.uint8)).points()
    return Fitted(RAMPS, weights, points, None, 1.0)


def test_a_plane_has_the_slope_that_its_ends_say():
    """In levels a pixel: of luma, along both axes."""
    image = Image(np.zeros((8, 12, 3), np.uint8))
    found = field_gradient_magnitude(image, ramps([0.5, 0.0, 0.0], [0.0, 0.25, 0.0]))
    by_row, by_column = 0.299 * 127.5 * 0.5 / 7, 0.587 * 127.5 * 0.25 / 11
    np.testing.assert_allclose(found, np.hypot(by_row, by_column), rtol=1e-5)


@pytest.mark.parametrize(("rise", "score"), [(0.6, 1.0), (0.05, 0.0)])
def test_an_edge_is_found_by_a_field_that_is_as_steep(rise, score):
    """The picture is a plane, everywhere steep; a field of the same slope finds all of it, a flat one nothing."""
    columns = np.linspace(40, 40 + 127.5 * 0.6, 12)
    image = Image(np.broadcast_to(np.rint(columns)[None, :, None], (8, 12, 3)).astype(np.uint8).copy())
    fitted = ramps([0.0] * 3, [rise] * 3)
    assert field_edge_f_score(image, fitted) == score


def test_slopes_in_the_same_places_correlate():
    rises = np.maximum(np.linspace(-1, 1, 12), 0)
    image = Image(np.broadcast_to(np.rint(40 + 60 * rises)[None, :, None], (8, 12, 3)).astype(np.uint8).copy())
    right, left = ramps([0.0] * 3, [1.0] * 3, bias=0.0), ramps([0.0] * 3, [-1.0] * 3, bias=0.0)
    assert field_gradient_correlation(image, right) > 0.9
    assert field_gradient_correlation(image, left) < -0.9


def test_a_picture_without_edges_has_none_to_be_found():
    flat = Image(np.full((8, 12, 3), 9, np.uint8))
    assert field_edge_f_score(flat, ramps([0.0] * 3, [0.6] * 3)) == 1.0
