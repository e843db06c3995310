"""Samples of an image: what a field is fitted to. The only module that knows the coordinate convention."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Samples:
    """Observed values of a signal at points of the plane."""

    points: np.ndarray  # (n, 2) float64: (row, column), each axis spans [-1, 1] with the end pixels on -1 and +1
    values: np.ndarray  # (n, c) float64 in [-1, 1]
    labels: np.ndarray | None = None  # (n,) integers in 0..K-1: the region of each point
    weights: np.ndarray | None = None  # (n,) not negative: what a point's error counts, 0 hides it; None: all alike

    def __post_init__(self) -> None:
        n = len(self.points)
        for name, array in (("values", self.values), ("labels", self.labels), ("weights", self.weights)):
            if array is not None and len(array) != n:
                raise ValueError(f"{len(array)} {name} for {n} points")
        if self.weights is not None and not (self.weights.min() >= 0 and 0 < self.weights.sum() < np.inf):
            raise ValueError("weights must be finite, not negative, and not all zero")

    def relative_weights(self) -> np.ndarray:
        """The weights (n,) over their mean."""
        return np.ones(len(self.points)) if self.weights is None else self.weights / self.weights.mean()

    def mean_squared_error(self, values: np.ndarray) -> float:
        """Of other values (n, c) at these points, weighted."""
        return float(np.mean(self.relative_weights()[:, None] * (values - self.values) ** 2))


def pixel_grid(height: int, width: int) -> np.ndarray:
    """The points (height * width, 2) of an image's pixels, row by row; both axes reach -1 and +1 (SIREN's code)."""
    rows, columns = np.linspace(-1, 1, height), np.linspace(-1, 1, width)
    return np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)


def sample_image(image: np.ndarray, labels: np.ndarray | None = None) -> Samples:
    """Every pixel of a uint8 image (h, w, c), its intensity mapped to [-1, 1]; `labels` (h, w) if regions are known."""
    height, width, channels = image.shape
    values = image.reshape(-1, channels) / 127.5 - 1.0
    return Samples(pixel_grid(height, width), values, None if labels is None else labels.reshape(-1))


def values_to_image(values: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Values (n, c), nominally in [-1, 1], clamped and rounded to a uint8 image of `shape` (h, w, c)."""
    return np.rint((np.clip(values, -1.0, 1.0) + 1.0) * 127.5).astype(np.uint8).reshape(shape)
