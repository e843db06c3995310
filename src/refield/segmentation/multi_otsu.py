"""Multi-Otsu: the regions between which luminance varies most.

N. Otsu, IEEE Trans. SMC 9(1), 1979; P.-S. Liao et al., J. Information Science and Engineering 17(5), 2001.
"""

import numpy as np
from jaxtyping import UInt8

from refield.errors import UserError
from refield.segmentation.segmentation import Segmentation
from refield.segmentation.thresholds import by_thresholds
from refield.signals.image import luma
from refield.strict import Strict


class MultiOtsu(Strict):
    """The segmenter; it has no keys of its own."""

    def __call__(self, image: UInt8[np.ndarray, "h w c"], regions: int) -> Segmentation:
        grey = luma(image)
        return by_thresholds(grey, multi_otsu(grey, regions))


def multi_otsu(luma: np.ndarray, regions: int) -> np.ndarray:
    """Thresholds `(regions - 1,)` float64 of a luminance image `(h, w)` uint8: grey levels, ascending.

    What `skimage.filters.threshold_multiotsu` looks for, by dynamic programming: the search through all combinations
    there takes seconds for 5 regions and a minute for 6. `UserError` if there are fewer grey levels than regions.
    """
    levels, pixels = np.unique(luma, return_counts=True)
    if len(levels) < regions:
        raise UserError(
            f"its {len(levels)} grey levels are too few for {regions} regions; "
            "lower its map's regions, or leave the image out of images.names"
        )
    weight = np.concatenate([[0], pixels.cumsum()])
    moment = np.concatenate([[0], (pixels * levels).cumsum()])
    # gain[i, j]: what a region of levels[i:j] adds to the variance between regions, up to constants.
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.subtract.outer(moment, moment) ** 2 / np.subtract.outer(weight, weight).T
    gain[np.tril_indices_from(gain)] = -np.inf

    best, starts = gain[0], []
    for _ in range(regions - 1):
        total = best[:, None] + gain
        starts.append(total.argmax(axis=0))
        best = total.max(axis=0)
    cuts = [len(levels)]
    for start in reversed(starts):
        cuts.append(start[cuts[-1]])
    # As scikit-image does, a threshold is the brightest level below its cut.
    return levels[np.array(cuts[:0:-1]) - 1].astype(np.float64)
