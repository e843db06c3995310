import numpy as np
import pytest
from scipy import ndimage

from refield.signals.differences import image_gradient, image_laplacian, pixels_per_unit
from refield.signals.image import pixel_grid

OPERATORS = ["central", "sobel"]


def coordinates(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns, (h, w, 1) each."""
    rows, columns = pixel_grid(height, width).T.reshape(2, height, width, 1)
    return rows, columns


class TestGradient:
    @pytest.mark.parametrize("operator", OPERATORS)
    @pytest.mark.parametrize("size", [(9, 9), (12, 20), (64, 48)])
    def test_is_the_slope_of_a_plane_at_any_size(self, operator: str, size: tuple[int, int]) -> None:
        rows, columns = coordinates(*size)
        gradient = image_gradient(0.3 * rows - 0.5 * columns, operator)
        assert gradient.shape == (*size, 1, 2)
        np.testing.assert_allclose(gradient[1:-1, 1:-1, 0], np.broadcast_to([0.3, -0.5], (size[0] - 2, size[1] - 2, 2)))

    @pytest.mark.parametrize("operator", OPERATORS)
    def test_is_exact_for_a_quadratic(self, operator: str) -> None:
        """Central differences of x^2 are exact, and what Sobel smooths along the other axis is linear in it."""
        rows, columns = coordinates(7, 11)
        gradient = image_gradient(rows**2 - 2 * columns**2 + 3 * rows * columns, operator)[1:-1, 1:-1]
        expected = np.stack([2 * rows + 3 * columns, 3 * rows - 4 * columns], axis=-1)[1:-1, 1:-1]
        np.testing.assert_allclose(gradient, expected, atol=1e-12)

    def test_at_the_border_is_one_sided_or_halved(self) -> None:
        rows, _ = coordinates(5, 4)
        np.testing.assert_allclose(image_gradient(rows, "central")[..., 0, 0], 1)
        np.testing.assert_allclose(image_gradient(rows, "sobel")[:, 2, 0, 0], [0.5, 1, 1, 1, 0.5])

    def test_sobel_smooths_along_the_other_axis(self) -> None:
        """An impulse: its neighbours in the next row feel a half of it, its own row's the whole, all over 4."""
        values = np.zeros((5, 5, 1))
        values[2, 2] = 1
        np.testing.assert_allclose(image_gradient(values, "sobel")[:, 1, 0, 1], np.array([0, 1, 2, 1, 0]) / 8 * 2)
        np.testing.assert_allclose(image_gradient(values, "central")[:, 1, 0, 1], np.array([0, 0, 4, 0, 0]) / 8 * 2)

    @pytest.mark.parametrize("operator", OPERATORS)
    def test_by_pixels_is_that_by_coordinates_over_a_units_pixels(self, operator: str) -> None:
        values = np.random.default_rng(0).normal(size=(6, 9, 3))
        by_pixels = image_gradient(values, operator, "pixels")
        np.testing.assert_allclose(image_gradient(values, operator), by_pixels * [2.5, 4])
        np.testing.assert_array_equal(pixels_per_unit(6, 9), [2.5, 4])


class TestLaplacian:
    @pytest.mark.parametrize("size", [(9, 9), (12, 20), (64, 48)])
    def test_is_exact_for_a_quadratic_at_any_size(self, size: tuple[int, int]) -> None:
        rows, columns = coordinates(*size)
        found = image_laplacian(rows**2 - 3 * columns**2 + 3 * rows * columns + 7)
        np.testing.assert_allclose(found[1:-1, 1:-1], -4, rtol=1e-9)

    def test_of_harmonic_polynomials_is_zero_if_pixels_are_square(self) -> None:
        """Of degree 3 exactly: differences of second order see no fourth derivative there."""
        rows, columns = coordinates(11, 11)
        for power in range(4):
            found = image_laplacian(((rows + 1j * columns) ** power).real)[1:-1, 1:-1]
            np.testing.assert_allclose(found, 0, atol=1e-11)

    def test_by_pixels_is_scipys(self) -> None:
        values = np.random.default_rng(0).normal(size=(6, 9, 3))
        expected = np.stack([ndimage.laplace(values[..., k]) for k in range(3)], axis=-1)
        np.testing.assert_allclose(image_laplacian(values, "pixels"), expected)
