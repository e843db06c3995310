import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio

from refield.errors import UserError
from refield.scores.metrics import psnr_8bit, region_iou, ssim


def pair(seed: int, channels: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    reference = rng.integers(0, 256, (17, 23, channels), dtype=np.uint8)
    noise = rng.integers(-40, 41, reference.shape)
    return reference, np.clip(reference + noise, 0, 255).astype(np.uint8)


def test_psnr_by_hand() -> None:
    """One of eight values is off by 16: mean squared error 32, 10 log10(255^2 / 32)."""
    reference = np.full((2, 4, 1), 100, np.uint8)
    estimate = reference.copy()
    estimate[1, 2] = 84  # below: differences of uint8 would wrap around
    assert psnr_8bit(reference, estimate) == pytest.approx(33.0793, abs=1e-4)


def test_psnr_is_scikit_images_and_infinite_when_exact() -> None:
    reference, estimate = pair(0)
    assert psnr_8bit(reference, estimate) == peak_signal_noise_ratio(reference, estimate, data_range=255)
    assert psnr_8bit(reference, reference) == math.inf


def slow_ssim(x: np.ndarray, y: np.ndarray) -> float:
    """Wang et al. 2004, eq. (13) to (17), window by window."""
    taps = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    weights = np.outer(taps, taps) / taps.sum() ** 2
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = []
    for channel in range(x.shape[2]):
        for row in range(x.shape[0] - 10):
            for column in range(x.shape[1] - 10):
                a = x[row : row + 11, column : column + 11, channel].astype(float)
                b = y[row : row + 11, column : column + 11, channel].astype(float)
                mean_a, mean_b = (weights * a).sum(), (weights * b).sum()
                var_a, var_b = (weights * (a - mean_a) ** 2).sum(), (weights * (b - mean_b) ** 2).sum()
                cov = (weights * (a - mean_a) * (b - mean_b)).sum()
                top = (2 * mean_a * mean_b + c1) * (2 * cov + c2)
                values.append(top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)))
    return float(np.mean(values))


@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_is_wangs(channels: int) -> None:
    reference, estimate = pair(1, channels)
    assert ssim(reference, estimate) == pytest.approx(slow_ssim(reference, estimate), abs=1e-9)
    assert ssim(reference, reference) == 1


def test_ssim_needs_its_window() -> None:
    small = np.zeros((10, 30, 3), np.uint8)
    with pytest.raises(UserError, match=r"10 x 30 .* need 11"):
        ssim(small, small)


def test_iou_by_hand() -> None:
    """Thresholds 10 and 110, whose pixels belong above. Two bright pixels turn middle grey: 3 of 3, 4 of 6, 3 of 5."""
    reference = np.array([0, 0, 0, 10, 100, 100, 100, 110, 200, 200, 200, 200], np.uint8).reshape(3, 4, 1)
    estimate = reference.copy()
    estimate[2, 2:] = 50
    assert region_iou(reference, estimate, 3) == pytest.approx((1 + 4 / 6 + 3 / 5) / 3)


def test_iou_leaves_out_regions_of_neither_image() -> None:
    """With a region per grey level, nothing lies below the lowest threshold; the three others are 1, 1 and 1."""
    reference = np.array([0, 0, 80, 80, 160, 160, 240, 240], np.uint8).reshape(2, 4, 1)
    assert region_iou(reference, reference, 4) == 1


def test_iou_cuts_both_images_at_the_references_thresholds() -> None:
    """All of the estimate is brighter than the reference's one threshold, 10: 0 of 3 and 5 of 8."""
    reference = np.array([0, 0, 0, 10, 200, 200, 200, 200], np.uint8).reshape(2, 4, 1)
    assert region_iou(reference, reference // 2 + 100, 2) == pytest.approx((0 + 5 / 8) / 2)


@pytest.mark.parametrize(("levels", "by_hand"), [([7], 1), ([10, 200], (3 / 4 + 4 / 5) / 2)])
def test_iou_of_few_grey_levels_has_a_region_for_each(levels: list[int], by_hand: float) -> None:
    """A drawing: noise changes no region, and a pixel that is on the other side of the middle counts for both."""
    reference = np.array([levels[0]] * 4 + [levels[-1]] * 4, np.uint8).reshape(2, 4, 1)
    noise = np.array([-5, 5, 0, 5, -5, 5, 0, 5]).reshape(2, 4, 1)
    estimate = (reference + noise).astype(np.uint8)
    assert region_iou(reference, estimate, 4) == 1
    estimate[0, 0] = 255
    assert region_iou(reference, estimate, 4) == pytest.approx(by_hand)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**16), regions=st.integers(2, 6))
def test_iou_invariants(seed: int, regions: int) -> None:
    reference, estimate = pair(seed)
    iou = region_iou(reference, estimate, regions)
    assert 0 <= iou <= 1
    assert region_iou(reference, reference, regions) == 1
    # It does not matter where a pixel is, as long as it stays with its partner.
    assert region_iou(reference[::-1], estimate[::-1], regions) == pytest.approx(iou)
    # Not by content but by place: one row further, neighbours are compared.
    assert region_iou(reference, np.roll(reference, 1, axis=0), regions) < 1


@pytest.mark.parametrize("metric", [psnr_8bit, ssim, lambda a, b: region_iou(a, b, 4)])
def test_odd_arguments_are_refused(metric) -> None:
    image = np.zeros((12, 16, 3), np.uint8)
    with pytest.raises(ValueError, match=r"shapes must be equal"):
        metric(image, image[:, 1:])
    with pytest.raises(ValueError, match=r"estimate must be uint8 .* not float64"):
        metric(image, image / 255)
    with pytest.raises(ValueError, match=r"reference must be uint8 .* \(12, 16\)"):
        metric(image[..., 0], image)
