import numpy as np
import pytest
from pydantic import ValidationError
from skimage import data
from skimage.filters import sobel
from skimage.measure import label
from skimage.morphology import local_minima

from refield.segmentation.watershed import Watershed, gradient

IMAGE = data.astronaut()[60:108, 180:244]


def test_gradient_of_a_ramp_is_its_slope():
    rows, columns = np.mgrid[0:20, 0:30]
    ramp = (3 * rows + 4 * columns)[..., None].astype(np.uint8)
    # Sobel's kernel weighs 8 such differences.
    np.testing.assert_allclose(gradient(ramp, 0.0)[1:-1, 1:-1], 8 * 5)
    np.testing.assert_allclose(gradient(np.repeat(ramp, 3, axis=2), 1.0)[5:-5, 5:-5], 8 * 5 * np.sqrt(3))


def test_gradient_is_scikit_images_up_to_scale():
    grey = IMAGE[..., :1]
    np.testing.assert_allclose(gradient(grey, 0.0), 4 * np.sqrt(2) * sobel(grey[..., 0].astype(float)), atol=1e-9)


def test_colour_has_edges_where_luminance_has_none():
    image = np.zeros((12, 20, 3), np.uint8)
    image[:, :9, 0], image[:, 9:, 1] = 200, 102  # of the same luma
    labels = Watershed()(image, 2).labels
    np.testing.assert_array_equal(labels == labels[0, 0], np.broadcast_to(np.arange(20) < 9, (12, 20)))


def test_each_minimum_has_a_basin_of_its_own():
    minima = label(local_minima(gradient(IMAGE, 1.0), connectivity=1), connectivity=1)
    pieces = Watershed().pieces(IMAGE)
    assert len(np.unique(pieces)) == minima.max()
    basins = [np.unique(pieces[minima == k]) for k in range(1, minima.max() + 1)]
    assert all(len(basin) == 1 for basin in basins)
    assert len(np.unique(np.concatenate(basins))) == minima.max()


def test_a_valley_is_flooded_up_to_its_ridge():
    """Brightness between two plateaus, steepest at column 14: the basins meet there."""
    profile = 60 + 120 / (1 + np.exp(-(np.arange(40) - 13.5)))
    image = np.broadcast_to(profile.astype(np.uint8)[None, :, None], (15, 40, 1))
    np.testing.assert_array_equal(Watershed()(image, 2).labels, np.broadcast_to(np.arange(40) > 13, (15, 40)))


@pytest.mark.parametrize("sigma", [0.0, 1.0])
def test_clean_bands_are_found_exactly(sigma):
    rows, columns = np.mgrid[0:40, 0:90]
    bands = np.digitize(columns + rows // 3, [30, 55, 80])
    image = np.array([(20, 30, 90), (200, 60, 40), (90, 200, 80), (250, 240, 200)], np.uint8)[bands]
    np.testing.assert_array_equal(Watershed(sigma=sigma)(image, 4).labels, bands)


def test_smoothing_leaves_fewer_basins():
    counts = [len(np.unique(Watershed(sigma=sigma).pieces(IMAGE))) for sigma in (0.0, 1.0, 3.0)]
    assert counts == sorted(counts, reverse=True)
    assert counts[2] < counts[0] / 4


def test_regions_are_whole_basins_and_connected():
    pieces, labels = Watershed().pieces(IMAGE), Watershed()(IMAGE, 5).labels
    assert all(len(np.unique(labels[pieces == piece])) == 1 for piece in np.unique(pieces))
    assert label(labels, background=-1, connectivity=1).max() == 5


def test_sigma_is_not_negative():
    with pytest.raises(ValidationError, match=r"\nsigma\n  Input should be greater than or equal to 0"):
        Watershed(sigma=-0.5)
