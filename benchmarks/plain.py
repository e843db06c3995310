"""Multilayer perceptrons as one writes them down in PyTorch: nn.Linear, and activations by the textbook's formulas."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from refield.fields.activations.spheroidal import spline
from refield.fields.layer import Layer
from refield.fields.mlp import Mlp

NEAR = 1e-3  # of a denominator that is taken for 0

Arrays = Mapping[str, np.ndarray]


def linear(weight: np.ndarray, bias: np.ndarray) -> nn.Linear:
    """A layer with a field's weight (fan_in, fan_out) and bias (fan_out,)."""
    made = nn.utils.skip_init(nn.Linear, *weight.shape)
    made.weight = nn.Parameter(torch.tensor(weight.T.copy()))
    made.bias = nn.Parameter(torch.tensor(bias))
    return made


def finer(u: Tensor, beta: float) -> Tensor:
    with torch.no_grad():
        factor = beta * u.abs() + 1
    return torch.sin(factor * u)


def gabor(u: Tensor, beta: Tensor | float) -> Tensor:
    envelope = torch.exp(-((beta * u) ** 2))
    return torch.cat([envelope * torch.cos(u), envelope * torch.sin(u)], dim=1)


def raised_cosine(u: Tensor, beta: Tensor | float) -> Tensor:
    denominator = 1 - (2 * beta * u) ** 2
    near = denominator.abs() < NEAR
    window = torch.cos(math.pi * beta * u) / torch.where(near, 1, denominator)
    return torch.sinc(u) * torch.where(near, math.pi / 4, window)


def root_raised_cosine(u: Tensor, beta: Tensor | float) -> Tensor:
    """Over its value at 0."""
    b = torch.as_tensor(beta, dtype=u.dtype)
    centre, side = 1 - b + 4 * b / math.pi, math.pi / (4 * b)
    beside = b / 2**0.5 * ((1 + 2 / math.pi) * torch.sin(side) + (1 - 2 / math.pi) * torch.cos(side))
    factor = 1 - (4 * b * u) ** 2
    at_0, at_side = u.abs() < NEAR, factor.abs() < NEAR
    numerator = torch.sin(math.pi * u * (1 - b)) + 4 * b * u * torch.cos(math.pi * u * (1 + b))
    h = numerator / torch.where(at_0 | at_side, 1, math.pi * u * factor)
    return torch.where(at_0, centre, torch.where(at_side, beside, h)) / centre


ACTIVATIONS: dict[str, Callable[[Tensor, Any], Tensor]] = {
    "sine": lambda u, _: torch.sin(u),
    "relu": lambda u, _: torch.relu(u),
    "leaky_relu": nn.functional.leaky_relu,
    "finer": finer,
    "gaussian": lambda u, _: torch.exp(-(u**2)),
    "gabor": gabor,
    "sinc": lambda u, _: torch.sinc(u / math.pi),
    "raised_cosine": raised_cosine,
    "root_raised_cosine": root_raised_cosine,
}


class Prolate(nn.Module):
    """The prolate spheroidal wave function of a bandwidth, whose table there has to be in any case."""

    def __init__(self, bandwidth: float, dtype: torch.dtype) -> None:
        super().__init__()
        table = spline(bandwidth)
        self.spacing, self.first = table.spacing, table.first
        self.table: Tensor
        self.register_buffer("table", torch.tensor(table.coefficients.T.copy(), dtype=dtype))

    def forward(self, u: Tensor, _: Tensor | float) -> Tensor:
        s = u / self.spacing
        j = torch.floor(s)
        t = s - j
        row = (j + self.first).clamp(0, self.table.shape[1] - 1).long()
        a, b, c, d = (column[row] for column in self.table)
        return a + t * (b + t * (c + t * d))


class Activated(nn.Module):
    """amplitude * f(omega * z + phase; beta), of which only what a layer has is computed."""

    def __init__(self, layer: Layer, trained: np.ndarray | None, dtype: torch.dtype) -> None:
        super().__init__()
        name = str(layer.activation)
        self.f = Prolate(layer.beta, dtype) if name == "prolate" else ACTIVATIONS[name]
        self.omega = None if layer.omega == 1 else layer.omega
        self.amplitude, self.phase, self.beta = None, None, layer.beta
        for each, number in zip(layer.trained, [] if trained is None else trained, strict=True):
            setattr(self, each, nn.Parameter(torch.tensor(number)))

    def forward(self, z: Tensor) -> Tensor:
        u = z if self.omega is None else self.omega * z
        u = u if self.phase is None else u + self.phase
        h = self.f(u, self.beta)
        return h if self.amplitude is None else self.amplitude * h


class PlainMlp(nn.Module):
    """A network without gates, of a field's weights and in their precision."""

    def __init__(self, field: Mlp, weights: Arrays) -> None:
        super().__init__()
        first, last = weights["layers.0.weight"], weights[f"layers.{field.hidden}.weight"]
        *hidden, _ = field.layers(first.shape[1], last.shape[2])
        self.layers = nn.ModuleList(
            linear(weights[f"layers.{i}.weight"][0], weights[f"layers.{i}.bias"][0]) for i in range(field.hidden + 1)
        )
        dtype = self.layers[0].weight.dtype
        self.activations = nn.ModuleList(
            Activated(layer, weights.get(f"layers.{i}.activation"), dtype) for i, layer in enumerate(hidden)
        )

    def forward(self, h: Tensor) -> Tensor:
        for layer, activation in zip(self.layers, self.activations, strict=False):
            h = activation(layer(h))
        return self.layers[-1](h)
