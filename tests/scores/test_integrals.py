import math

import numpy as np
import pytest

from refield.scores.alignment import align_affine
from refield.scores.integrals import integral_of_gradient, integral_of_laplacian, solve_gradient, solve_laplacian
from refield.signals.differences import image_gradient, image_laplacian, pixels_per_unit

OPERATORS = ["central", "sobel"]


def noise(*shape: int) -> np.ndarray:
    values = np.random.default_rng(0).uniform(-1, 1, shape)
    return values - values.mean(axis=(0, 1))


def cosines(height: int, width: int, down: int, along: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A cosine on each axis, mirrored at the borders, at pixels: its values, gradient and Laplacian by coordinates."""
    rows, columns = (np.pi * k * (np.arange(n) + 0.5) / n for k, n in ((down, height), (along, width)))
    u, v = np.pi * np.array([down, along]) / [height, width] * pixels_per_unit(height, width)
    values = np.cos(rows)[:, None] * np.cos(columns)
    slopes = [-u * np.sin(rows)[:, None] * np.cos(columns), -v * np.cos(rows)[:, None] * np.sin(columns)]
    return values[..., None], np.stack(slopes, axis=-1)[..., None, :], -(u**2 + v**2) * values[..., None]


@pytest.mark.parametrize(("down", "along"), [(0, 3), (2, 0), (1, 1), (5, 8)])
def test_integrals_of_a_functions_own_derivatives_are_the_function(down: int, along: int) -> None:
    values, slopes, bends = cosines(8, 13, down, along)
    np.testing.assert_allclose(integral_of_gradient(slopes), values, atol=1e-12)
    np.testing.assert_allclose(integral_of_laplacian(bends), values, atol=1e-12)


def test_a_target_smoothes_its_integral_as_its_operator_does() -> None:
    """Of a wave of frequency w along one axis central differences see sin(w) / w, and the Laplacian sinc^2(w / 2)."""
    values, _, _ = cosines(32, 24, 4, 0)
    w = np.pi * 4 / 32
    inside = slice(2, -2)
    sobel = integral_of_gradient(image_gradient(values, "sobel"))
    np.testing.assert_allclose(sobel, math.sin(w) / w * values, atol=1e-12)
    bends = integral_of_laplacian(image_laplacian(values))
    np.testing.assert_allclose(bends[inside], (math.sin(w / 2) / (w / 2)) ** 2 * values[inside], atol=1e-12)


@pytest.mark.parametrize("size", [(8, 8), (9, 14), (2, 3)])
@pytest.mark.parametrize("operator", OPERATORS)
def test_least_squares_find_the_pixels_again(operator: str, size: tuple[int, int]) -> None:
    values = noise(*size, 3)
    np.testing.assert_allclose(solve_gradient(image_gradient(values + 5, operator), operator), values, atol=1e-8)
    np.testing.assert_allclose(solve_laplacian(image_laplacian(values - 7)), values, atol=1e-8)


@pytest.mark.parametrize("operator", OPERATORS)
def test_least_squares_are_numpys_where_numbers_contradict_each_other(operator: str) -> None:
    numbers = np.random.default_rng(1).normal(size=(4, 5, 1, 2))
    pixels = np.eye(20).reshape(20, 4, 5, 1)
    matrix = np.stack([image_gradient(pixel, operator).ravel() for pixel in pixels], axis=1)
    expected, *_ = np.linalg.lstsq(matrix, numbers.ravel())
    np.testing.assert_allclose(solve_gradient(numbers, operator).ravel(), expected, atol=1e-9)


def test_a_ceiling_is_lower_than_what_the_numbers_hold() -> None:
    """Of a smooth picture with an edge; the Laplacian of five pixels blurs less than Sobel does."""
    rows, columns = np.mgrid[:24, :32] / 16
    values = (np.sin(3 * rows) + np.cos(2 * columns) + (rows + columns > 1.5))[..., None]
    errors = []
    for found in (
        integral_of_gradient(image_gradient(values, "sobel")),
        integral_of_gradient(image_gradient(values, "central")),
        integral_of_laplacian(image_laplacian(values)),
    ):
        aligned = align_affine(found.reshape(-1, 1), values.reshape(-1, 1))
        errors.append(np.mean((aligned - values.reshape(-1, 1)) ** 2))
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] > 1e-5
