import numpy as np
import pytest
from PIL import Image as Pillow

from refield.signals.resizing import resized

VALUES = np.random.default_rng(0).uniform(-1, 1, (5, 8, 3)).astype(np.float32)
FILTERS = ["bilinear", "bicubic", "lanczos"]


@pytest.mark.parametrize("by", FILTERS)
@pytest.mark.parametrize("shape", [(10, 16), (3, 4), (5, 8), (1, 1)])
def test_by_area_is_pillows(shape: tuple[int, int], by: str) -> None:
    planes = [Pillow.fromarray(VALUES[..., k]).resize(shape[::-1], Pillow.Resampling[by.upper()]) for k in range(3)]
    np.testing.assert_array_equal(resized(VALUES, shape, by), np.stack([np.asarray(p) for p in planes], axis=-1))


@pytest.mark.parametrize("by", FILTERS)
@pytest.mark.parametrize("factor", [2, 3, 8])
def test_with_ends_aligned_meets_the_old_pixels_where_they_are(by: str, factor: int) -> None:
    """Between two pixels lie factor - 1 others; an interpolation leaves the old ones as they are."""
    old, new = np.array(VALUES.shape[:2]), factor * (np.array(VALUES.shape[:2]) - 1) + 1
    found = resized(VALUES, (int(new[0]), int(new[1])), by, "ends")
    np.testing.assert_allclose(found[::factor, ::factor], VALUES, atol=1e-5)
    assert found[::factor].shape[0] == old[0]


def test_with_ends_aligned_a_ramp_stays_one_from_end_to_end() -> None:
    ramp = np.linspace(-1, 1, 6, dtype=np.float32)[:, None, None].repeat(4, axis=1)
    expected = np.linspace(-1, 1, 12)[:, None, None].repeat(8, axis=1)
    np.testing.assert_allclose(resized(ramp, (12, 8), "bilinear", "ends"), expected, atol=1e-6)
    assert np.abs(resized(ramp, (12, 8), "bilinear") - expected).max() > 0.05


@pytest.mark.parametrize("aligned", ["centres", "ends"])
def test_of_one_pixel_is_that_pixel_everywhere(aligned: str) -> None:
    one = np.full((1, 1, 3), 0.25, np.float32)
    np.testing.assert_allclose(resized(one, (4, 6), "bicubic", aligned), 0.25, atol=1e-6)
    np.testing.assert_array_equal(resized(one, (1, 1), "bicubic", aligned), one)
