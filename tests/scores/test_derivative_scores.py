import numpy as np
import pytest

from refield.fields.mlp import Mlp
from refield.scores.derivatives import LAPLACIAN_SHARE, PSNR_GRADIENT, PSNR_LAPLACIAN
from refield.scores.fitted import Fitted
from refield.signals.differences import image_gradient, image_laplacian
from refield.signals.image import Image

IMAGE = Image(np.random.default_rng(0).integers(0, 256, (12, 20, 3), dtype=np.uint8))
VALUES = IMAGE.values().reshape(12, 20, 3)
GRADIENT, LAPLACIAN = image_gradient(VALUES, "sobel").reshape(240, 3, 2), image_laplacian(VALUES).reshape(240, 3)


def scores(gradient: np.ndarray = GRADIENT, laplacian: np.ndarray = LAPLACIAN) -> tuple[float, float]:
    """Of a field that has these derivatives."""
    fitted = Fitted(Mlp(gates=("dense",), width=2), {}, IMAGE.points(), None, 1.0)
    vars(fitted)["_derivatives"] = gradient, laplacian
    return PSNR_GRADIENT.of(IMAGE, fitted), PSNR_LAPLACIAN.of(IMAGE, fitted)


def test_of_the_images_own_are_infinite() -> None:
    assert scores() == (np.inf, np.inf)


def test_of_a_known_error_are_those_by_hand() -> None:
    """In pixels: 0.1 of a range of 2 on both axes, and 0.4 of one of 16; pixels are 1/5.5 and 1/9.5 apart."""
    off = 0.1 * np.where(GRADIENT > 0, -1, 1) * [5.5, 9.5], 0.4 * np.where(LAPLACIAN > 0, -1, 1) * (5.5**2 + 9.5**2) / 2
    found = scores(GRADIENT + off[0], LAPLACIAN + off[1])
    assert found == (pytest.approx(20 * np.log10(2 / 0.1)), pytest.approx(20 * np.log10(16 / 0.4)))


def test_of_a_constant_are_the_strength_of_the_truth() -> None:
    rows = GRADIENT / [5.5, 9.5]
    found, _ = scores(np.zeros_like(GRADIENT))
    assert found == pytest.approx(10 * np.log10(4 / np.mean(rows**2)))


def share(laplacian: np.ndarray, image: Image = IMAGE) -> float:
    fitted = Fitted(Mlp(gates=("dense",), width=2), {}, image.points(), None, 1.0)
    vars(fitted)["_derivatives"] = None, laplacian.astype(np.float32)
    return LAPLACIAN_SHARE.of(image, fitted)


def test_the_share_of_a_laplacian_is_all_of_it_as_much_as_a_constants_or_less() -> None:
    assert share(LAPLACIAN) == pytest.approx(1, abs=1e-12)
    assert share(np.zeros_like(LAPLACIAN)) == 0
    assert share(0.5 * LAPLACIAN) == pytest.approx(0.75)
    assert share(-LAPLACIAN) == pytest.approx(-3)
    assert np.isnan(share(np.ones((12, 3)), Image(np.full((3, 4, 3), 7, np.uint8))))


def test_the_share_goes_by_the_psnr() -> None:
    """Of what is no nearer than a constant it is none, and so for numbers that no image has."""
    rough = np.where(LAPLACIAN > 0, 1e9, -1e9)
    found, nothing = scores(laplacian=rough)[1], scores(laplacian=np.zeros_like(LAPLACIAN))[1]
    assert share(rough) == pytest.approx(1 - 10 ** ((nothing - found) / 10))


def test_what_no_image_has_counts_as_the_most_that_one_has() -> None:
    """Sobel's eighth of intensities in [-1, 1] is at most 1, and the Laplacian of five pixels 8."""
    wild = np.where(GRADIENT > 0, 1e9, -1e9)
    assert scores(wild)[0] == scores(np.sign(wild) * [5.5, 9.5])[0]
    bends = np.where(LAPLACIAN > 0, 1e9, -1e9)
    assert scores(laplacian=bends)[1] == scores(laplacian=np.sign(bends) * 4 * (5.5**2 + 9.5**2))[1]


def test_the_ranges_are_the_operators_own() -> None:
    """A checkerboard has the largest Laplacian, two halves the largest gradient across them."""
    board, halves = (2.0 * (np.indices((12, 20)).sum(axis=0) % 2) - 1, np.sign(np.indices((12, 20))[1] - 9.5))
    assert np.abs(image_laplacian(board[..., None], "pixels")).max() == 8
    assert np.abs(image_gradient(halves[..., None], "sobel", "pixels")).max() == 1
