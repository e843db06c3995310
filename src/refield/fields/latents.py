"""Grids of latents, from fine to coarse, and a small network of what is interpolated between their nodes.

C3 (Kim et al., CVPR 2024, https://arxiv.org/abs/2312.02753) and COOL-CHIC (Ladune et al., ICCV 2023,
https://arxiv.org/abs/2212.05458) describe an image so, with a grid for each resolution 1/1 .. 1/64. Here nothing is
quantised: latents are weights like others. With grids G_l, of which each has half the nodes of the one before, and
gains g_l, by which some move faster than others in a descent whose steps are as long for every weight,

    h_0 = (g_1 G_1(x), .., g_L G_L(x)) by multilinear interpolation,   h_i = f(W_i h_(i-1) + b_i),   y = W h_n + b

`evaluate` is the definition; the descent in `fitting/latents` computes the same on an image's pixels, faster. Torch is
imported where it is used: every stage reads these settings.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Float64, Integer

from refield.arrays import Tensor
from refield.fields.field import Uniform, Weights
from refield.fields.latent_grids import ACTIVATIONS, LatentGrids

# b of U(+-b/sqrt(fan_in)), from which weights are drawn: torch's 1, or He et al.'s sqrt(6) for rectifiers (ICCV 2015).
# In 100 steps from the other's, either was 2 dB behind (384x256 pixels of kodim13).
BOUNDS = {"sine": 1.0, "gelu": 6**0.5, "relu": 6**0.5}


class Latents(LatentGrids, Uniform):
    """Grids of latents and a network."""

    def initialise(self, dims: int, channels: int, rng: np.random.Generator) -> Weights:
        """Initial float64 weights: latents.l (features, nodes of each axis), and the network's layers.i.weight
        (fan_in, fan_out) and layers.i.bias (fan_out,), which is drawn from torch's U(+-1/sqrt(fan_in))."""
        weights = self.draw_latents(dims, rng)
        for i, (fan_in, fan_out) in enumerate(self.layers(channels)):
            default = fan_in**-0.5
            bound = BOUNDS[self.activation] * default
            weights[f"layers.{i}.weight"] = rng.uniform(-bound, bound, (fan_in, fan_out))
            weights[f"layers.{i}.bias"] = rng.uniform(-default, default, fan_out)
        return weights

    def evaluate(
        self,
        weights: Mapping[str, Tensor],
        points: Float64[Tensor, "n d"],
        labels: Integer[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "n c"]:
        import torch

        h = self.features_at(weights, points)
        for i in range(self.hidden_layers + 2):
            h = torch.addmm(weights[f"layers.{i}.bias"], h, weights[f"layers.{i}.weight"])
            h = ACTIVATIONS[self.activation].function(h) if i <= self.hidden_layers else h
        return h
