"""What a segmenter is, and the map of regions that it makes of an image."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from refield.errors import UserError


@dataclass(frozen=True)
class Segmentation:
    """No region is empty. Of luminance, region k holds the pixels with `thresholds[k - 1] <= luma < thresholds[k]`."""

    labels: np.ndarray  # (h, w) uint8, 0..K-1; of luminance, from dark to bright
    thresholds: np.ndarray | None = None  # (K - 1,) float64, luminance in 0..255; None if luminance does not decide


@runtime_checkable
class Segmenter(Protocol):
    """A frozen pydantic model whose fields are the segmenter's own keys of a `maps` entry in params.yaml."""

    def __call__(self, image: UInt8[np.ndarray, "h w c"], regions: int) -> Segmentation:
        """Cut an image (h, w, c) uint8, c = 1 or 3, into `regions`; `UserError` if that cannot be done."""


def segment(image: UInt8[np.ndarray, "h w c"], segmenter: Segmenter, regions: int) -> Segmentation:
    """Cut a uint8 image (h, w, c) into regions; `UserError` if fewer than `regions` come out."""
    segmentation = segmenter(image, regions)
    if (filled := len(np.unique(segmentation.labels))) < regions:
        raise UserError(
            f"{filled} of its {regions} regions have pixels; "
            "lower its map's regions, or leave the image out of images.names"
        )
    return segmentation


def regions_table(segmentation: Segmentation) -> list[dict[str, int | float | None]]:
    """One row per region: luminance `from` (included) and `to` (excluded), `pixels`, their `fraction` of the image."""
    pixels = np.bincount(segmentation.labels.ravel())
    edges: list[float | None] = [None] * (len(pixels) + 1)
    if segmentation.thresholds is not None:
        edges = [0.0, *segmentation.thresholds.tolist(), 256.0]
    return [
        {
            "region": k,
            "from": edges[k],
            "to": edges[k + 1],
            "pixels": count,
            "fraction": count / segmentation.labels.size,
        }
        for k, count in enumerate(pixels.tolist())
    ]
