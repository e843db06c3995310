import numpy as np
import pytest

from refield.fields.mlp import Mlp
from refield.scores.alignment import (
    align_affine,
    align_harmonic,
    align_mean,
    psnr_affine,
    psnr_harmonic,
    psnr_harmonics_alone,
    psnr_unaligned,
)
from refield.scores.fitted import Fitted
from refield.signals.image import Image, pixel_grid

RNG = np.random.default_rng(1)
VALUES, REFERENCE = RNG.normal(size=(2, 54, 3))
POINTS = pixel_grid(6, 9)


class TestAffine:
    def test_is_the_best_of_scales_and_offsets(self) -> None:
        """numpy's least squares, channel by channel."""
        aligned = align_affine(VALUES, REFERENCE)
        for k in range(3):
            design = np.stack([VALUES[:, k], np.ones(54)], axis=1)
            solution, *_ = np.linalg.lstsq(design, REFERENCE[:, k])
            np.testing.assert_allclose(aligned[:, k], design @ solution, atol=1e-12)

    def test_does_not_depend_on_scale_and_offset(self) -> None:
        aligned = align_affine(VALUES, REFERENCE)
        for scale, offset in [(3.0, 0.0), (1.0, -9.0), (0.01, 2.0), (-1.0, 0.5), (np.array([1.0, -2.0, 30.0]), 4.0)]:
            np.testing.assert_allclose(align_affine(scale * VALUES + offset, REFERENCE), aligned, atol=1e-10)

    def test_of_a_constant_is_the_mean(self) -> None:
        aligned = align_affine(np.full((54, 3), 0.1), REFERENCE)
        np.testing.assert_allclose(aligned, np.broadcast_to(REFERENCE.mean(axis=0), (54, 3)))


class TestHarmonic:
    @pytest.mark.parametrize("degree", [0, 1, 2, 5])
    def test_is_the_best_of_scales_and_harmonic_polynomials(self, degree: int) -> None:
        """numpy's least squares, channel by channel, with the polynomials written out by their angle."""
        angle, radius = np.arctan2(POINTS[:, 1], POINTS[:, 0]), np.hypot(*POINTS.T)
        waves = [radius**k * wave(k * angle) for k in range(degree + 1) for wave in (np.cos, np.sin)]
        aligned = align_harmonic(VALUES, REFERENCE, POINTS, degree)
        for k in range(3):
            design = np.stack([VALUES[:, k], *waves], axis=1)
            solution, *_ = np.linalg.lstsq(design, REFERENCE[:, k])
            np.testing.assert_allclose(aligned[:, k], design @ solution, atol=1e-10)

    def test_of_degree_0_is_affine(self) -> None:
        np.testing.assert_allclose(
            align_harmonic(VALUES, REFERENCE, POINTS, 0), align_affine(VALUES, REFERENCE), atol=1e-12
        )

    def test_forgives_what_a_laplacian_does_not_see(self) -> None:
        rows, columns = POINTS.T
        unseen = 5 + 3 * rows - columns + 7 * (rows**2 - columns**2) + 20 * (rows**3 - 3 * rows * columns**2)
        np.testing.assert_allclose(align_harmonic(3 * REFERENCE + unseen[:, None], REFERENCE, POINTS), REFERENCE)
        seen = REFERENCE + (rows**2 + columns**2)[:, None]
        assert np.abs(align_harmonic(seen, REFERENCE, POINTS) - REFERENCE).max() > 0.1

    def test_of_a_harmonic_polynomial_is_the_nearest_one(self) -> None:
        rows, columns = POINTS.T
        plain = align_harmonic(np.zeros((54, 3)), REFERENCE, POINTS)
        found = align_harmonic((rows * columns + 4)[:, None].repeat(3, axis=1), REFERENCE, POINTS)
        np.testing.assert_allclose(found, plain, atol=1e-12)


def test_a_mean_is_each_channels() -> None:
    found = align_mean(VALUES.astype(np.float32), REFERENCE)
    np.testing.assert_allclose(found.mean(axis=0), REFERENCE.mean(axis=0))
    np.testing.assert_allclose(np.diff(found, axis=0), np.diff(VALUES, axis=0), atol=1e-6)


def test_measures_of_values_that_no_8_bit_image_holds() -> None:
    """A field that is the image, times 40 and off by 9: aligned, nothing is lost of it."""
    values = np.random.default_rng(0).integers(100, 140, (12, 15, 1)) / 127.5 - 1
    image = Image(np.zeros((12, 15, 1), np.uint8)).with_values(values.reshape(-1, 1))
    fitted = Fitted(Mlp(gates=("dense",), width=2), {}, image.points(), None, 1.0)
    vars(fitted)["values"] = (40 * image.values() + 9).astype(np.float32)
    assert psnr_affine(image, fitted) == psnr_harmonic(image, fitted) == np.inf
    assert psnr_unaligned(image, fitted) < 10


def test_harmonics_alone_are_what_a_field_without_a_laplacian_is_given() -> None:
    """A constant field comes to the same, and one that knows more is above."""
    rng = np.random.default_rng(0)
    image = Image(rng.integers(0, 256, (12, 15, 1)).astype(np.uint8))
    fitted = Fitted(Mlp(gates=("dense",), width=2), {}, image.points(), None, 1.0)
    vars(fitted)["values"] = np.full((180, 1), 2, np.float32)
    alone = psnr_harmonics_alone(image, fitted)
    assert alone == psnr_harmonic(image, fitted) < 20
    vars(fitted)["values"] = (image.values() + rng.normal(0, 0.1, (180, 1))).astype(np.float32)
    assert psnr_harmonics_alone(image, fitted) == alone < psnr_harmonic(image, fitted) - 5
