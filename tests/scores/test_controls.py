import math

import numpy as np
import pytest

from refield.scores.controls import biharmonic, enlarged

RNG = np.random.default_rng(0)
HIDDEN = {
    "at random": RNG.random((30, 20)) < 0.5,
    "nearly all": RNG.random((30, 20)) < 0.97,
    "a hole": np.pad(np.ones((9, 8), bool), ((10, 11), (5, 7))),
    "a corner": np.pad(np.ones((9, 8), bool), ((0, 21), (12, 0))),
    "none": np.zeros((30, 20), bool),
}


@pytest.fixture(params=HIDDEN)
def hidden(request: pytest.FixtureRequest) -> np.ndarray:
    return HIDDEN[request.param]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_biharmonic_filling_keeps_what_is_visible_and_reads_nothing_else(channels: int, hidden: np.ndarray) -> None:
    pixels = RNG.integers(0, 256, (30, 20, channels), dtype=np.uint8)
    filled = biharmonic(pixels, hidden)
    assert (filled.dtype, filled.shape) == (np.uint8, pixels.shape)
    np.testing.assert_array_equal(filled[~hidden], pixels[~hidden])
    np.testing.assert_array_equal(biharmonic(np.where(hidden[..., None], 255 - pixels, pixels), hidden), filled)


def test_a_constant_is_filled_in_everywhere(hidden: np.ndarray) -> None:
    pixels = np.full((30, 20, 1), 77, np.uint8)
    np.testing.assert_array_equal(biharmonic(pixels, hidden), pixels)


def test_a_hole_in_a_ramp_is_filled_with_the_ramp() -> None:
    """A plane solves the equation, and so does each channel's own."""
    rows, columns = np.mgrid[:30, :20]
    ramps = np.stack([3 * rows + 5 * columns, 180 - 2 * rows], axis=-1).astype(np.uint8)
    np.testing.assert_array_equal(biharmonic(ramps, HIDDEN["a hole"]), ramps)


@pytest.mark.parametrize("kept", [1, 2])
@pytest.mark.parametrize("shape", [(1, 6, 1), (2, 2, 3), (11, 40, 3)])
def test_few_pixels_are_enough_for_an_answer(shape: tuple[int, int, int], kept: int) -> None:
    pixels, hidden = RNG.integers(0, 256, shape, dtype=np.uint8), np.ones(shape[:2], bool)
    hidden.ravel()[:kept] = False
    assert biharmonic(pixels, hidden).shape == shape


@pytest.mark.parametrize("by", ["bicubic", "lanczos"])
@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_an_enlarged_constant_is_that_constant(factor: int, by: str) -> None:
    values = np.broadcast_to([0.25, -1.0, 0.5], (6, 5, 3))
    np.testing.assert_allclose(
        enlarged(values, factor, by), np.broadcast_to([0.25, -1, 0.5], (6 * factor, 5 * factor, 3))
    )


@pytest.mark.parametrize("by", ["bicubic", "lanczos"])
@pytest.mark.parametrize("factor", [2, 3, 4])
def test_an_enlarged_ramp_lies_where_the_blocks_do(factor: int, by: str) -> None:
    """Away from the borders; a shift of half a pixel would be off by 0.05 or more. Lanczos keeps no ramp exactly."""
    rows, columns = np.mgrid[: 12 * factor, : 9 * factor]
    ramp = (0.1 * rows - 0.2 * columns)[..., None]
    reduced = ramp.reshape(12, factor, 9, factor, 1).mean(axis=(1, 3))
    inner = np.s_[3 * factor : -3 * factor, 3 * factor : -3 * factor]
    again = enlarged(reduced, factor, by)
    np.testing.assert_allclose(again[inner], ramp[inner], atol=1e-5 if by == "bicubic" else 0.02)


def test_one_is_no_enlargement_and_nothing_is_clamped() -> None:
    values = RNG.normal(size=(6, 5, 3)).astype(np.float32)
    np.testing.assert_array_equal(enlarged(values, 1, "lanczos"), values)
    step = np.where(np.arange(8) < 4, -1.0, 1.0).reshape(1, 8, 1)
    assert np.abs(enlarged(step, 4, "bicubic")).max() > 1.01


def test_a_channel_is_enlarged_as_it_would_be_alone() -> None:
    values = RNG.normal(size=(6, 5, 3))
    for k in range(3):
        alone = enlarged(values[..., k : k + 1], 3, "bicubic")
        np.testing.assert_array_equal(enlarged(values, 3, "bicubic")[..., k : k + 1], alone)


def test_bicubic_is_keys_kernel_of_minus_a_half() -> None:
    """Between four samples at 1/4 and 3/4 of their distance: (a + 2) x^3 - (a + 3) x^2 + 1 and a x^3 - 5a x^2 + ..."""

    def kernel(x: float) -> float:
        x, a = abs(x), -0.5
        near, far = (a + 2) * x**3 - (a + 3) * x**2 + 1, a * (x**3 - 5 * x**2 + 8 * x - 4)
        return near if x <= 1 else far if x < 2 else 0.0

    samples = RNG.normal(size=8)
    again = enlarged(samples.reshape(1, 8, 1), 2, "bicubic")[0, :, 0]
    for k in range(6, 10):
        at = (k + 0.5) / 2 - 0.5
        expected = math.fsum(kernel(at - i) * samples[i] for i in range(8))
        assert again[k] == pytest.approx(expected, abs=1e-6)
