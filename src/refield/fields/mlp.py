"""Multilayer perceptrons: an encoding, layers whose weights are chosen at every point by a gate, and activations.

SIREN (Sitzmann et al., NeurIPS 2020, https://arxiv.org/abs/2006.09661), Levels-of-Experts (Hao et al., NeurIPS 2022)
and the segmentation layer of Oh and Bae (JBE 29(7), 2024) differ only in their gates:

    h_i = f(omega_0 * (W_i[g_i(p)] h_(i-1) + b_i)),   y = W h_L + b        (Oh and Bae, eq. (3) and (4))

GAUSS, FINER and MIRE differ in f, ReLU with positional encoding in h_0 as well. Any gate may meet any activation.

`evaluate` is the definition, in the textbook form of a mask, a gather, a product and a scatter per expert. The fitting
engine computes the same, faster. Torch is imported where it is used: every stage reads these settings, one fits.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Float64, Integer

from refield.arrays import Tensor
from refield.fields.architecture import Architecture
from refield.fields.field import Cost, Weights
from refield.fields.initialisation import draw_parameters, draw_weights
from refield.fields.layer import cost_of


class Mlp(Architecture):
    """An MLP as a field: layer i has weight (experts, fan_in, fan_out) and bias under layers.i, and what is trained of
    its activation."""

    def inputs(self, points: Float64[Tensor, "n d"], labels: np.ndarray | None) -> Float64[Tensor, "n f"]:
        """What the first layer sees: encoded points, and their regions on [-1, 1] where these are an input."""
        import torch

        seen = points if self.encoding is None else self.encoding.encode(points)
        if not self.region_input:
            return seen
        if labels is None or self.regions is None:
            raise ValueError("region_input needs the labels of its points")
        region = torch.as_tensor(2 * labels[:, None] / (self.regions - 1) - 1, device=points.device)
        return torch.cat([seen, region], dim=1)

    def initialise(self, dims: int, channels: int, rng: np.random.Generator) -> Weights:
        """Initial float64 weights, as `init` and what else begins so, `first_bias` and `trained` say."""
        weights, layers = {}, self.layers(dims, channels)
        for i, layer in enumerate(layers):
            omega = layer.omega if layer.activation else layers[i - 1].omega
            own = self.init_first if i == 0 else self.init_hidden if layer.activation else None
            bias = self.first_bias if self.first_bias and i == 0 else layer.fan_in**-0.5
            weights[f"layers.{i}.weight"] = draw_weights(own or self.init, layer, omega, rng, first=i == 0)
            weights[f"layers.{i}.bias"] = rng.uniform(-bias, bias, (layer.biases, layer.fan_out))
            if layer.trained:
                weights[f"layers.{i}.activation"] = draw_parameters(layer, self.trained, rng)
        return weights

    def evaluate(
        self,
        weights: Mapping[str, Tensor],
        points: Float64[Tensor, "n d"],
        labels: Integer[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "n c"]:
        import torch

        last = weights[f"layers.{self.hidden}.weight"]
        at = None if self.steady else points.detach().cpu().numpy()
        regions = None if labels is None else labels.cpu().numpy()
        h = seen = self.inputs(points, regions).to(last.dtype)
        for i, layer in enumerate(self.layers(points.shape[1], last.shape[2])):
            expert = None if at is None else torch.as_tensor(self.experts(layer, at, regions), device=h.device)
            x = torch.cat([h, seen], dim=1) if self.sees_input(i) else h
            z = layer.affine(x, weights[f"layers.{i}.weight"], weights[f"layers.{i}.bias"], expert)
            if layer.activation is None:
                return z
            below, h = h, layer.activate(z, weights.get(f"layers.{i}.activation"))
            h = h + below if self.residual and below.shape == h.shape else h
        return z

    def cost(self, dims: int, channels: int) -> Cost:
        """Of a search it is the mean over its iterations."""
        if self.searched is None:
            return cost_of(self.layers(dims, channels))
        stages = self.searched.stages
        costs = [self.shortened(self.activations[: i + 1]).cost(dims, channels) for i in range(len(stages))]
        mean = sum(stage * cost.flop for stage, cost in zip(stages, costs, strict=True)) // sum(stages)
        return Cost(flop=mean, floats=costs[-1].floats)
