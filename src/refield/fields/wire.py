"""WIRE, a multilayer perceptron of Gabor wavelets: complex, real, or complex with a window of two dimensions.

Saragadam et al., CVPR 2023, https://arxiv.org/abs/2301.05187, with z = W_i h_(i-1) + b_i and v = V_i h_(i-1) + c_i:

    complex      h_i = exp(j omega z - sigma^2 |z|^2),   y = Re(W h_L + b)
    complex_2d   h_i = exp(j omega z - sigma^2 (|z|^2 + |v|^2)),   y = Re(W h_L + b)
    real         h_i = cos(omega z) exp(-(sigma v)^2),   y = W h_L + b

as in the official code (https://github.com/vishwa91/wire at bf95232). There complex is modules/wire.py (psi in lines 86
to 91, the layers in lines 107 to 140) and complex_2d modules/wire2d.py (psi in lines 60 to 70, the layers in lines 86
to 119). The real wavelet is in modules/wire.py as well (lines 41 to 45), but only an earlier commit has a network of
it (f091484, lines 93 to 144). In the complex forms all but the points and the first layer's weights are complex. omega
and sigma are not trained.

Complex weights are stored as (..., 2), real part and imaginary part, and evaluated in real arithmetic, which takes half
the time of torch's complex numbers on a CPU. Torch is imported where it is used: every stage reads these settings.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64, Integer
from pydantic import Field

from refield.arrays import Tensor
from refield.fields.field import Cost, Uniform, Weights
from refield.strict import added


class Wire(Uniform):
    """WIRE; the names are those of the official code, without its zeros."""

    form: Literal["complex", "real", "complex_2d"] = added("complex")
    width: int = Field(ge=2)  # complex: as of a SIREN with about as many parameters; `neurons` is what there is
    hidden_layers: int = Field(3, ge=0)  # from hidden to hidden: one more than these has wavelets
    # omega_0, frequency, and sigma_0, inverse spread; for images 20 and 30, wire_image_denoise.py, of the complex form.
    # Of the other two only the layers' own defaults are published, 10 and 10 (wire.py, line 29; wire2d.py, line 30):
    # give these, as complex_2d's windows are so narrow at 20 and 30 that a network of width 64 starts at 0.
    omega: float = Field(20.0, gt=0, allow_inf_nan=False)
    sigma: float = Field(30.0, gt=0, allow_inf_nan=False)

    @property
    def neurons(self) -> int:
        """Neurons of each hidden layer. A weight between complex ones is two real numbers (wire.py, line 107), with a
        second linear map four (wire2d.py, line 86); real ones are `width`, with two numbers for each pair of them.
        """
        return int(self.width / {"complex": 2**0.5, "real": 1, "complex_2d": 2}[self.form])

    @property
    def maps(self) -> tuple[str, ...]:
        """The linear maps before a wavelet: of its argument z, and of its window's second one v."""
        return ("layers",) if self.form == "complex" else ("layers", "windows")

    def sizes(self, dims: int, channels: int) -> list[tuple[int, int]]:
        """Each layer's inputs and outputs."""
        return list(pairwise([dims, *[self.neurons] * (self.hidden_layers + 1), channels]))

    def initialise(self, dims: int, channels: int, rng: np.random.Generator) -> Weights:
        """Initial float64 weights (fan_in, fan_out) and biases (fan_out,), where they are complex with a last axis of
        2: torch's default U(+-1/sqrt(fan_in)), which it draws for real and imaginary parts independently.

        The output's imaginary biases have no effect; the official network has them too, and so counts as many numbers.
        """
        weights = {}
        for i, (fan_in, fan_out) in enumerate(self.sizes(dims, channels)):
            bound, parts = fan_in**-0.5, (2,) if i and self.form != "real" else ()
            for name in self.maps if i <= self.hidden_layers else ("layers",):
                weights[f"{name}.{i}.weight"] = rng.uniform(-bound, bound, (fan_in, fan_out, *parts))
                weights[f"{name}.{i}.bias"] = rng.uniform(-bound, bound, (fan_out, *parts))
        return weights

    def evaluate(
        self,
        weights: Mapping[str, Tensor],
        points: Float64[Tensor, "n d"],
        labels: Integer[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "n c"]:
        import torch

        h = points.to(weights["layers.0.weight"].dtype)
        for i in range(self.hidden_layers + 1):
            z = self.linear(weights, i, h)
            if self.form == "real":
                h = self.real_wavelet(*z)
            elif i == 0:
                h = self.wavelet(z[0], 0.0, *z[1:])
            else:
                h = self.wavelet(*z)
        last = f"layers.{self.hidden_layers + 1}"
        weight, bias = weights[f"{last}.weight"], weights[f"{last}.bias"]
        if self.form != "real":
            re, im = weight.unbind(-1)
            weight, bias = torch.cat([re, -im]), bias[:, 0]
        return torch.addmm(bias, h, weight)

    def linear(self, weights: Mapping[str, Tensor], i: int, h: Tensor) -> tuple[Tensor, ...]:
        """z, and v if there is one, by one product: (n, neurons) each, real and imaginary part where it is complex."""
        import torch

        products, biases = [], []
        for name in self.maps:
            weight, bias = weights[f"{name}.{i}.weight"], weights[f"{name}.{i}.bias"]
            if weight.dim() == 3:
                re, im = weight.unbind(-1)
                by_halves = [torch.cat([re, im], dim=1), torch.cat([-im, re], dim=1)]  # as h has them
                weight = torch.cat(by_halves)
                bias = bias.T.flatten()
            products.append(weight)
            biases.append(bias)
        return torch.addmm(torch.cat(biases), h, torch.cat(products, dim=1)).split(self.neurons, dim=1)

    def wavelet(self, a: Tensor, b: Tensor | float = 0.0, *v: Tensor) -> Tensor:
        """psi(a + jb), and of a window's v by its parts, of (n, m) numbers as (n, 2m): real parts, then imaginary ones.

        |z|^2 is a^2 + b^2, so that no derivative divides by |z|, which may be 0. |psi| <= exp(omega^2 / (4 sigma^2)).
        """
        import torch

        growth, squares = -self.omega * b, a * a + b * b
        for part in v:
            squares = squares + part * part
        modulus = torch.exp(growth - self.sigma**2 * squares)
        angle = self.omega * a
        return torch.cat([modulus * torch.cos(angle), modulus * torch.sin(angle)], dim=1)

    def real_wavelet(self, z: Tensor, v: Tensor) -> Tensor:
        """cos(omega z) exp(-(sigma v)^2)."""
        import torch

        return torch.cos(self.omega * z) * torch.exp(-((self.sigma * v).square()))

    def cost(self, dims: int, channels: int) -> Cost:
        """A complex product is four real ones; the first layer, real, has one, and the output, of which only the real
        part is computed, two. Back costs one product for the weights and one for the layer below, where there is one.
        """
        first, *hidden, output = (fan_in * fan_out for fan_in, fan_out in self.sizes(dims, channels))
        whole, half = (1, 1) if self.form == "real" else (4, 2)
        maps, parts = len(self.maps), 1 if self.form == "real" else 2
        flop = 2 * (maps * (2 * first + 3 * whole * sum(hidden)) + 3 * half * output)
        return Cost(flop=flop, floats=max(channels, maps * parts * self.neurons))
