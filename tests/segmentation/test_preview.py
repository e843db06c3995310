import numpy as np
import pytest
from skimage import data

from refield.segmentation import SEGMENTERS
from refield.segmentation.labels import palette
from refield.segmentation.preview import preview
from refield.segmentation.segmentation import Segmentation, segment

IMAGE = data.coffee()[::4, ::4]  # 100 x 150


@pytest.mark.parametrize("name", ["equal_bin", "multi_otsu", "random_map", "turned"])
def test_shows_image_map_and_histogram(name):
    segmentation = segment(IMAGE, SEGMENTERS[name](), 4)
    shown = preview(IMAGE, segmentation, height=50)
    assert shown.shape == (100 + 50, 2 * 150, 3)
    np.testing.assert_array_equal(shown[:100, :150], IMAGE)
    np.testing.assert_array_equal(shown[:100, 150:], palette(4)[segmentation.labels])
    below = shown[100:]
    assert below[0].min(axis=1).max() == 255
    colors = {tuple(color) for color in below.reshape(-1, 3)}
    regions = {tuple(color) for color in palette(4)}
    # Without thresholds the histogram is grey.
    assert regions <= colors if segmentation.thresholds is not None else not regions & colors


def test_is_small_and_takes_grey_and_flat_images():
    image = np.zeros((300, 500, 1), np.uint8)
    image[9, 9] = 1
    shown = preview(image, Segmentation(image[..., 0], np.array([1.0])), width=200, height=10)
    assert shown.shape == (60 + 10, 200, 3)
