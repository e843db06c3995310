from itertools import combinations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage import data
from skimage.filters import threshold_multiotsu

from refield.errors import UserError
from refield.segmentation.multi_otsu import multi_otsu
from refield.signals.image import luma


def within(luma: np.ndarray, thresholds: tuple[float, ...]) -> float:
    """What Multi-Otsu minimises: the squared distances of pixels to their region's mean."""
    labels = np.digitize(luma, thresholds, right=True)
    return sum(((luma[labels == k] - luma[labels == k].mean()) ** 2).sum() for k in np.unique(labels))


@pytest.mark.parametrize("regions", [2, 3, 4])
@pytest.mark.parametrize("name", ["camera", "chelsea", "coffee", "rocket", "moon", "page"])
def test_equals_scikit_image_on_photographs(name, regions):
    image = getattr(data, name)()
    grey = luma(image if image.ndim == 3 else image[..., None])
    np.testing.assert_array_equal(multi_otsu(grey, regions), threshold_multiotsu(grey, classes=regions))


@given(
    arrays(np.uint8, (5, 8), elements=st.sampled_from([0, 3, 4, 90, 120, 121, 200, 255])),
    st.integers(2, 6),
)
def test_no_other_thresholds_are_better(luma, regions):
    levels = np.unique(luma)
    if len(levels) < regions:
        with pytest.raises(UserError, match=f"its {len(levels)} grey levels are too few for {regions} regions"):
            multi_otsu(luma, regions)
        return
    best = min(within(luma, cut) for cut in combinations(levels[:-1].astype(float), regions - 1))
    thresholds = multi_otsu(luma, regions)
    assert thresholds.shape == (regions - 1,)
    assert thresholds.dtype == np.float64
    assert np.all(np.diff(thresholds) > 0)
    assert within(luma, thresholds) == pytest.approx(best)


TIE = np.array([[53, 61, 22, 91, 45, 16, 27, 0], *np.zeros((4, 8))], np.uint8)  # 0, 27 and 0, 45 are equally good


@given(arrays(np.uint8, (5, 8), elements=st.integers(0, 99)), st.integers(1, 155))
@example(TIE, 6)
def test_thresholds_move_with_the_luminance(luma, shift):
    """To others only where those are as good."""
    if len(np.unique(luma)) >= 3:
        moved, before = multi_otsu(luma + np.uint8(shift), 3) - shift, multi_otsu(luma, 3)
        assert within(luma, moved) == pytest.approx(within(luma, before))


def test_thresholds_of_a_photograph_move_with_its_luminance():
    grey = luma(data.coffee()) // 2
    np.testing.assert_array_equal(multi_otsu(grey + np.uint8(40), 4), multi_otsu(grey, 4) + 40)


@pytest.mark.parametrize("regions", [8, 64])
def test_many_regions_part_a_ramp_evenly(regions):
    ramp = np.arange(256, dtype=np.uint8).reshape(8, 32)
    step = 256 // regions
    np.testing.assert_array_equal(multi_otsu(ramp, regions), np.arange(step, 256, step) - 1)


def test_a_large_share_of_the_darkest_level_is_no_exception():
    # scikit-image 0.26 gives its pixels a wrong moment there (scikit-image/scikit-image#8252).
    luma = np.array([[0] * 40 + [1, 2, 3, 4, 5, 6, 7, 8, 60, 61]], np.uint8)
    best = min(combinations(np.unique(luma)[:-1].astype(float), 2), key=lambda cut: within(luma, cut))
    np.testing.assert_array_equal(multi_otsu(luma, 3), best)
