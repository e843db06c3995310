"""What a field is fitted to."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Integer

from refield.arrays import Tensor

Evaluate = Callable[[Tensor, Tensor | None], Tensor]  # intensities (n, c) at points (n, d) with labels (n,)


@dataclass(frozen=True)
class Batch:
    """Some or all points of a problem, on the device."""

    points: Float64[Tensor, "n d"]
    labels: Integer[Tensor, " n"] | None
    target: Float[Tensor, "n t"]
    importance: Float[Tensor, " n"] | None  # of mean 1 over all points of the problem


Loss = Callable[[Evaluate, Batch], Tensor]  # a scalar, the mean over the batch


def squared_error(evaluate: Evaluate, batch: Batch) -> Tensor:
    """The mean over points and channels of (f(x) - target)^2, each point weighted by its importance."""
    error = (evaluate(batch.points, batch.labels) - batch.target).square()
    return (error if batch.importance is None else batch.importance[:, None] * error).mean()


def mse_to_psnr(mse: float) -> float:
    """PSNR in dB of a mean squared error on values in [-1, 1], whose peak-to-peak range is 2."""
    return 10 * math.log10(4 / mse) if mse > 0 else math.inf


@dataclass(frozen=True)
class Problem:
    """Targets at points, and the loss that compares a field with them."""

    points: Float64[np.ndarray, "n d"]  # each coordinate in [-1, 1]
    target: Float64[np.ndarray, "n t"]  # for `squared_error` the values (n, c), nominally in [-1, 1]
    channels: int  # of the field
    labels: Integer[np.ndarray, " n"] | None = None  # 0..K-1: the region of each point
    # What a point's error counts, not negative: 0 hides it; None: all alike.
    importance: Float[np.ndarray, " n"] | None = None
    loss: Loss = squared_error
    pointwise: bool = True  # whether the loss of a batch is the mean of its points' own losses, so that it can be cut
    # Where the fitted field is evaluated in the end, and the regions there; None: at `points`.
    wanted: tuple[Float64[np.ndarray, "w d"], Integer[np.ndarray, " w"] | None] | None = None

    def __post_init__(self) -> None:
        n = len(self.points)
        for name, array in (("targets", self.target), ("labels", self.labels), ("importances", self.importance)):
            if array is not None and len(array) != n:
                raise ValueError(f"{len(array)} {name} for {n} points")
        if self.importance is not None and not (self.importance.min() >= 0 and 0 < self.importance.sum() < np.inf):
            raise ValueError("importances must be finite, not negative, and not all zero")

    def relative_importance(self) -> Float64[np.ndarray, " n"]:
        """The importance (n,) of each point over the mean."""
        return np.ones(len(self.points)) if self.importance is None else self.importance / self.importance.mean()

    def mean_squared_error(self, values: Float[np.ndarray, "n c"]) -> float:
        """The weighted mean squared error of values (n, c) at the points."""
        error = np.asarray(values - self.target)
        np.square(error, out=error)  # in place, as this may be the most memory that a fit takes
        if self.importance is not None:
            error *= self.relative_importance()[:, None]
        return float(np.mean(error))
