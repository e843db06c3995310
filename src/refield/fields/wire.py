"""WIRE, a multilayer perceptron of complex Gabor wavelets.

Saragadam et al., CVPR 2023, https://arxiv.org/abs/2301.05187:

    h_i = psi(W_i h_(i-1) + b_i),   psi(z) = exp(j omega z - sigma^2 |z|^2),   y = Re(W h_L + b)

as in the official code (https://github.com/vishwa91/wire at bf95232, modules/wire.py: psi in lines 86 to 91, the layers
in lines 107 to 140). All but the points and the first layer's weights are complex; omega and sigma are not trained.

Complex weights are stored as (..., 2), real part and imaginary part, and evaluated in real arithmetic, which takes half
the time of torch's complex numbers on a CPU. Torch is imported where it is used: every stage reads these settings.
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Float64, Integer
from pydantic import Field

from refield.arrays import Tensor
from refield.fields.field import Cost, Uniform, Weights


class Wire(Uniform):
    """WIRE with one-dimensional wavelets; the names are those of the official code, without its zeros."""

    width: int = Field(ge=2)  # as of a real network with about as many parameters: `neurons` is what there is
    hidden_layers: int = Field(3, ge=0)  # from hidden to hidden: one more than these has wavelets
    omega: float = Field(20.0, gt=0, allow_inf_nan=False)  # omega_0, frequency; for images 20, wire_image_denoise.py
    sigma: float = Field(30.0, gt=0, allow_inf_nan=False)  # sigma_0, inverse spread; for images 30, there as well

    @property
    def neurons(self) -> int:
        """Complex neurons of each hidden layer; wire.py, line 107: each weight between them is two real numbers."""
        return int(self.width / 2**0.5)

    def sizes(self, dims: int, channels: int) -> list[tuple[int, int]]:
        """Each layer's inputs and outputs."""
        return list(pairwise([dims, *[self.neurons] * (self.hidden_layers + 1), channels]))

    def initialise(self, dims: int, channels: int, rng: np.random.Generator) -> Weights:
        """Initial float64 weights (fan_in, fan_out) and biases (fan_out,), of all but the first layer with a last axis
        of 2: torch's default U(+-1/sqrt(fan_in)), which it draws for real and imaginary parts independently.

        The output's imaginary biases have no effect; the official network has them too, and so counts as many numbers.
        """
        weights = {}
        for i, (fan_in, fan_out) in enumerate(self.sizes(dims, channels)):
            bound, parts = fan_in**-0.5, (2,) if i else ()
            weights[f"layers.{i}.weight"] = rng.uniform(-bound, bound, (fan_in, fan_out, *parts))
            weights[f"layers.{i}.bias"] = rng.uniform(-bound, bound, (fan_out, *parts))
        return weights

    def evaluate(
        self,
        weights: Mapping[str, Tensor],
        points: Float64[Tensor, "n d"],
        labels: Integer[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "n c"]:
        import torch

        weight, bias = weights["layers.0.weight"], weights["layers.0.bias"]
        h = self.wavelet(torch.addmm(bias, points.to(weight.dtype), weight))
        for i in range(1, self.hidden_layers + 1):
            re, im = weights[f"layers.{i}.weight"].unbind(-1)
            product = torch.cat([torch.cat([re, im], dim=1), torch.cat([-im, re], dim=1)])  # of halves, as h has them
            z = torch.addmm(weights[f"layers.{i}.bias"].T.flatten(), h, product)
            h = self.wavelet(*z.chunk(2, dim=1))
        last = f"layers.{self.hidden_layers + 1}"
        re, im = weights[f"{last}.weight"].unbind(-1)
        return torch.addmm(weights[f"{last}.bias"][:, 0], h, torch.cat([re, -im]))

    def wavelet(self, a: Tensor, b: Tensor | float = 0.0) -> Tensor:
        """psi(a + jb) of (n, m) numbers as (n, 2m): the real parts, then the imaginary ones.

        |z|^2 is a^2 + b^2, so that no derivative divides by |z|, which may be 0. |psi| <= exp(omega^2 / (4 sigma^2)).
        """
        import torch

        modulus = torch.exp(-self.omega * b - self.sigma**2 * (a * a + b * b))
        angle = self.omega * a
        return torch.cat([modulus * torch.cos(angle), modulus * torch.sin(angle)], dim=1)

    def cost(self, dims: int, channels: int) -> Cost:
        """A complex product is four real ones; the first layer, real, has one, and the output, of which only the real
        part is computed, two. Back costs one product for the weights and one for the layer below, where there is one.
        """
        first, *hidden, output = (fan_in * fan_out for fan_in, fan_out in self.sizes(dims, channels))
        return Cost(flop=2 * (2 * first + 3 * 4 * sum(hidden) + 3 * 2 * output), floats=max(channels, 2 * self.neurons))
