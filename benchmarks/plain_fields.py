"""WIRE, multiplicative filter networks and INCODE as one writes them down in PyTorch, and as their authors do."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.plain import Arrays, PlainMlp, linear
from refield.fields.field import Field
from refield.fields.incode import Incode
from refield.fields.mfn import Mfn
from refield.fields.mlp import Mlp
from refield.fields.wire import Wire


def named(weights: Arrays, name: str) -> nn.Linear:
    """A linear layer of a field's weights; complex, where they are pairs."""
    weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    if bias.ndim == 2:
        weight, bias = (np.ascontiguousarray(pair) for pair in (weight, bias))
        to = np.result_type(weight, np.complex64)
        weight, bias = weight.view(to)[..., 0], bias.view(to)[..., 0]
    return linear(weight, bias)


class PlainWire(nn.Module):
    """With torch's complex numbers, where WIRE has such."""

    def __init__(self, field: Wire, weights: Arrays) -> None:
        super().__init__()
        self.form, self.omega, self.sigma = field.form, field.omega, field.sigma
        hidden = range(field.hidden_layers + 1)
        self.layers = nn.ModuleList(named(weights, f"layers.{i}") for i in hidden)
        self.windows = nn.ModuleList(named(weights, f"windows.{i}") for i in hidden if len(field.maps) > 1)
        self.last = named(weights, f"layers.{field.hidden_layers + 1}")

    def forward(self, h: Tensor) -> Tensor:
        for i, layer in enumerate(self.layers):
            h = self.wavelet(layer(h), self.windows[i](h) if self.windows else None)
        return self.last(h) if self.form == "real" else self.last(h).real

    def wavelet(self, z: Tensor, v: Tensor | None) -> Tensor:
        if v is None:
            return torch.exp(1j * self.omega * z - (self.sigma * z).abs().square())
        if self.form == "real":
            return torch.cos(self.omega * z) * torch.exp(-((self.sigma * v) ** 2))
        return torch.exp(1j * self.omega * z) * torch.exp(-(self.sigma**2) * (z.abs().square() + v.abs().square()))


class PlainFilter(nn.Module):
    """sin(A x + p), in a Gabor filter times exp(-gamma / 2 * |x - mu|^2)."""

    def __init__(self, weights: Arrays, name: str) -> None:
        super().__init__()
        self.wave = linear(weights[f"{name}.A"], weights[f"{name}.p"])
        self.gamma = self.mu = None
        if f"{name}.mu" in weights:
            self.gamma = nn.Parameter(torch.tensor(weights[f"{name}.gamma"]))
            self.mu = nn.Parameter(torch.tensor(weights[f"{name}.mu"]))

    def forward(self, x: Tensor) -> Tensor:
        wave = torch.sin(self.wave(x))
        if self.mu is None:
            return wave
        distance = (x**2).sum(dim=1, keepdim=True) + (self.mu**2).sum(dim=0) - 2 * x @ self.mu
        return wave * torch.exp(-0.5 * distance * self.gamma)


class PlainMfn(nn.Module):
    def __init__(self, field: Mfn, weights: Arrays) -> None:
        super().__init__()
        each = range(field.layers + 1)
        self.filters = nn.ModuleList(PlainFilter(weights, f"filters.{i}") for i in each)
        self.layers = nn.ModuleList(named(weights, f"layers.{i}") for i in each)

    def forward(self, x: Tensor) -> Tensor:
        z = self.filters[0](x)
        for layer, of_points in zip(self.layers, self.filters[1:], strict=False):
            z = layer(z) * of_points(x)
        return self.layers[-1](z)


class PlainIncode(nn.Module):
    def __init__(self, field: Incode, weights: Arrays) -> None:
        super().__init__()
        self.omega_0 = field.omega_0
        self.layers = nn.ModuleList(named(weights, f"layers.{i}") for i in range(field.hidden_layers + 2))
        first, second, third = (named(weights, f"harmonizer.{i}") for i in range(3))
        self.harmonizer = nn.Sequential(first, nn.SiLU(), second, nn.SiLU(), third)
        self.features = nn.Parameter(torch.tensor(weights["features"]))

    def forward(self, h: Tensor) -> Tensor:
        a, b, c, d = self.harmonizer(self.features)
        for layer in self.layers[:-1]:
            h = torch.exp(a) * torch.sin(torch.exp(b) * self.omega_0 * layer(h) + c) + d
        return self.layers[-1](h)


PLAIN: dict[type[Field], Callable[..., nn.Module]] = {
    Mlp: PlainMlp,
    Wire: PlainWire,
    Mfn: PlainMfn,
    Incode: PlainIncode,
}


def plain(field: Field, weights: Arrays) -> nn.Module:
    """A field's network, with such weights and in their precision."""
    return PLAIN[type(field)](field, weights)
