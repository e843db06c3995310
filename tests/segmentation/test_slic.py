import numpy as np
import pytest
from pydantic import ValidationError
from skimage import data
from skimage.measure import label
from skimage.metrics import normalized_mutual_information
from skimage.segmentation import slic

from refield.segmentation.slic import Slic

IMAGE = data.astronaut()[60:156, 180:308]


def test_pieces_are_scikit_images():
    np.testing.assert_array_equal(
        Slic(superpixels=60, compactness=5.0, sigma=1.0).pieces(IMAGE),
        slic(IMAGE, n_segments=60, compactness=5, sigma=1, start_label=0),
    )


def test_regions_are_whole_superpixels_and_connected():
    segmenter = Slic(superpixels=80)
    pieces, labels = segmenter.pieces(IMAGE), segmenter(IMAGE, 5).labels
    assert all(len(np.unique(labels[pieces == piece])) == 1 for piece in np.unique(pieces))
    assert label(labels, background=-1, connectivity=1).max() == 5


@pytest.mark.parametrize("superpixels", [30, 300])
def test_there_are_about_as_many_superpixels_as_asked_for(superpixels):
    count = len(np.unique(Slic(superpixels=superpixels).pieces(IMAGE)))
    assert 0.5 * superpixels <= count <= 1.3 * superpixels


def test_compact_superpixels_are_nearly_squares():
    grid = np.arange(96)[:, None] // 16 * 8 + np.arange(128) // 16

    def likeness(compactness: float) -> float:
        pieces = Slic(superpixels=48, compactness=compactness).pieces(IMAGE)
        return float(normalized_mutual_information(pieces, grid))

    assert likeness(1000.0) > 1.7  # 2 of equal maps
    assert likeness(1.0) < 1.5


def test_grey_is_grey_in_colour():
    grey = IMAGE[..., :1]
    np.testing.assert_array_equal(Slic()(grey, 4).labels, Slic()(np.repeat(grey, 3, axis=2), 4).labels)


@pytest.mark.parametrize(("key", "value"), [("superpixels", 1), ("compactness", 0.0), ("sigma", -1.0)])
def test_keys_have_bounds(key, value):
    with pytest.raises(ValidationError, match=rf"\n{key}\n  Input should be greater than"):
        Slic(**{key: value})
