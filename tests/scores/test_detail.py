import math

import numpy as np
import pytest

from refield.scores.detail import detail_share

HEIGHT, WIDTH, FACTOR = 24, 36, 3  # of the reduced image: 8 x 12
ROWS, COLUMNS = HEIGHT // FACTOR, WIDTH // FACTOR


def cosines(side: int, count: int) -> np.ndarray:
    """The first `count` of a side's cosines of 0, 1/2, 1, ... periods, of length 1 each: (count, side)."""
    found = np.cos(np.pi * np.outer(np.arange(count), np.arange(side) + 0.5) / side)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def coarse(picture: np.ndarray) -> np.ndarray:
    """What of a picture an image of 8 x 12 pixels has frequencies for, by a projection on cosines."""
    rows, columns = cosines(HEIGHT, ROWS), cosines(WIDTH, COLUMNS)
    return np.einsum("ki,kj,lm,ln,jnc->imc", rows, rows, columns, columns, picture, optimize=True)


def wave(row: int, column: int, height: float = 50.0) -> np.ndarray:
    """Half as many periods along rows and columns as these say, about grey."""
    waves = [np.cos(np.pi * k * (np.arange(side) + 0.5) / side) for k, side in ((row, HEIGHT), (column, WIDTH))]
    return 128 + height * np.outer(*waves)[..., None]


@pytest.fixture(params=[1, 3])
def picture(request: pytest.FixtureRequest) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, request.param), dtype=np.uint8)


def test_the_picture_itself_has_all(picture: np.ndarray) -> None:
    assert detail_share(picture, picture, FACTOR) == 1


def test_without_detail_it_has_none_and_with_its_negative_less(picture: np.ndarray) -> None:
    """Half of it is three quarters: what is lacking counts by its square."""
    without = coarse(picture)
    for part in (1.0, 0.5, 0.0, -1.0, 2.0):
        estimate = without + part * (picture - without)
        assert detail_share(picture, estimate, FACTOR) == pytest.approx(1 - (1 - part) ** 2, abs=1e-12)


def test_what_the_reduced_image_has_does_not_count(picture: np.ndarray) -> None:
    other = coarse(np.random.default_rng(1).normal(0, 100, picture.shape))
    assert detail_share(picture, picture + other, FACTOR) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("row", "column", "is_detail"),
    [
        (ROWS - 1, 0, False),
        (ROWS, 0, True),
        (0, COLUMNS - 1, False),
        (0, COLUMNS, True),
        (ROWS - 1, COLUMNS - 1, False),
        (ROWS - 1, COLUMNS, True),
        (ROWS, COLUMNS - 1, True),
    ],
)
def test_detail_begins_at_the_nyquist_frequency_of_either_side(row: int, column: int, is_detail: bool) -> None:
    """At which the reduced image's pixels lie half a period apart."""
    found = detail_share(wave(row, column), wave(0, 0), FACTOR)
    assert found == pytest.approx(0, abs=1e-12) if is_detail else math.isnan(found)
    finest = wave(HEIGHT - 1, WIDTH - 1)
    assert (detail_share(finest + wave(row, column), finest, FACTOR) < 0.6) == is_detail


def test_shares_are_of_squares_over_all_channels() -> None:
    """Of 3, 4 and 12 the first two are there: 9 + 16 of 169."""
    heights = np.array([3.0, 4.0, 12.0])
    reference = (wave(ROWS, 0, 1.0) - 128) * heights
    estimate = reference * [1, 1, 0]
    assert detail_share(reference, estimate, FACTOR) == pytest.approx(25 / 169)


@pytest.mark.parametrize("level", [0, 7, 255])
def test_of_a_flat_picture_there_is_no_share(level: int) -> None:
    flat = np.full((HEIGHT, WIDTH, 1), level, np.uint8)
    assert math.isnan(detail_share(flat, flat, FACTOR))
    assert math.isnan(detail_share(flat, np.full_like(flat, 128), FACTOR))


def test_an_8_bit_picture_may_have_none_without_being_flat() -> None:
    """A period of six pixels, of whole numbers: what a transform's rounding makes of it is no detail."""
    reference = np.tile(np.array([200, 128, 56, 56, 128, 200], np.uint8), (6, 1))[..., None]
    assert math.isnan(detail_share(reference, np.zeros_like(reference), 2))


def test_of_a_factor_of_one_there_is_none(picture: np.ndarray) -> None:
    assert math.isnan(detail_share(picture, 255 - picture, 1))
