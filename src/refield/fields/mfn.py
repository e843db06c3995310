"""Multiplicative filter networks: linear layers, each multiplied by a sinusoid or a Gabor filter of the point.

Fathony et al., ICLR 2021, https://openreview.net/forum?id=OmtmcPkkhT:

    z_1 = g_1(x),   z_(i+1) = (W_i z_i + b_i) * g_(i+1)(x),   y = W z + b

    fourier   g(x) = sin(A x + p)
    gabor     g(x) = sin(A x + p) * exp(-gamma / 2 * |x - mu|^2), each neuron with a gamma and a mu of its own

as in the official code (https://github.com/boschresearch/multiplicative-filter-networks at 58c3c4d, mfn/mfn.py: the
recursion in lines 34 to 43, the filters in lines 46 to 59 and 84 to 106). There is no activation, and everything is
trained: A and p, and gamma and mu as well. Nothing keeps a gamma from becoming negative.

Torch is imported where it is used: every stage reads these settings.
"""

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64, Integer
from pydantic import Field

from refield.arrays import Tensor
from refield.fields.field import Cost, Uniform, Weights


class Mfn(Uniform):
    """Fourier or Gabor; the names and defaults are those of the official code, but for the n of its n_layers."""

    filter: Literal["fourier", "gabor"] = "gabor"  # FourierNet (lines 62 to 82) or GaborNet (lines 109 to 140)
    width: int = Field(ge=1, le=2**20)  # a weights file may have no wider layer
    layers: int = Field(3, ge=0)  # lines 68 and 115; from hidden to hidden: one less than the filters
    input_scale: float = Field(256.0, gt=0, allow_inf_nan=False)  # lines 69 and 116; of A, the filters' frequencies
    weight_scale: float = Field(1.0, gt=0, allow_inf_nan=False)  # lines 70 and 117; of the W_i's variances
    alpha: float = Field(6.0, gt=0, allow_inf_nan=False)  # line 118; shape of the gammas, summed over the filters
    beta: float = Field(1.0, gt=0, allow_inf_nan=False)  # line 119; rate of the gammas

    def initialise(self, dims: int, channels: int, rng: np.random.Generator) -> Weights:
        """Initial float64 weights: A (dims, width) and p (width,) of filters.i, with its mu (dims, width) and gamma
        (width,) if it is a Gabor filter; W (fan_in, fan_out) and b (fan_out,) of layers.i, of which the last is the
        output. Where nothing else is said they are torch's defaults, U(+-1/sqrt(fan_in)).
        """
        weights: Weights = {}
        default = self.width**-0.5
        for i in range(self.layers + 1):
            frequency = dims**-0.5 * self.input_scale / (self.layers + 1) ** 0.5
            if self.filter == "gabor":
                gamma = rng.gamma(self.alpha / (self.layers + 1), 1 / self.beta, self.width)  # lines 93 to 95
                weights[f"filters.{i}.gamma"] = gamma
                weights[f"filters.{i}.mu"] = rng.uniform(-1, 1, (dims, self.width))  # line 92
                frequency = frequency * np.sqrt(gamma)  # line 96: the narrower the window, the higher
            weights[f"filters.{i}.A"] = rng.uniform(-frequency, frequency, (dims, self.width))  # lines 54 and 79
            weights[f"filters.{i}.p"] = rng.uniform(-math.pi, math.pi, self.width)  # lines 55 and 97
            last = i == self.layers
            bound = default if last else self.weight_scale**0.5 * default  # lines 26 to 30
            fan_out = channels if last else self.width
            weights[f"layers.{i}.weight"] = rng.uniform(-bound, bound, (self.width, fan_out))
            weights[f"layers.{i}.bias"] = rng.uniform(-default, default, fan_out)
        return weights

    def evaluate(
        self,
        weights: Mapping[str, Tensor],
        points: Float64[Tensor, "n d"],
        labels: Integer[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "n c"]:
        import torch

        x = points.to(weights["layers.0.weight"].dtype)
        squared = torch.cat([x, x.square().sum(dim=1, keepdim=True)], dim=1) if self.filter == "gabor" else x
        z = self.filtered(weights, 0, x, squared)
        for i in range(self.layers):
            linear = torch.addmm(weights[f"layers.{i}.bias"], z, weights[f"layers.{i}.weight"])
            z = linear * self.filtered(weights, i + 1, x, squared)
        return torch.addmm(weights[f"layers.{self.layers}.bias"], z, weights[f"layers.{self.layers}.weight"])

    def filtered(self, weights: Mapping[str, Tensor], i: int, x: Tensor, squared: Tensor) -> Tensor:
        """g_i (n, width) of points x (n, d), which `squared` (n, d + 1) has with |x|^2 beside them."""
        import torch

        A, p = weights[f"filters.{i}.A"], weights[f"filters.{i}.p"]
        wave = torch.sin(torch.addmm(p, x, A))
        if self.filter == "fourier":
            return wave
        # The exponent is linear in x and |x|^2: one product, with the binomial expanded in its small matrix.
        mu, half = weights[f"filters.{i}.mu"], -weights[f"filters.{i}.gamma"] / 2
        exponent = torch.addmm(half * mu.square().sum(dim=0), squared, torch.cat([-2 * half * mu, half[None]]))
        return wave * exponent.exp_()

    def cost(self, dims: int, channels: int) -> Cost:
        """Back costs a filter's products once, for its weights, and a linear layer's twice, for what is below too."""
        of_point = (dims if self.filter == "fourier" else 2 * dims + 1) * self.width * (self.layers + 1)
        linear = self.width * (self.layers * self.width + channels)
        return Cost(flop=2 * (2 * of_point + 3 * linear), floats=max(channels, self.width))
