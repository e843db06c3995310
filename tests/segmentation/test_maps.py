import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage import data
from skimage.filters import threshold_multiotsu

from refield import images
from refield.errors import UserError
from refield.labels import palette
from refield.segmentation import SEGMENTERS, maps

SHAPES = st.sampled_from([(12, 17, 1), (17, 12, 3)])


LUMINANCE = ["equal_bin", "multi_otsu"]


@pytest.fixture(params=LUMINANCE)
def segmenter(request):
    return SEGMENTERS[request.param]


class TestSegment:
    @given(
        image=arrays(np.uint8, SHAPES, fill=st.nothing()),
        regions=st.integers(2, 8),
        name=st.sampled_from(LUMINANCE),
    )
    def test_regions_are_full_and_ordered_by_luminance(self, image, regions, name):
        try:
            segmentation = maps.segment(image, SEGMENTERS[name], regions)
        except UserError:
            return
        luma, labels = images.luma(image).ravel(), segmentation.labels.ravel()
        assert segmentation.labels.shape == image.shape[:2]
        assert segmentation.labels.dtype == np.uint8
        assert np.all(np.diff(labels[np.argsort(luma)].astype(int)) >= 0)
        assert set(labels) == set(range(regions))
        for region in range(1, regions):
            assert luma[labels == region].min() >= segmentation.thresholds[region - 1] > luma[labels < region].max()

    @pytest.mark.parametrize("regions", [2, 4])
    def test_is_scikit_images_example_of_multi_otsu(self, regions):
        luma = images.luma(data.coffee())
        expected = np.digitize(luma, bins=threshold_multiotsu(luma, classes=regions))
        np.testing.assert_array_equal(maps.segment(data.coffee(), SEGMENTERS["multi_otsu"], regions).labels, expected)

    def test_says_what_to_do_with_too_few_levels(self, segmenter):
        with pytest.raises(UserError, match=r"2 grey levels"):
            maps.segment(np.array([[[0], [0], [9]], [[9], [0], [0]]], np.uint8), segmenter, 4)

    def test_says_what_to_do_when_one_level_fills_a_bin(self):
        image = np.full((10, 20, 1), 7, np.uint8)
        image[0, :, 0] = np.arange(20) + 100
        with pytest.raises(
            UserError, match=r"its 21 grey levels fall into 1 of the 4 regions; lower seg\.regions, or leave"
        ):
            maps.segment(image, SEGMENTERS["equal_bin"], 4)


class TestControls:
    def test_a_random_map_has_regions_of_about_equal_size_whatever_the_image(self):
        one, other = (
            maps.segment(image, SEGMENTERS["random_map"], 4) for image in (data.coffee(), data.coffee()[::-1])
        )
        np.testing.assert_array_equal(one.labels, other.labels)
        assert one.thresholds is None
        assert np.bincount(one.labels.ravel()) / one.labels.size == pytest.approx(np.full(4, 0.25), abs=0.01)

    def test_a_turned_map_is_multi_otsus_by_half_a_turn(self):
        image = data.coffee()
        turned, straight = (maps.segment(image, SEGMENTERS[name], 4).labels for name in ("turned", "multi_otsu"))
        np.testing.assert_array_equal(turned, np.rot90(straight, 2))

    @pytest.mark.parametrize("name", ["random_map", "turned"])
    def test_tables_and_previews_do_without_thresholds(self, name):
        segmentation = maps.segment(data.coffee()[::4, ::4], SEGMENTERS[name], 4)
        rows = maps.regions_table(segmentation)
        assert [row["from"] for row in rows] == [None] * 4
        assert sum(row["fraction"] for row in rows) == pytest.approx(1)
        preview = maps.preview(data.coffee()[::4, ::4], segmentation, height=50)
        assert preview.shape == (100 + 50, 2 * 150, 3)


class TestTable:
    def test_rows_account_for_every_pixel(self, segmenter):
        image = data.chelsea()[::3, ::3]
        luma = images.luma(image)
        rows = maps.regions_table(maps.segment(image, segmenter, 5))
        assert [row["region"] for row in rows] == [0, 1, 2, 3, 4]
        assert [row["pixels"] for row in rows] == [int(((luma >= r["from"]) & (luma < r["to"])).sum()) for r in rows]
        assert sum(row["pixels"] for row in rows) == luma.size
        assert sum(row["fraction"] for row in rows) == pytest.approx(1)
        assert (rows[0]["from"], rows[-1]["to"]) == (0, 256)


class TestPreview:
    def test_shows_image_map_and_histogram(self, segmenter):
        image = data.coffee()[::4, ::4]
        height, width = image.shape[:2]
        segmentation = maps.segment(image, segmenter, 4)
        preview = maps.preview(image, segmentation, height=50)
        assert preview.shape == (height + 50, 2 * width, 3)
        np.testing.assert_array_equal(preview[:height, :width], image)
        np.testing.assert_array_equal(preview[:height, width:], palette(4)[segmentation.labels])
        below = preview[height:]
        assert {tuple(color) for color in palette(4)} <= {tuple(color) for color in below.reshape(-1, 3)}
        assert below[0].min(axis=1).max() == 255

    def test_is_small_and_takes_grey_and_flat_images(self):
        image = np.zeros((300, 500, 1), np.uint8)
        image[9, 9] = 1
        segmentation = maps.Segmentation(image[..., 0], np.array([1.0]))
        assert maps.preview(image, segmentation, width=200, height=10).shape == (60 + 10, 200, 3)
