"""Files of latents, drawn."""

import numpy as np

from refield.coding.latents.file import CodedLatents, field_of, shapes
from refield.coding.tensors import Quantised


def drawn(
    shape: tuple[int, int] = (19, 26), levels: int = 4, channels: int = 3, spread: float = 1.0, seed: int = 0
) -> CodedLatents:
    """Networks as a fit's might be, and latents of some spread."""
    rng, field = np.random.default_rng(seed), field_of(shape, levels, 6)
    tensors = {
        name: Quantised(
            104 if name == "layers.2.weight" else 128, rng.integers(-9, 10, size).astype(np.int32)
        )  # of 1/256, or 1/32
        for name, size in shapes(field, channels, 5).items()
    }
    tensors["layers.2.bias"].symbols[:] = 16  # a medium grey
    grids = [np.rint(rng.laplace(0, spread, size)).astype(np.int64) for size in field.sizes(2)]
    return CodedLatents(shape, channels, grids, tensors)
