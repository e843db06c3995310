import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage import data
from skimage.filters import threshold_multiotsu

from refield.errors import UserError
from refield.segmentation import SEGMENTERS
from refield.segmentation.segmentation import Segmentation, regions_table, segment
from refield.signals.image import luma

SHAPES = st.sampled_from([(12, 17, 1), (17, 12, 3)])
LUMINANCE = ["equal_bin", "multi_otsu"]


def cut(image: np.ndarray, name: str, regions: int = 4) -> Segmentation:
    return segment(image, SEGMENTERS[name](), regions)


@given(image=arrays(np.uint8, SHAPES, fill=st.nothing()), regions=st.integers(2, 8), name=st.sampled_from(LUMINANCE))
def test_regions_are_full_and_ordered_by_luminance(image, regions, name):
    try:
        segmentation = cut(image, name, regions)
    except UserError:
        return
    grey, labels = luma(image).ravel(), segmentation.labels.ravel()
    assert segmentation.labels.shape == image.shape[:2]
    assert segmentation.labels.dtype == np.uint8
    assert np.all(np.diff(labels[np.argsort(grey)].astype(int)) >= 0)
    assert set(labels) == set(range(regions))
    for region in range(1, regions):
        assert grey[labels == region].min() >= segmentation.thresholds[region - 1] > grey[labels < region].max()


@pytest.mark.parametrize("regions", [2, 4])
def test_multi_otsu_is_scikit_images_example(regions):
    grey = luma(data.coffee())
    expected = np.digitize(grey, bins=threshold_multiotsu(grey, classes=regions))
    np.testing.assert_array_equal(cut(data.coffee(), "multi_otsu", regions).labels, expected)


@pytest.mark.parametrize("name", LUMINANCE)
def test_too_few_levels_are_counted(name):
    with pytest.raises(UserError, match=r"2 grey levels"):
        cut(np.array([[[0], [0], [9]], [[9], [0], [0]]], np.uint8), name)


def test_one_level_that_fills_a_bin_is_refused_with_what_to_do():
    image = np.full((10, 20, 1), 7, np.uint8)
    image[0, :, 0] = np.arange(20) + 100
    said = r"its 21 grey levels fall into 1 of the 4 regions; lower its map's regions, or leave"
    with pytest.raises(UserError, match=said):
        cut(image, "equal_bin")


def test_a_segmenter_that_leaves_regions_empty_is_refused():
    def lazy(image, regions):
        return Segmentation(np.zeros(image.shape[:2], np.uint8))

    with pytest.raises(UserError, match=r"^1 of its 4 regions have pixels; lower its map's regions, or leave"):
        segment(data.coffee(), lazy, 4)


def test_a_random_map_has_regions_of_about_equal_size_whatever_the_image():
    one, other = (cut(image, "random_map") for image in (data.coffee(), data.coffee()[::-1]))
    np.testing.assert_array_equal(one.labels, other.labels)
    assert one.thresholds is None
    assert np.bincount(one.labels.ravel()) / one.labels.size == pytest.approx(np.full(4, 0.25), abs=0.01)


def test_a_turned_map_is_multi_otsus_by_half_a_turn():
    turned, straight = (cut(data.coffee(), name).labels for name in ("turned", "multi_otsu"))
    np.testing.assert_array_equal(turned, np.rot90(straight, 2))


@pytest.mark.parametrize("name", LUMINANCE)
def test_rows_of_the_table_account_for_every_pixel(name):
    image = data.chelsea()[::3, ::3]
    grey = luma(image)
    rows = regions_table(cut(image, name, 5))
    assert [row["region"] for row in rows] == [0, 1, 2, 3, 4]
    assert [row["pixels"] for row in rows] == [int(((grey >= r["from"]) & (grey < r["to"])).sum()) for r in rows]
    assert sum(row["pixels"] for row in rows) == grey.size
    assert sum(row["fraction"] for row in rows) == pytest.approx(1)
    assert (rows[0]["from"], rows[-1]["to"]) == (0, 256)


@pytest.mark.parametrize("name", ["random_map", "turned"])
def test_tables_do_without_thresholds(name):
    rows = regions_table(cut(data.coffee()[::4, ::4], name))
    assert [(row["from"], row["to"]) for row in rows] == [(None, None)] * 4
    assert sum(row["fraction"] for row in rows) == pytest.approx(1)
