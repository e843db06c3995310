"""COSMO-RC, a multilayer perceptron of raised cosines that complex sinusoids modulate; in its code, BandRC.

Thennakoon et al., ICLR 2026, https://arxiv.org/abs/2505.11640 (zeta there is 2 pi c here), with z = W_i h_(i-1) + b_i:

    h_i = rc(z / T_i) / T_i * exp(2 pi j c_i z),   y = sigmoid(Re(W h_L + b)),
    rc(x) = sinc(x) cos(pi beta x) / (1 - (2 beta x)^2),   sinc(x) = sin(pi x) / (pi x)

where z and h_i of all layers but the first are divided by their moduli, as in the official code
(https://github.com/Pandula-2000/COSMO at d8e70e0, modules/BandRC.py: the layer in lines 69 to 89, T and c in lines 121
to 126, the output in lines 132 to 134). All but the points and the first layer's weights are complex, beta is not
trained, and values are in [0, 1]: fit it with `target: unit`.

There an MLP (its biases at first 0.3120, its weights about 0) makes T and c of the features that a pretrained ResNet-34
has of the image, and all of that is trained. A field sees no image: here what this MLP puts into the sigmoids of T and
c is trained itself, and starts at its biases. It is as free for one image, but an equal rate moves it more slowly.

There 1e-8 is added to what is divided by. Here rc is a product of sincs, which has no singularity, and a quotient by a
modulus is made of factors whose moduli cancel: no exponential overflows. Only where z or rc is 0 a number of that size
is still needed. This changes moduli by at most 0.3 % at the start. In small fits (24 x 36 pixels, 300 steps) it changed
the PSNR by as much as a change of the initial weights by 1e-5 did, up to 1.5 dB: a layer makes directions of z, however
small it is, so that little changes grow from layer to layer.

Complex numbers are pairs of real ones, as in `wire`: a step takes a third of the time of torch's complex numbers on a
CPU. Torch is imported where it is used: every stage reads these settings.
"""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated

import numpy as np
from jaxtyping import Float, Float64, Integer
from pydantic import Field, model_validator

from refield.arrays import Tensor
from refield.fields.activations.raised_cosine import raised_cosine
from refield.fields.field import Cost, Uniform, Weights

Range = Annotated[tuple[float, float], Field(strict=False)]
Pair = tuple[Tensor, Tensor]  # real and imaginary part

EPSILON = 1e-8  # as BandRC's
MLP_BIAS = 0.3120  # train_image.py


