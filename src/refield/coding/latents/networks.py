"""Both networks' weights as a file has them: each tensor with the step that costs least, in error and bits together."""

import numpy as np

from refield.coding.latents.descent import Descent
from refield.coding.range_coder import Encoder
from refield.coding.tensors import Quantised, quantise

STEPS = [2.0**-exponent for exponent in range(2, 13)]  # from coarse to fine
PATIENCE = 2  # finer steps that are tried in vain


def quantised(descent: Descent, lambda_: float) -> dict[str, Quantised]:
    """The tensors, in their order in a file; from here on the descent has their values."""
    found, pixels = {}, descent.pixels
    descent.show(None)

    def cost() -> float:
        descent.evaluation.run(back=False)
        return descent.error() + lambda_ * descent.rate.run(back=False) / pixels

    for name, place in descent.tensors().items():
        weights, tried, costs = place.copy(), list[Quantised](), list[float]()
        for step in STEPS:
            tried.append(quantise(weights, step))
            place[:] = tried[-1].values
            costs.append(cost() + lambda_ * _bits(tried[-1]) / pixels)
            if int(np.argmin(costs)) < len(costs) - PATIENCE:
                break
        found[name] = tried[int(np.argmin(costs))]
        place[:] = found[name].values
    return found


def _bits(tensor: Quantised) -> int:
    encoder = Encoder()
    prefix = tensor.encode(encoder)
    return 8 * (len(prefix) + len(encoder.finish()))
