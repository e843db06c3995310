"""Grids of latents as one writes them in PyTorch: as images, with a network of convolutions; at once or in parts."""

import torch
from torch import Tensor, nn

from benchmarks.contestants import RATE, Descending, weights_of
from refield.fields.latents import Latents
from refield.tasks.problem import Problem

ACTIVATIONS = {"gelu": nn.GELU(approximate="tanh"), "sine": torch.sin}
CHUNK = 16_384  # pixels


class Plain(nn.Module):
    """Grids as images, and a network as convolutions."""

    def __init__(self, field: Latents, problem: Problem, shape: tuple[int, int]) -> None:
        super().__init__()
        weights = {name: torch.tensor(array) for name, array in weights_of(field, problem).items()}
        self.shape, self.gains, self.activation = shape, field.gains, ACTIVATIONS[field.activation]
        self.grids = nn.ParameterList(weights[f"latents.{level}"][None] for level in range(field.levels))
        self.layers = nn.ModuleList()
        for i in range(field.hidden_layers + 2):
            weight = weights[f"layers.{i}.weight"]
            layer = nn.utils.skip_init(nn.Conv2d, *weight.shape, 1)
            layer.weight = nn.Parameter(weight.T[:, :, None, None].contiguous())
            layer.bias = nn.Parameter(weights[f"layers.{i}.bias"])
            self.layers.append(layer)

    def features(self) -> Tensor:
        """(1, f, height, width)"""
        spread = [
            nn.functional.interpolate(each, self.shape, mode="bilinear", align_corners=True) for each in self.grids
        ]
        return torch.cat([gain * each for gain, each in zip(self.gains, spread, strict=True)], dim=1)

    def forward(self) -> Tensor:
        """The values (c, n) at all pixels."""
        h = self.features()
        for layer in self.layers:
            h = layer(h if layer is self.layers[0] else self.activation(h))
        return h[0].flatten(start_dim=1)

    def of_features(self, h: Tensor) -> Tensor:
        """The values (c, n) of features (f, n)."""
        for layer in self.layers:
            h = h if layer is self.layers[0] else self.activation(h)
            weight, bias = layer.parameters()
            h = torch.addmm(bias[:, None], weight[:, :, 0, 0], h)
        return h


def by_torch(field: Latents, problem: Problem, shape: tuple[int, int], *, chunked: bool) -> Descending:
    """All pixels at once, or CHUNK at a time."""
    module = Plain(field, problem, shape)
    target = torch.tensor(problem.target.T, dtype=torch.float32).contiguous()
    adam, last = torch.optim.Adam(module.parameters(), RATE), 0.0

    def whole() -> None:
        nonlocal last
        loss = nn.functional.mse_loss(module(), target)
        loss.backward()
        last = float(loss.detach())

    def in_chunks() -> None:
        nonlocal last
        features, last = module.features()[0].flatten(start_dim=1), 0.0
        slopes = torch.empty_like(features)
        parts = (each.split(CHUNK, dim=1) for each in (features.detach(), target, slopes))
        for seen, wanted, slope in zip(*parts, strict=True):
            seen.requires_grad_()
            loss = (module.of_features(seen) - wanted).square().sum() / target.numel()
            loss.backward()
            slope.copy_(seen.grad)
            last += float(loss.detach())
        features.backward(slopes)

    def step() -> None:
        adam.zero_grad()
        in_chunks() if chunked else whole()
        adam.step()

    return Descending(step, lambda: last)