class Cosmo(Uniform):
    """COSMO-RC without its view of the image; the names are those of the official code."""

    width: int = Field(ge=1)  # complex neurons of each hidden layer: twice as many numbers
    hidden_layers: int = Field(3, ge=0)  # from hidden to hidden: one more than these are activated
    beta: float = Field(0.5, ge=0, le=1)  # beta0, roll-off; its default in BandRC.py
    T_range: Range = (0.0, 10.0)  # of the bandwidths T, as in COSMO_demo.ipynb
    c_range: Range = (0.0, 3.0)  # of the shifts c, there as well

    @model_validator(mode="after")
    def ranges_ascend(self) -> "Cosmo":
        for name, (low, high) in {"T_range": self.T_range, "c_range": self.c_range}.items():
            if not 0 <= low < high < math.inf:
                raise ValueError(f"{name} = {[low, high]} is not allowed; it is two numbers from 0 on that ascend")
        return self

    def sizes(self, dims: int, channels: int) -> list[tuple[int, int]]:
        """Each layer's inputs and outputs."""
        return list(pairwise([dims, *[self.width] * (self.hidden_layers + 1), channels]))

    def initialise(self, dims: int, channels: int, rng: np.random.Generator) -> Weights:
        """Initial float64 weights (fan_in, fan_out) and biases (fan_out,), of all but the first layer with a last axis
        of 2, both parts drawn independently: U(+-1/fan_in), but of biases and of the output torch's default
        U(+-1/sqrt(fan_in)). `prior` has of each activated layer what the sigmoids of T and c are taken of.
        """
        weights = {"prior": np.full((self.hidden_layers + 1, 2), MLP_BIAS)}
        for i, (fan_in, fan_out) in enumerate(self.sizes(dims, channels)):
            default, parts = fan_in**-0.5, (2,) if i else ()
            bound = 1 / fan_in if i <= self.hidden_layers else default
            weights[f"layers.{i}.weight"] = rng.uniform(-bound, bound, (fan_in, fan_out, *parts))
            weights[f"layers.{i}.bias"] = rng.uniform(-default, default, (fan_out, *parts))
        return weights

    def evaluate(
        self,
        weights: Mapping[str, Tensor],
        points: Float64[Tensor, "n d"],
        labels: Integer[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "n c"]:
        import torch

        weight, bias = weights["layers.0.weight"], weights["layers.0.bias"]
        within = torch.sigmoid(weights["prior"])
        T, c = (low + (high - low) * within[:, i] for i, (low, high) in enumerate((self.T_range, self.c_range)))
        z = torch.addmm(bias, points.to(weight.dtype), weight)
        rc, angle = raised_cosine(z / T[0], self.beta) / T[0], 2 * math.pi * c[0] * z
        h = torch.cat([rc * torch.cos(angle), rc * torch.sin(angle)], dim=1)
        for i in range(1, self.hidden_layers + 1):
            re, im = weights[f"layers.{i}.weight"].unbind(-1)
            product = torch.cat([torch.cat([re, im], dim=1), torch.cat([-im, re], dim=1)])  # of halves, as h has them
            a, b = torch.addmm(weights[f"layers.{i}.bias"].T.flatten(), h, product).chunk(2, dim=1)
            h = torch.cat(self.modulated(a, b, T[i], c[i]), dim=1)
        last = f"layers.{self.hidden_layers + 1}"
        re, im = weights[f"{last}.weight"].unbind(-1)
        return torch.sigmoid(torch.addmm(weights[f"{last}.bias"][:, 0], h, torch.cat([re, -im])))

    def modulated(self, a: Tensor, b: Tensor, T: Tensor, c: Tensor) -> Pair:
        """rc(z / T) exp(2 pi j c z) divided by its modulus, for z = (a + jb) / |a + jb|.

        rc(x) = pi/2 sinc(x) sinc(beta x - 1/2) / (1 + 2 beta x). It is even, and so taken where Re x >= 0.
        """
        import torch

        x, y = unit(a, b)
        per_period = torch.where(x < 0, -1 / T, 1 / T)
        p, q = per_period * x, per_period * y
        h = times(sinc(p, q), sinc(self.beta * p - 1 / 2, self.beta * q))
        h = times(h, (1 + 2 * self.beta * p, -2 * self.beta * q))  # the conjugate: as good as dividing
        angle = 2 * math.pi * c * x
        return unit(*times(h, (torch.cos(angle), torch.sin(angle))))

    def cost(self, dims: int, channels: int) -> Cost:
        """A complex product is four real ones; the first layer, real, has one, and the output, of which only the real
        part is computed, two. Back costs one product for the weights and one for the layer below, where there is one.
        """
        first, *hidden, output = (fan_in * fan_out for fan_in, fan_out in self.sizes(dims, channels))
        return Cost(flop=2 * (2 * first + 3 * 4 * sum(hidden) + 3 * 2 * output), floats=max(channels, 2 * self.width))


def unit(a: Tensor, b: Tensor) -> Pair:
    """(a + jb) / |a + jb|; where that is 0, 0."""
    import torch

    inverse = torch.rsqrt(a * a + b * b + EPSILON**2)
    return a * inverse, b * inverse


def times(left: Pair, right: Pair) -> Pair:
    (a, b), (c, d) = left, right
    return a * c - b * d, a * d + b * c


def sinc(p: Tensor, q: Tensor) -> Pair:
    """sin(pi x) / (pi x) for x = p + jq, divided by cosh(pi q), 1 at 0.

    It is sin(pi p) / (pi p) + x q B / |x|^2, where B = cos(pi p) tanh(pi q) / (pi q) - sin(pi p) / (pi p) is 0 at 0, as
    |x|^2 is: what is added to |x|^2 changes no digit.
    """
    import torch

    real = torch.sinc(p)
    qB = torch.cos(math.pi * p) * torch.tanh(math.pi * q) / math.pi - q * real
    share = qB / (p * p + q * q + torch.finfo(p.dtype).eps)
    return real + q * share, p * share
