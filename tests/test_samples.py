import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from refield.samples import Samples, pixel_grid, sample_image, values_to_image


@given(arrays(np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 7), st.sampled_from([1, 3]))))
def test_an_image_survives_sampling(image):
    assert (values_to_image(sample_image(image).values, image.shape) == image).all()


def test_points_are_row_and_column_and_reach_both_ends():
    points = pixel_grid(3, 5).reshape(3, 5, 2)
    assert points[0, 0].tolist() == [-1, -1]
    assert points[2, 0].tolist() == [1, -1]
    assert points[0, 4].tolist() == [-1, 1]
    assert points[1, 1].tolist() == [0, -0.5]


def test_values_lie_in_minus_one_to_one_row_by_row():
    image = np.zeros((2, 3, 1), np.uint8)
    image[0, 2] = 255
    assert sample_image(image).values[:, 0].tolist() == [-1, -1, 1, -1, -1, -1]


def test_labels_go_with_their_pixels():
    labels = np.arange(6).reshape(2, 3)
    assert sample_image(np.zeros((2, 3, 3), np.uint8), labels).labels.tolist() == [0, 1, 2, 3, 4, 5]


def test_values_beyond_the_range_are_clamped_and_rounded():
    assert values_to_image(np.array([[-2.0], [2.0], [0.0]]), (1, 3, 1)).ravel().tolist() == [0, 255, 128]
    assert values_to_image(np.array([[0.9 / 127.5 - 1]]), (1, 1, 1)).item() == pytest.approx(1)


def test_weights_count_in_the_mean_squared_error_by_their_share():
    points, values = np.zeros((4, 2)), np.zeros((4, 1))
    samples = Samples(points, values, None, np.array([0.0, 2.0, 2.0, 4.0]))
    assert samples.mean_squared_error(np.array([[9.0], [1.0], [0.0], [1.0]])) == pytest.approx((2 + 4) / 8)
    assert Samples(points, values).mean_squared_error(np.array([[2.0], [0.0], [0.0], [0.0]])) == pytest.approx(1)


@pytest.mark.parametrize("weights", [[-1.0, 2.0], [0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0], [1.0]])
def test_impossible_weights_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        Samples(np.zeros((2, 2)), np.zeros((2, 1)), None, np.array(weights))
