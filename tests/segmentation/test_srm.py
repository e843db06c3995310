import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import ValidationError
from skimage import data
from skimage.measure import label

from refield.segmentation.srm import Srm, sorted_pairs, squared_deviations


def directly(image: np.ndarray, q: float) -> np.ndarray:
    """The paper's algorithm word for word: regions are sets of pixels, and means are taken anew for every pair."""
    height, width, channels = image.shape
    pixels = [(row, column) for row in range(height) for column in range(width)]
    pairs = [((r, c), there) for r, c in pixels for there in ((r, c + 1), (r + 1, c)) if there in pixels]
    pairs.sort(key=lambda pair: np.abs(image[pair[0]].astype(int) - image[pair[1]].astype(int)).max())
    region = {pixel: frozenset([pixel]) for pixel in pixels}
    delta = 1 / (6 * len(pixels) ** 2)

    def b(size: int) -> float:
        return 256 * math.sqrt((math.log((size + 1) ** min(size, 256)) - math.log(delta)) / (2 * q * size))

    for one, other in pairs:
        R, S = region[one], region[other]
        if R is S:
            continue
        bound = math.sqrt(b(len(R)) ** 2 + b(len(S)) ** 2)
        means = [np.mean([image[pixel] for pixel in pixels], axis=0) for pixels in (R, S)]
        if all(abs(means[0][a] - means[1][a]) <= bound for a in range(channels)):
            for pixel in R | S:
                region[pixel] = R | S
    names = {r: k for k, r in enumerate(dict.fromkeys(region[pixel] for pixel in pixels))}
    return np.array([names[region[pixel]] for pixel in pixels]).reshape(height, width)


def same_partition(one: np.ndarray, other: np.ndarray) -> bool:
    pairs = len(np.unique(np.stack([one.ravel(), other.ravel()]), axis=1).T)
    return pairs == len(np.unique(one)) == len(np.unique(other))


@settings(deadline=None, max_examples=60)
@given(
    arrays(np.uint8, st.sampled_from([(5, 8, 3), (7, 4, 1)]), fill=st.nothing()),
    st.sampled_from([32.0, 256.0, 1000.0, 4000.0]),
)
def test_is_the_papers_algorithm(image, q):
    assert same_partition(Srm(q=q).pieces(image), directly(image, q))


def test_is_the_papers_algorithm_on_a_photograph():
    image = data.astronaut()[100:112, 210:228]
    pieces = Srm(q=4000.0).pieces(image)
    assert 5 < len(np.unique(pieces)) < 100  # else the test says little
    assert same_partition(pieces, directly(image, 4000.0))


def test_deviation_by_hand():
    # b^2 of 3 of 10 pixels, at Q = 2: 256^2 / (2 * 2 * 3) * (3 ln 4 + ln 600).
    assert squared_deviations(10, 2.0)[2] == pytest.approx(65536 / 12 * (3 * math.log(4) + math.log(600)))
    # From g pixels on, the power of |R_l| <= (l + 1)^g stays.
    assert squared_deviations(300, 2.0)[299] == pytest.approx(65536 / 1200 * (256 * math.log(301) + math.log(540000)))


def test_pairs_are_sorted_by_the_largest_difference_and_then_row_by_row():
    image = np.array([[(0, 0, 0), (0, 5, 1), (0, 5, 1)], [(2, 2, 2), (2, 7, 2), (9, 9, 9)]], np.uint8)
    # 0-1: 5, 0-3: 2, 1-2: 0, 1-4: 2, 2-5: 9, 3-4: 5, 4-5: 7
    assert sorted_pairs(image) == [(1, 2), (0, 3), (1, 4), (0, 1), (3, 4), (4, 5), (2, 5)]


def test_every_pair_of_neighbours_comes_once():
    pairs = sorted_pairs(data.astronaut()[:5, :7])
    assert len(set(pairs)) == len(pairs) == 5 * 6 + 4 * 7
    assert {other - one for one, other in pairs} == {1, 7}


def test_one_channel_apart_is_enough():
    image = np.full((20, 30, 3), 100, np.uint8)
    image[:, 12:, 2] = 220
    assert same_partition(Srm().pieces(image), np.broadcast_to(np.arange(30) >= 12, (20, 30)))


def test_finds_areas_under_noise_that_hides_them_from_neighbours():
    """Within an area neighbours differ by up to 80, areas by 60."""
    rng = np.random.default_rng(0)
    area = np.broadcast_to(np.arange(96) >= 40, (64, 96))
    noisy = (80 + 60 * area + rng.integers(-40, 41, (64, 96))).astype(np.uint8)[..., None]
    assert (Srm(q=32.0)(noisy, 2).labels == area).mean() > 0.97


def test_more_pieces_at_a_larger_q():
    image = data.astronaut()[60:108, 180:244]
    counts = [len(np.unique(Srm(q=q).pieces(image))) for q in (8.0, 64.0, 512.0)]
    assert counts[0] < counts[1] < counts[2]


def test_regions_are_whole_pieces_and_connected():
    image = data.astronaut()[60:108, 180:244]
    pieces, labels = Srm().pieces(image), Srm()(image, 5).labels
    assert all(len(np.unique(labels[pieces == piece])) == 1 for piece in np.unique(pieces))
    assert label(labels, background=-1, connectivity=1).max() == 5


def test_q_is_positive():
    with pytest.raises(ValidationError, match=r"\nq\n  Input should be greater than 0"):
        Srm(q=0.0)
