"""Differences of an image's pixels as derivatives by its points' coordinates, which lie in [-1, 1] on each axis.

There pixels are 2 / (side - 1) apart, so that a picture's derivatives are about the same at any size. scipy is imported
where it is used: every stage reads the tasks, few fit derivatives.
"""

from typing import Literal

import numpy as np
from jaxtyping import Float, Float64

Operator = Literal["central", "sobel"]
By = Literal["coordinates", "pixels"]


def pixels_per_unit(height: int, width: int) -> Float64[np.ndarray, " 2"]:
    """How many pixels a unit of each coordinate has; of a side of one pixel, none."""
    return (np.array([height, width]) - 1) / 2


def image_gradient(
    values: Float[np.ndarray, "h w c"], operator: Operator, by: By = "coordinates"
) -> Float64[np.ndarray, "h w c 2"]:
    """The derivatives of an image's channels by row and by column.

    sobel: an eighth of Sobel's sums, in pixels; beyond its border the image goes on as its mirror, which halves the
    derivative across the border. central: half the difference of the neighbours, one-sided at the border.
    """
    from scipy import ndimage

    axes = []
    for axis, pixels in enumerate(_pixels(values, by)):
        if operator == "central":
            steps = np.gradient(values, axis=axis)
        else:  # channel by channel: in three dimensions ndimage would smooth over the channels too
            channels = [ndimage.sobel(values[..., k], axis=axis) for k in range(values.shape[2])]
            steps = np.stack(channels, axis=-1) / 8
        axes.append(steps * pixels)
    return np.stack(axes, axis=-1)


def image_laplacian(values: Float[np.ndarray, "h w c"], by: By = "coordinates") -> Float64[np.ndarray, "h w c"]:
    """The sum of the second derivatives of an image's channels by row and by column.

    In pixels each is the sum of two neighbours less twice the pixel; beyond its border the image goes on as its mirror.
    """
    from scipy import ndimage

    second = np.array([1.0, -2.0, 1.0])
    down, along = (ndimage.correlate1d(values, second, axis=axis) for axis in (0, 1))
    rows, columns = _pixels(values, by)
    return rows**2 * down + columns**2 * along


def _pixels(values: np.ndarray, by: By) -> np.ndarray:
    return pixels_per_unit(*values.shape[:2]) if by == "coordinates" else np.ones(2)
