from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.color import rgb2lab
from skimage.measure import label

from refield.errors import UserError
from refield.segmentation.joining import dark_to_bright, join, roots

BLACK, GREY, WHITE, RED = (0, 0, 0), (128, 128, 128), (255, 255, 255), (200, 0, 0)


def error(labels: np.ndarray, image: np.ndarray) -> float:
    """What Ward's criterion keeps small: pixels' squared distances to their region's mean, in hundredths of L*a*b*."""
    colour = np.rint(rgb2lab(np.broadcast_to(image, (*image.shape[:2], 3))) * 100)
    return sum(((colour[labels == k] - colour[labels == k].mean(axis=0)) ** 2).sum() for k in np.unique(labels))


def by_trying_all(pieces: np.ndarray, image: np.ndarray, regions: int) -> np.ndarray:
    """`join` from its definition: joins whichever two neighbours add the least error, until `regions` are left."""
    labels = pieces.copy()
    while len(np.unique(labels)) > regions:
        joined = [
            np.where(labels == other, one, labels)
            for one, other in combinations(np.unique(labels), 2)
            if label(np.isin(labels, (one, other)), connectivity=1).max() == 1
        ]
        labels = min(joined, key=lambda candidate: error(candidate, image))
    return labels


@settings(deadline=None, max_examples=10)
@given(st.permutations(range(15)), st.integers(2, 6))
def test_joins_whichever_neighbours_add_the_least_error(colors, regions):
    image = np.random.default_rng(0).integers(0, 256, (15, 3), np.uint8)[np.array(colors)].reshape(3, 5, 3)
    pieces = np.arange(15).reshape(3, 5)
    expected = dark_to_bright(by_trying_all(pieces, image, regions), image).labels
    np.testing.assert_array_equal(join(pieces, image, regions).labels, expected)


def test_weighs_a_difference_by_sizes():
    """A single grey pixel joins its black neighbours before two large areas of a smaller difference become one."""
    image = np.array([[60, 0, 0, 0, 0, 0, 40, 40, 40, 40, 40]], np.uint8)[..., None]
    pieces = np.array([[0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]])
    assert join(pieces, np.repeat(image, 3, axis=2), 2).labels.tolist() == [[0] * 6 + [1] * 5]


def test_colours_of_equal_lightness_are_different():
    image = np.array([[(200, 0, 0), (205, 0, 0), (0, 118, 0), (0, 121, 0)]], np.uint8)
    assert len({tuple(row) for row in join(np.arange(4)[None], image, 2).labels[0].reshape(2, 2)}) == 2


def test_only_neighbours_are_joined():
    image = np.array([[BLACK, WHITE, BLACK], [BLACK, WHITE, BLACK]], np.uint8)
    assert join(np.arange(6).reshape(2, 3), image, 3).labels.tolist() == [[0, 2, 1], [0, 2, 1]]
    assert label(join(np.arange(6).reshape(2, 3), image, 2).labels, background=-1, connectivity=1).max() == 2


def test_corners_do_not_connect():
    image = np.array([[BLACK, WHITE, WHITE], [WHITE, BLACK, BLACK]], np.uint8)
    pieces = np.array([[0, 1, 1], [1, 0, 0]])
    assert join(pieces, image, 4).labels.tolist() == [[0, 2, 2], [3, 1, 1]]


def test_of_equal_costs_the_first_pixels_join():
    image = np.array([[0, 100, 0, 100, 0]], np.uint8)[..., None]
    pieces = np.arange(5)[None]
    assert join(pieces, image, 4).labels.tolist() == [[2, 2, 0, 3, 1]]


@given(arrays(np.uint8, (5, 7, 1), elements=st.sampled_from([0, 60, 61, 200])), st.permutations(range(35)))
@settings(deadline=None, max_examples=40)
def test_names_of_pieces_do_not_matter(image, names):
    pieces = np.arange(35).reshape(5, 7)
    try:
        expected = join(pieces, image, 3).labels
    except UserError:
        with pytest.raises(UserError):
            join(np.array(names)[pieces] - 9, image, 3)
        return
    np.testing.assert_array_equal(join(np.array(names)[pieces] - 9, image, 3).labels, expected)


def test_neighbours_that_nothing_tells_apart_are_one():
    image = np.array([[BLACK, BLACK, RED, RED]], np.uint8)
    assert join(np.arange(4)[None], image, 2).labels.tolist() == [[0, 0, 1, 1]]
    with pytest.raises(
        UserError, match=r"^its 2 areas of distinct colour are too few for 3 regions; lower its map's regions"
    ):
        join(np.arange(4)[None], image, 3)


def test_too_few_pieces_are_refused():
    image = np.array([[BLACK, BLACK, RED, WHITE]], np.uint8)
    with pytest.raises(UserError, match="its 2 areas of distinct colour are too few for 3 regions"):
        join(np.array([[0, 0, 1, 1]]), image, 3)


def test_labels_go_from_dark_to_bright_and_of_equal_ones_from_the_first_pixel():
    image = np.array([[WHITE, GREY, BLACK], [GREY, WHITE, GREY]], np.uint8)
    segmentation = dark_to_bright(np.array([[7, 9, 3], [5, 7, 2]]), image)
    assert segmentation.labels.tolist() == [[4, 1, 0], [2, 4, 3]]
    assert segmentation.labels.dtype == np.uint8
    assert segmentation.thresholds is None


def test_roots_of_a_deep_forest():
    assert roots([0, 0, 1, 2, 3, 5, 5, 6, 7, 8]).tolist() == [0] * 5 + [5] * 5
