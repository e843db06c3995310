import math

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, binary_erosion, distance_transform_cdt

from refield.scores.edges import (
    edge_error,
    edge_f_score,
    edges,
    flat_error,
    gradient_correlation,
    gradient_magnitude,
    steepness,
)

RNG = np.random.default_rng(0)


def square(top: int = 10, left: int = 12, inside: int = 200, outside: int = 30, channels: int = 1) -> np.ndarray:
    pixels = np.full((40, 48, channels), outside, np.uint8)
    pixels[top : top + 16, left : left + 20] = inside
    return pixels


def noise(channels: int = 1) -> np.ndarray:
    return RNG.integers(0, 256, (40, 48, channels), dtype=np.uint8)


FLAT = np.full((40, 48, 1), 7, np.uint8)


@pytest.mark.parametrize("pixels", [square(), noise(), noise(3), FLAT], ids=["square", "grey", "rgb", "flat"])
def test_an_image_agrees_with_itself(pixels: np.ndarray) -> None:
    assert gradient_correlation(pixels, pixels) == 1
    assert edge_f_score(pixels, pixels) == 1


@pytest.mark.parametrize("measure", [gradient_correlation, edge_f_score])
def test_a_flat_picture_agrees_with_no_edge(measure) -> None:
    assert measure(square(), FLAT) == measure(FLAT, square()) == 0


@pytest.mark.parametrize("measure", [gradient_correlation, edge_f_score])
def test_both_measures_are_symmetric(measure) -> None:
    first, second = noise(3), noise(3)
    assert measure(first, second) == pytest.approx(measure(second, first))


def test_the_gradient_of_a_ramp_is_its_slope() -> None:
    """In levels per pixel, along rows and columns together."""
    rows, columns = np.mgrid[:40, :48]
    magnitude = gradient_magnitude((3 * rows + 2 * columns)[..., None].astype(np.uint8))
    np.testing.assert_allclose(magnitude[1:-1, 1:-1], np.hypot(3, 2))


def test_the_correlation_is_pearsons_of_the_magnitudes() -> None:
    first, second = noise(), noise()
    expected = np.corrcoef(gradient_magnitude(first).ravel(), gradient_magnitude(second).ravel())[0, 1]
    assert gradient_correlation(first, second) == pytest.approx(expected, rel=1e-12)


def test_neither_contrast_nor_brightness_nor_sign_counts_for_the_correlation() -> None:
    """Nor for edges that are strong in both."""
    for other in (square(inside=115), square(inside=230, outside=60), square(inside=30, outside=200)):
        assert gradient_correlation(square(), other) == pytest.approx(1)
        assert edge_f_score(square(), other) == 1


def test_an_edge_may_be_off_by_a_pixel_and_no_more() -> None:
    assert edge_f_score(square(), square(top=11)) == 1
    assert edge_f_score(square(), square(top=11, left=13)) == 1
    scores = [edge_f_score(square(), square(top=10 + k)) for k in (2, 3)]
    assert max(scores) < 0.9  # the two sides that slide along themselves are found
    assert gradient_correlation(square(), square(top=13)) < gradient_correlation(square(), square(top=11)) < 1


def test_the_score_is_that_of_distances() -> None:
    """By a transform that gives each pixel its chessboard distance from the nearest edge."""
    first, second = square(), np.where(RNG.random((40, 48, 1)) < 0.02, noise(), square(top=12))
    theirs, ours = edges(first), edges(second)
    near = [distance_transform_cdt(~found, "chessboard") <= 1 for found in (theirs, ours)]
    precision, recall = np.mean(near[0][ours]), np.mean(near[1][theirs])
    assert 0 < precision < 1
    assert edge_f_score(first, second) == pytest.approx(2 / (1 / precision + 1 / recall))


def test_edges_that_are_far_apart_have_nothing_in_common() -> None:
    left, right = (np.zeros((40, 48, 1), np.uint8) for _ in range(2))
    left[:, 10:], right[:, 30:] = 255, 255
    assert edges(left).any()
    assert edges(right).any()
    assert edge_f_score(left, right) == 0
    assert gradient_correlation(left, right) < 0


def test_the_edge_of_a_step_is_at_its_side() -> None:
    """Between two columns, which are equally steep: both, or the one that rounding makes the steeper."""
    step = np.zeros((40, 48, 1), np.uint8)
    step[:, 20:] = 255
    found = edges(step)
    assert found[2:-2].any(axis=1).all()
    assert set(np.nonzero(found)[1]) <= {19, 20}


def test_a_step_of_few_levels_is_no_edge() -> None:
    assert not edges(square(inside=40)).any()


def test_errors_on_edges_and_where_it_is_flat_are_means_over_pixels_and_channels() -> None:
    """Of a square, on edges are the pixels that touch its side, be it over a corner, from within or without."""
    inside = square()[..., 0] == 200
    edge = binary_dilation(inside, np.ones((3, 3))) & ~binary_erosion(inside, np.ones((3, 3)))
    picture, other = square(channels=3), square(channels=3)
    other[edge] += np.array([30, 0, 0], np.uint8)
    other[~edge] -= np.array([3, 3, 9], np.uint8)
    assert edge_error(picture, other) == pytest.approx(10)
    assert flat_error(picture, other) == pytest.approx(5)


@pytest.mark.parametrize(
    ("slope", "on_edge", "flat"), [(2, False, True), (3, False, False), (24, False, False), (25, True, False)]
)
def test_what_is_steep_and_what_is_flat_are_shares_of_the_steepest(slope: int, on_edge: bool, flat: bool) -> None:
    """Which here is a step of 200 levels, 100 per pixel; what lies between counts for neither."""
    row = np.array([*8 * [0], *8 * [200], *(200 - slope * np.arange(8))], np.uint8)
    picture = np.tile(row[:, None], (12, 1, 1))
    other = picture.copy()
    other[:, 18:22] += np.uint8(9)  # the middle of the slope, and nothing else
    assert (edge_error(picture, other) > 0, flat_error(picture, other) > 0) == (on_edge, flat)


def test_two_colours_of_one_luma_have_an_edge() -> None:
    red, blue = (100, 0, 0), (0, 41, 51)
    picture = np.where(square(channels=3) == 200, np.array(red, np.uint8), np.array(blue, np.uint8))
    assert gradient_magnitude(picture).max() == 0
    np.testing.assert_array_equal(steepness(picture) > 0, steepness(square()) > 0)
    assert edge_error(picture, picture) == 0


def test_a_picture_of_one_colour_has_no_edges_and_a_ramp_no_flat_pixel() -> None:
    assert math.isnan(edge_error(FLAT, noise()))
    assert flat_error(FLAT, FLAT + np.uint8(4)) == 4
    ramp = np.tile((5 * np.arange(48, dtype=np.uint8))[:, None], (40, 1, 1))
    assert edge_error(ramp, ramp + np.uint8(1)) == 1
    assert math.isnan(flat_error(ramp, ramp))
