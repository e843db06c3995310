"""Gates: which of a layer's experts a point uses."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

# One set of weights for all points; one for each region of a map; or A: tiles of two by two, repeated.
Gate = Literal["dense", "segment"] | Annotated[float, Field(gt=0, allow_inf_nan=False)]


def experts_of(gate: Gate, points: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
    """The expert (n,) of each point (n, d): eq. (4) of Oh and Bae, floor(A x) mod 2 per axis, or the point's region."""
    if gate == "dense":
        return np.zeros(len(points), dtype=np.int64)
    if gate == "segment":
        if labels is None:
            raise ValueError("a segment gate needs the labels of its points")
        return labels.astype(np.int64)
    tile = np.floor(gate * points).astype(np.int64) % 2  # numpy's % is never negative
    return tile @ 2 ** np.arange(tile.shape[1])[::-1]
