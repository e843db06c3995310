"""Images whose coordinates have one scale on both axes, as in the published code of COIN (Dupont et al., 2021)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from refield.signals.image import Image


@dataclass(frozen=True, eq=False)
class IsotropicImage(Image):
    """An image whose pixels are squares of side 2 / (height - 1).

    Rows reach -1 and +1 as those of any image do. Columns begin at -1 and end where their number says: beyond +1 in an
    image that is wider than high, at 2.0 in one of 768 x 512 pixels, and before +1 in one that is higher than wide.
    """

    def points(self) -> Float64[np.ndarray, "n 2"]:
        height, width = self.shape
        side = 2 / max(height - 1, 1)
        rows, columns = -1 + side * np.arange(height), -1 + side * np.arange(width)
        return np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
