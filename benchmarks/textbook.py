"""A Levels-of-Experts network as one writes it down: per expert a mask, a gather, a product and a scatter."""

import torch
from torch import Tensor, nn

from benchmarks.plain import Arrays, linear
from refield.fields.mlp import Mlp
from refield.tasks.problem import Problem


class Textbook(nn.Module):
    """A network of sines on a problem's points, of a field's weights and in their precision."""

    def __init__(self, field: Mlp, problem: Problem, weights: Arrays, device: str) -> None:
        super().__init__()
        self.layers = field.layers(problem.points.shape[1], problem.channels)
        self.experts = nn.ModuleList()
        for i, layer in enumerate(self.layers):
            weight, bias = weights[f"layers.{i}.weight"], weights[f"layers.{i}.bias"]
            experts = nn.ModuleList(linear(weight[e], bias[e % layer.biases]) for e in range(layer.experts))
            for e, expert in enumerate(experts):
                expert.bias = experts[e % layer.biases].bias
            self.experts.append(experts)
        tiles = [
            torch.as_tensor(field.experts(layer, problem.points, problem.labels), device=device)
            for layer in self.layers
        ]
        self.masks = [[tile == e for e in range(layer.experts)] for tile, layer in zip(tiles, self.layers, strict=True)]

    def forward(self, h: Tensor) -> Tensor:
        for layer, experts, masks in zip(self.layers, self.experts, self.masks, strict=True):
            z = h.new_zeros(len(h), layer.fan_out)
            for expert, mask in zip(experts, masks, strict=True):
                z[mask] = expert(h[mask])
            h = torch.sin(layer.omega * z) if layer.activation else z
        return h
