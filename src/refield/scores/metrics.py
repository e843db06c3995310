"""How close an estimate is to its reference: functions of two 8-bit images, `uint8 (height, width, channels)`.

All raise `ValueError` unless both are such images of one shape. scikit-image is imported where it is used: every stage
reads the tasks, one scores.
"""

import numpy as np

from refield.errors import UserError
from refield.segmentation.multi_otsu import multi_otsu
from refield.signals.image import luma

SSIM_WINDOW = 11  # pixels: a Gaussian of sigma 1.5, cut off at 3.5 sigma


def psnr_8bit(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB over all channels, peak 255; infinite for identical images.

    An average over images is the mean of their dB values, so one infinite value makes it infinite. scikit-image's
    function of this name is as exact, takes a second to import, and holds 24 bytes a number.
    """
    _check(reference, estimate)
    rows = zip(reference, estimate, strict=True)
    total = sum(int(np.square(row.astype(np.int32) - found).sum(dtype=np.int64)) for row, found in rows)
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(255**2 / np.float64(total / reference.size)))


def ssim(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Structural similarity of Wang et al. 2004 (doi.org/10.1109/TIP.2003.819861), mean over channels.

    Both sides need at least 11 pixels, the size of the window; `UserError` otherwise.
    """
    from skimage.metrics import structural_similarity

    _check(reference, estimate)
    if min(reference.shape[:2]) < SSIM_WINDOW:
        height, width = reference.shape[:2]
        raise UserError(f"an image of {height} x {width} pixels is too small for SSIM; both sides need {SSIM_WINDOW}")
    similarity = structural_similarity(
        reference,
        estimate,
        data_range=255,
        channel_axis=-1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    return float(similarity)


def region_iou(reference: np.ndarray, estimate: np.ndarray, regions: int) -> float:
    """Mean intersection over union of luminance regions, in [0, 1].

    Both images are cut at the Multi-Otsu thresholds of the reference; a region that neither image has is left out. A
    reference with fewer grey levels has a region for each of them, and is cut midway between them.
    """
    _check(reference, estimate)
    levels = np.unique(luma(reference)).astype(float)
    few = len(levels) < regions
    thresholds = (levels[1:] + levels[:-1]) / 2 if few else multi_otsu(luma(reference), regions)
    ours, theirs = (np.digitize(luma(image), thresholds) for image in (reference, estimate))
    shared = np.bincount(ours[ours == theirs], minlength=regions)
    union = np.bincount(ours.ravel(), minlength=regions) + np.bincount(theirs.ravel(), minlength=regions) - shared
    return float(np.mean(shared[union > 0] / union[union > 0]))


def _check(reference: np.ndarray, estimate: np.ndarray) -> None:
    for name, image in (("reference", reference), ("estimate", estimate)):
        if image.dtype != np.uint8 or image.ndim != 3:
            raise ValueError(f"{name} must be uint8 (height, width, channels), not {image.dtype} {image.shape}")
    if reference.shape != estimate.shape:
        raise ValueError(f"reference is {reference.shape}, estimate {estimate.shape}; shapes must be equal")
