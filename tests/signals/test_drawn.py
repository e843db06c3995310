"""Drawn pictures: two colours a quadrant, sharp between them, and flat where Sobel's operator says so; and noise."""

import hashlib

import numpy as np
import pytest
from scipy.ndimage import maximum_filter, minimum_filter, sobel

from refield.segmentation.multi_otsu import MultiOtsu
from refield.signals import drawn
from refield.signals.drawn import DRAWN

# What papers' lists of addresses have; another picture needs another name.
SUMS = {
    "transitions_96": "9fad52fe78db577285365ca7e07269850706a5eb2f75d446358f759a68ddbaec",
    "transitions_512": "5016c3dd595f1724728018f0b0d645fae6c665d9be5a031104d1185599760656",
    "noise_0": "605b2bd9ab4fa5bc2feed1781651746261df47f97fc1fcff0d771682ad05a927",
    "noise_1": "7efa861da034314ad19b593ca061f18f54a64b8fc347965c885d8a8af07ebc52",
    "noise_2": "fcc7ad6ef23b1d079955828653c86a2b91cf73e2170faaebb067fa0e6e0d3125",
}
TRANSITIONS = [name for name in DRAWN if name.startswith("transitions")]


def quadrants(pixels: np.ndarray) -> list[np.ndarray]:
    return [half for row in np.split(pixels, 2) for half in np.split(row, 2, axis=1)]


@pytest.mark.parametrize("name", DRAWN)
def test_the_bytes_of_a_file_are_known(name: str) -> None:
    assert hashlib.sha256(drawn.encode(name)).hexdigest() == SUMS[name]


@pytest.mark.parametrize(("name", "shape"), [("transitions_96", (64, 96, 3)), ("transitions_512", (512, 512, 3))])
def test_each_quadrant_has_two_opposite_colours(name: str, shape: tuple[int, ...]) -> None:
    pixels = DRAWN[name]()
    assert pixels.shape == shape
    for quadrant in quadrants(pixels):
        colours, counts = np.unique(quadrant.reshape(-1, 3), axis=0, return_counts=True)
        assert len(colours) == 2
        assert counts.min() > quadrant.shape[0] * quadrant.shape[1] / 3
        assert (colours.astype(int).sum(axis=0) == 255).all()
        assert np.isin(colours, (0, 255)).all()


@pytest.mark.parametrize("name", DRAWN)
def test_luminance_has_regions(name: str) -> None:
    """So that a method with a map can be fitted to it."""
    assert set(np.unique(MultiOtsu()(DRAWN[name](), 4).labels)) == {0, 1, 2, 3}


@pytest.mark.parametrize("name", TRANSITIONS)
def test_where_sobels_operator_sees_nothing_there_is_nothing(name: str) -> None:
    """But for two pixels at the most, which happen to lie in the middle of a pattern."""
    pixels = DRAWN[name]().astype(float)
    channels = [pixels[..., k] for k in range(3)]
    seen = np.any([sobel(channel, axis) != 0 for channel in channels for axis in (0, 1)], axis=0)
    there = np.any([minimum_filter(channel, 3) != maximum_filter(channel, 3) for channel in channels], axis=0)
    assert (seen != there).sum() <= 2
    assert seen.mean() > 0.1
    assert seen.mean() < 0.5


@pytest.mark.parametrize("name", TRANSITIONS)
def test_bars_get_finer_down_to_the_finest(name: str) -> None:
    bars = quadrants(DRAWN[name]())[0]
    assert (bars == bars[:1]).all()
    edges = np.flatnonzero(np.any(bars[0, 1:] != bars[0, :-1], axis=-1)) + 1
    widths = np.diff([0, *edges, bars.shape[1]])
    assert widths[0] == bars.shape[1] / 4
    assert (np.diff(widths) <= 0).all()
    assert widths[-1] == drawn.FINEST


@pytest.mark.parametrize("name", TRANSITIONS)
def test_the_rings_have_the_period_of_a_zone_plate(name: str) -> None:
    """Their edges lie where r^2 is an odd number of halves of PERIOD R: as far apart, in r^2, everywhere."""
    plate = quadrants(DRAWN[name]())[2]
    row = plate[plate.shape[0] // 2, plate.shape[1] // 2 :]
    edges = np.flatnonzero(np.any(row[1:] != row[:-1], axis=-1)) + 1.0
    step = drawn.PERIOD * plate.shape[1] / 2
    np.testing.assert_allclose(edges, np.sqrt(step * (np.arange(len(edges)) + 0.5)), atol=1)
    assert len(edges) >= 3


def test_noise_is_uniform_and_its_pixels_know_nothing_of_each_other() -> None:
    first, second = (drawn.noise(128, 192, seed).astype(float) for seed in (0, 1))
    counts = np.bincount(first.astype(int).ravel(), minlength=256)
    assert abs(counts - first.size / 256).max() < 5 * (first.size / 256) ** 0.5
    for other in (second, np.roll(first, 1, axis=0), np.roll(first, 1, axis=1), np.roll(first, 1, axis=2)):
        assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 5 / first.size**0.5
