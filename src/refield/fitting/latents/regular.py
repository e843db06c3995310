"""Points that are all of a grid's, such as an image's pixels."""

import numpy as np
from jaxtyping import Float64

Axes = tuple[Float64[np.ndarray, " h"], Float64[np.ndarray, " w"]]


def axes_of(points: Float64[np.ndarray, "n d"]) -> Axes | None:
    """The ascending coordinates of the rows and of the columns whose crossings are the points, row after row; None if
    the points are not such."""
    if points.shape[1] != 2:
        return None
    rows, columns = (np.unique(points[:, axis]) for axis in range(2))
    if len(rows) * len(columns) != len(points):
        return None
    crossings = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    return (rows, columns) if np.array_equal(crossings, points) else None
