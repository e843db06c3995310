"""What every segmenter in the table must keep."""

import subprocess
import sys

import numpy as np
import pytest
from pydantic import ValidationError
from skimage import data

from refield.errors import UserError
from refield.segmentation import SEGMENTERS
from refield.segmentation.segmentation import segment
from refield.signals.image import luma

IMAGE = data.astronaut()[60:108, 180:244]
CONTROLS = {"random_map", "turned"}  # which know nothing of their pixels
JOINED = ["slic", "watershed", "srm"]


@pytest.fixture(params=sorted(SEGMENTERS))
def name(request):
    return request.param


def areas() -> np.ndarray:
    """Four areas `(60, 90)` of straight and slanted sides, one inside another."""
    rows, columns = np.mgrid[0:60, 0:90]
    truth = np.where(columns + rows // 2 < 50, 0, 1)
    truth[rows >= 42] = 2
    truth[10:30, 60:80] = 3
    return truth


COLOURS = np.array([(20, 30, 90), (200, 60, 40), (90, 200, 80), (250, 240, 200)], np.uint8)  # by luma
GREYS = np.array([[20], [100], [160], [250]], np.uint8)


@pytest.mark.parametrize("regions", [2, 4, 8])
@pytest.mark.parametrize("channels", [1, 3])
def test_as_many_regions_as_asked_for(name, regions, channels):
    image = IMAGE[..., :channels]
    before = image.copy()
    labels = segment(image, SEGMENTERS[name](), regions).labels
    assert labels.shape == (48, 64)
    assert labels.dtype == np.uint8
    assert np.unique(labels).tolist() == list(range(regions))
    np.testing.assert_array_equal(image, before)
    # The same bytes again, of pixels that lie otherwise in memory.
    again = segment(np.asfortranarray(image), SEGMENTERS[name](), regions).labels
    assert again.tobytes() == labels.tobytes()


@pytest.mark.parametrize("name", sorted(SEGMENTERS.keys() - CONTROLS))
def test_labels_go_from_dark_to_bright(name):
    labels, grey = segment(IMAGE, SEGMENTERS[name](), 6).labels, luma(IMAGE)
    assert np.all(np.diff([grey[labels == k].mean() for k in range(6)]) > 0)


@pytest.mark.parametrize("colors", [COLOURS, GREYS], ids=["colour", "grey"])
@pytest.mark.parametrize("name", JOINED)
def test_clean_areas_are_found(name, colors):
    wrong = np.count_nonzero(segment(colors[areas()], SEGMENTERS[name](), 4).labels != areas())
    # At a corner gradients are flooded from outside.
    assert wrong <= 6 if name == "watershed" else wrong == 0


def test_clean_areas_are_found_by_em_off_their_edges():
    """Edges are texture to it, and may be a class of their own."""
    truth = areas()
    inside = np.ones(truth.shape, bool)
    for axis in (0, 1):
        for shift in range(-3, 4):
            inside &= np.roll(truth, shift, axis) == truth
    labels = segment(COLOURS[truth], SEGMENTERS["em"](), 4).labels
    np.testing.assert_array_equal(labels[inside], truth[inside])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", sorted(SEGMENTERS.keys() - {"random_map"}))
def test_an_image_of_one_colour_is_refused_in_a_sentence(name, channels):
    with pytest.raises(UserError, match=r"^[^.\n]+; lower its map's regions, [^\n]+ images\.names$"):
        segment(np.full((20, 30, channels), 90, np.uint8), SEGMENTERS[name](), 4)


def test_an_unknown_key_is_refused_by_its_name(name):
    with pytest.raises(ValidationError, match=r"\nnonsense\n  Extra inputs are not permitted"):
        SEGMENTERS[name](nonsense=1)


def test_is_frozen_and_equal_if_its_keys_are(name):
    assert SEGMENTERS[name]() == SEGMENTERS[name]()
    with pytest.raises(ValidationError, match="frozen"):
        SEGMENTERS[name]().nonsense = 1


def test_the_table_loads_without_what_only_a_call_needs():
    check = (
        "import sys, refield.segmentation; print(sorted({'skimage', 'sklearn', 'scipy', 'torch'} & set(sys.modules)))"
    )
    loaded = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"
