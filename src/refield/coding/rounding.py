"""Learned rounding: each weight goes up or down to a multiple of its step, as the image's error says.

AdaRound (Nagel et al., ICML 2020, https://arxiv.org/abs/2004.10568): a weight is step (floor(w / step) + h), where h is
between 0 and 1 and is trained. A regulariser, whose exponent beta falls, drives each h to one of the ends. There each
layer's outputs are to be kept; here, with one image to show, the error is the image's own.
"""

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from refield.coding.image_error import ImageError
from refield.coding.limits import LARGEST_SYMBOL
from refield.coding.search import Search
from refield.coding.settings import Coding
from refield.coding.tensors import Quantised, step_of

LOW, HIGH = -0.1, 1.1  # the sigmoid is stretched to these and cut at 0 and 1, which it reaches: eq. (23)
FREE = 0.2  # of the iterations, at first, have no regulariser


def rounded(search: Search, nearest: Mapping[str, Quantised], coding: Coding, device: str) -> Mapping[str, Quantised]:
    """The weights at the steps of `nearest`, their nearest multiples, but rounded by the image's squared error.

    That is never above the error of `nearest`.
    """
    with ImageError(search, device) as error:
        learned = _learned(error, search.weights, nearest, coding)
    return min((nearest, learned), key=search.squared_error)


def _learned(
    error: ImageError, weights: Mapping[str, np.ndarray], nearest: Mapping[str, Quantised], coding: Coding
) -> dict[str, Quantised]:
    steps = {name: step_of(each.step) for name, each in nearest.items()}
    floors = {
        name: np.clip(np.floor(array.astype(np.float64) / steps[name]), -LARGEST_SYMBOL, LARGEST_SYMBOL - 1)
        for name, array in weights.items()
    }
    below = {name: torch.tensor(floors[name], dtype=torch.float32, device=error.device) for name in floors}
    free = {name: _start(weights[name] / steps[name] - floors[name], error.device) for name in floors}
    adam = torch.optim.Adam(free.values(), coding.rounding_rate)
    for iteration in range(coding.rounding_iterations):
        adam.zero_grad()
        up = {name: stretched(tensor) for name, tensor in free.items()}
        _, gradients = error.gradient({name: steps[name] * (below[name] + up[name]) for name in up})
        ends = {name: (up[name], steps[name] * gradients[name]) for name in up}
        if (t := iteration / coding.rounding_iterations) >= FREE:
            undecided = coding.rounding_regularisation * _undecided(up, _beta(t, coding.rounding_beta))
            ends["regulariser"] = undecided, torch.ones_like(undecided)
        torch.autograd.backward([value for value, _ in ends.values()], [slope for _, slope in ends.values()])
        adam.step()
    chosen = {name: (stretched(tensor) >= 0.5).cpu().numpy() for name, tensor in free.items()}
    return {name: Quantised(nearest[name].step, (floors[name] + chosen[name]).astype(np.int32)) for name in floors}


def stretched(free: Tensor) -> Tensor:
    """h of what is trained, from 0 to 1: eq. (23)."""
    return (torch.sigmoid(free) * (HIGH - LOW) + LOW).clamp(0, 1)


def _start(part: np.ndarray, device: torch.device) -> Tensor:
    """What h is the given parts of a step for, away from the ends, where it would have no slope."""
    sigmoid = (np.clip(part, 0.01, 0.99) - LOW) / (HIGH - LOW)
    return torch.tensor(np.log(sigmoid / (1 - sigmoid)), dtype=torch.float32, device=device).requires_grad_()


def _beta(t: float, ends: tuple[float, float]) -> float:
    """The regulariser's exponent at a part t of the iterations."""
    first, last = ends
    return last + (first - last) * (1 + math.cos(math.pi * (t - FREE) / (1 - FREE))) / 2


def _undecided(up: Mapping[str, Tensor], beta: float) -> Tensor:
    """The sum of 1 - |2 h - 1|^beta over all weights: eq. (24)."""
    return torch.stack([(1 - (2 * each - 1).abs().pow(beta)).sum() for each in up.values()]).sum()
