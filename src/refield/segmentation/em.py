"""Blobworld's segmentation: a mixture of Gaussians in colour and texture, fitted by expectation maximisation.

S. Belongie, C. Carson, H. Greenspan, J. Malik, "Color- and texture-based image segmentation using EM", ICCV 1998; C.
Carson et al., "Blobworld", IEEE Trans. PAMI 24(8), 2002. The mixture is scikit-learn's. Unlike the paper's, K is given
rather than chosen by description length, k-means rather than averages of image windows starts the fit, and no vote
among neighbours smooths the labels.
"""

import warnings
from typing import Annotated

import numpy as np
from pydantic import Field

from refield.errors import UserError
from refield.segmentation.joining import dark_to_bright
from refield.segmentation.segmentation import Segmentation
from refield.strict import Strict

SCALES = [k / 2 for k in range(8)]  # sigma, pixels: the standard deviations of the windows
SETTLED = 0.02  # the scale is the first that changes polarity by less
UNIFORM = 0.1  # mean contrast below which there is no texture, and the scale is 0
DIRECTIONS = 16  # that the dominant one is rounded to, in half a turn
FLOOR = 1e-4  # added to variances, one unit of L*: else a component may shrink onto a single colour


class Em(Strict):
    """The segmenter; its regions are classes, which need not be connected."""

    iterations: Annotated[int, Field(ge=1, le=10000)] = 100  # at most; fewer if the likelihood settles
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0  # of the starting point

    def __call__(self, image: np.ndarray, regions: int) -> Segmentation:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture
        from threadpoolctl import threadpool_limits

        samples = features(image).reshape(image[..., 0].size, -1)
        mixture = GaussianMixture(regions, reg_covar=FLOOR, max_iter=self.iterations, random_state=self.seed)
        # One thread, so that sums do not depend on how many there are.
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            labels = mixture.fit_predict(samples).reshape(image.shape[:2])
        if (filled := len(np.unique(labels))) < regions:
            raise UserError(
                f"EM gives pixels to {filled} of its {regions} regions; "
                "lower its map's regions, or leave the image out of images.names"
            )
        return dark_to_bright(labels, image)


def features(image: np.ndarray) -> np.ndarray:
    """L*, a*, b* over 100 and the texture a c, p c, c of an image (h, w, c) uint8: `(h, w, 6)`; grey, `(h, w, 4)`.

    As in the paper, anisotropy a and polarity p are weighed by contrast c, without which they mean nothing, and colour
    is smoothed at the texture's scale.
    """
    from scipy import ndimage
    from skimage.color import rgb2lab

    colour = rgb2lab(np.broadcast_to(image, (*image.shape[:2], 3)))[..., : image.shape[2]] / 100
    texture = np.stack([texture_at(colour[..., 0], scale) for scale in SCALES])
    scale = selected_scale(texture[..., 0], texture[..., 2])
    smooth = np.stack([ndimage.gaussian_filter(colour, (sigma, sigma, 0)) for sigma in SCALES])
    polarity, anisotropy, contrast = np.moveaxis(_at(scale, texture), 2, 0)
    return np.dstack([_at(scale, smooth), anisotropy * contrast, polarity * contrast, contrast])


def _at(scale: np.ndarray, stack: np.ndarray) -> np.ndarray:
    """Of a stack (scales, h, w, c), at each pixel the layer that an index (h, w) names: `(h, w, c)`."""
    return np.take_along_axis(stack, scale[None, :, :, None], axis=0)[0]


def selected_scale(polarity: np.ndarray, contrast: np.ndarray) -> np.ndarray:
    """The index `(h, w)` of each pixel's scale, given polarity and contrast (scales, h, w) at all of them."""
    from scipy import ndimage

    smooth = np.stack(
        [ndimage.gaussian_filter(layer, 2 * sigma) for layer, sigma in zip(polarity, SCALES, strict=True)]
    )
    settled = np.abs(np.diff(smooth, axis=0)) < SETTLED
    settled[-1] = True
    return np.where(contrast.mean(axis=0) < UNIFORM, 0, 1 + settled.argmax(axis=0))


def texture_at(lightness: np.ndarray, sigma: float) -> np.ndarray:
    """Polarity and anisotropy in 0..1, contrast in 0..sqrt(2) `(h, w, 3)`, of a lightness (h, w) in 0..1 at a scale."""
    from scipy import ndimage

    def window(layer: np.ndarray) -> np.ndarray:
        return ndimage.gaussian_filter(layer, sigma)

    down, across = (ndimage.convolve1d(lightness, [0.5, 0, -0.5], axis, mode="nearest") for axis in (0, 1))
    yy, xx, xy = window(down * down), window(across * across), window(down * across)
    # lambda_1 >= lambda_2 of the windowed second moment matrix [[yy, xy], [xy, xx]], and the direction of lambda_1.
    total, spread = yy + xx, np.hypot(yy - xx, 2 * xy)
    direction = np.rint(np.arctan2(2 * xy, xx - yy) / 2 / np.pi * DIRECTIONS).astype(int) % DIRECTIONS

    # p = |E+ - E-| / (E+ + E-), where E+ and E- sum the gradient's parts along and against that direction.
    net, gross = np.zeros_like(lightness), np.zeros_like(lightness)
    for k in range(DIRECTIONS):
        along = np.cos(k * np.pi / DIRECTIONS) * across + np.sin(k * np.pi / DIRECTIONS) * down
        here = direction == k
        net[here] = np.abs(window(along))[here]
        gross[here] = window(np.abs(along))[here]
    polarity = np.divide(net, gross, out=np.zeros_like(net), where=gross > 0)
    # 1 - lambda_2 / lambda_1
    anisotropy = np.divide(2 * spread, total + spread, out=np.zeros_like(total), where=total > 0)
    return np.stack([polarity, anisotropy, 2 * np.sqrt(total)], axis=-1)
