"""INCODE, a SIREN whose sines have one amplitude, frequency, phase and offset, which a second network makes.

Kazerouni et al., WACV 2024, https://arxiv.org/abs/2310.18846:

    h_i = exp(a) sin(exp(b) omega_0 (W_i h_(i-1) + b_i) + c) + d,   y = W h_L + b,   (a, b, c, d) = harmonizer(features)

as in the official code (https://github.com/xmindflow/INCODE at 6a6791c, modules/incode.py: the layer in line 113, its
initial weights in lines 105 to 108 and 180 to 181, the harmonizer in lines 29 to 47). The harmonizer is an MLP
64-64-32-4 with SiLU between its layers, whose biases are 0.3120 and weights about 0 at first, and so a to d about 0.31.
All layers but the output share a to d.

There the features are the means of the 64 channels that the first layers of a ResNet-34, which is not pretrained (line
153) but trained with all the rest, make of the image. A field sees no image: here they are 64 trained numbers, at first
N(1.3, 0.1). For one image the ResNet's are the same at every point as well, and as free to move; and untrained it makes
means of 1.2 to 1.5 with deviations of 0.1 of an image, whichever it is (two Kodak images, two seeds). Fits with either
(32 x 48 pixels, 150 steps, two seeds) had a to d within 0.003, and ended within 0.1 dB of each other.

The published loss has penalties on a to d below 0 (0.1993, 0.0196, 0.0588 and 0.0269 times as much; train_image.ipynb).
A field has no say in the loss: they are left out. They are 0 until a fit makes one of the four negative.

The factors are multiplied into the small matrices, so that a pass over the points takes a sine and nothing else. Torch
is imported where it is used: every stage reads these settings.
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Float64, Integer
from pydantic import Field

from refield.arrays import Tensor
from refield.fields.field import Cost, Uniform, Weights
from refield.fields.initialisation import bound_of

HARMONIZER = (64, 64, 32, 4)  # train_image.ipynb, as what follows
MLP_BIAS = 0.3120
FEATURES = (1.3, 0.1)  # mean and deviation
MLP_DEVIATION = 0.001  # incode.py, line 46: of a normal distribution, which its truncation at +-2 leaves as it is


class Incode(Uniform):
    """INCODE without its view of the image; the names are those of the official code."""

    width: int = Field(ge=1)
    hidden_layers: int = Field(3, ge=0)  # from hidden to hidden: one more than these have sines
    omega_0: float = Field(30.0, gt=0, allow_inf_nan=False)  # of the first layer and of the others

    def sizes(self, dims: int, channels: int) -> list[tuple[int, int]]:
        """Each layer's inputs and outputs."""
        return list(pairwise([dims, *[self.width] * (self.hidden_layers + 1), channels]))

    def initialise(self, dims: int, channels: int, rng: np.random.Generator) -> Weights:
        """Initial float64 weights (fan_in, fan_out) and biases (fan_out,): the layers' are a SIREN's of one seed."""
        weights = {}
        for i, (fan_in, fan_out) in enumerate(self.sizes(dims, channels)):
            bound, default = bound_of("siren", fan_in, self.omega_0, first=i == 0), fan_in**-0.5
            weights[f"layers.{i}.weight"] = rng.uniform(-bound, bound, (fan_in, fan_out))
            weights[f"layers.{i}.bias"] = rng.uniform(-default, default, fan_out)
        weights["features"] = rng.normal(*FEATURES, HARMONIZER[0])
        for i, size in enumerate(pairwise(HARMONIZER)):
            weights[f"harmonizer.{i}.weight"] = rng.normal(0, MLP_DEVIATION, size)
            weights[f"harmonizer.{i}.bias"] = np.full(size[1], MLP_BIAS)
        return weights

    def evaluate(
        self,
        weights: Mapping[str, Tensor],
        points: Float64[Tensor, "n d"],
        labels: Integer[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "n c"]:
        import torch

        a, b, c, d = self.harmonize(weights)
        amplitude, omega = torch.exp(a), torch.exp(b) * self.omega_0
        h = points.to(weights["layers.0.weight"].dtype)
        for i in range(self.hidden_layers + 2):
            weight, bias = weights[f"layers.{i}.weight"], weights[f"layers.{i}.bias"]
            if i:  # h has sines alone
                weight, bias = amplitude * weight, bias + d * weight.sum(dim=0)
            if i <= self.hidden_layers:
                weight, bias = omega * weight, omega * bias + c
            h = torch.addmm(bias, h, weight)
            h = torch.sin(h) if i <= self.hidden_layers else h
        return h

    def harmonize(self, weights: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
        """a, b, c and d."""
        import torch

        h = weights["features"]
        for i in range(len(HARMONIZER) - 1):
            h = torch.nn.functional.silu(h) if i else h
            h = torch.addmv(weights[f"harmonizer.{i}.bias"], weights[f"harmonizer.{i}.weight"].T, h)
        return h.unbind()

    def cost(self, dims: int, channels: int) -> Cost:
        """Back costs one product for the weights and one for the layer below, which the first layer does not have. The
        harmonizer works once for all points.
        """
        first, *others = (fan_in * fan_out for fan_in, fan_out in self.sizes(dims, channels))
        return Cost(flop=2 * (2 * first + 3 * sum(others)), floats=max(channels, self.width))
