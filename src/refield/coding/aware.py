"""Quantisation-aware training: weights move on while the image is shown by their roundings.

The gradient at the rounded weights is taken for that of the weights themselves (the straight-through estimator, Bengio
et al., 2013, https://arxiv.org/abs/1308.3432).
"""

from collections.abc import Mapping

import numpy as np
import torch

from refield.coding.image_error import ImageError
from refield.coding.limits import LARGEST_SYMBOL
from refield.coding.search import Search
from refield.coding.settings import Coding
from refield.coding.tensors import Quantised, step_of

WITHIN = 0.499  # of a step: as far from its rounding as a weight may begin


def trained(search: Search, rounded: Mapping[str, Quantised], coding: Coding, device: str) -> Mapping[str, Quantised]:
    """Of all roundings on the way that which has the lowest squared error: never above that of `rounded`.

    Each weight begins as the fit has it, or at the edge of what rounds to the given multiple.
    """
    steps = {name: step_of(each.step) for name, each in rounded.items()}
    best, lowest = dict(rounded), search.squared_error(rounded)
    with ImageError(search, device) as error:
        moved = {}
        for name, each in rounded.items():
            low, high = ((each.symbols + part) * steps[name] for part in (-WITHIN, WITHIN))
            begun = np.clip(search.weights[name], low, high).astype(np.float32)
            moved[name] = torch.tensor(begun, device=error.device)
        adam = torch.optim.Adam(moved.values(), coding.aware_rate)
        for _ in range(coding.aware_iterations):
            symbols = {name: (tensor / steps[name]).round() for name, tensor in moved.items()}
            found, gradients = error.gradient({name: steps[name] * each for name, each in symbols.items()})
            if found < lowest:
                lowest = found
                best = {
                    name: Quantised(rounded[name].step, each.cpu().numpy().astype(np.int32))
                    for name, each in symbols.items()
                }
            for name, tensor in moved.items():
                tensor.grad = gradients[name]
            adam.step()
            for name, tensor in moved.items():
                tensor.clamp_(-LARGEST_SYMBOL * steps[name], LARGEST_SYMBOL * steps[name])
    return min((rounded, best), key=search.squared_error)
