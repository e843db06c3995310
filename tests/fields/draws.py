"""Weights and points that tests of fields draw."""

import numpy as np
import torch


def drawn(field, dims=2, channels=3, seed=0):
    return field.initialise(dims, channels, np.random.default_rng(seed))


def some_points(n, dims=2):
    return np.random.default_rng(n).uniform(-1, 1, (n, dims))


def tensors(weights, dtype=torch.float64):
    return {name: torch.tensor(array, dtype=dtype, requires_grad=True) for name, array in weights.items()}
