import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from refield.segmentation.equal_bin import equal_bin


@given(st.permutations(range(60)), st.integers(2, 12), st.integers(1, 4))
def test_regions_of_distinct_values_differ_by_one_pixel_at_most(values, regions, stretch):
    luma = (np.array(values, np.uint8) * stretch).reshape(6, 10)
    thresholds = equal_bin(luma, regions)
    assert thresholds.shape == (regions - 1,)
    assert thresholds.dtype == np.float64
    sizes = np.bincount(np.digitize(luma, thresholds).ravel(), minlength=regions)
    assert np.ptp(sizes) <= 1
    assert sizes.sum() == 60


def test_the_papers_four_regions_are_quartiles():
    luma = np.array([[0, 10, 20], [30, 40, 50], [60, 70, 80]], np.uint8)
    np.testing.assert_array_equal(equal_bin(luma, 4), [20.0, 40.0, 60.0])
