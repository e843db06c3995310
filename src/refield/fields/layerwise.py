"""The numbers in each hidden layer of an MLP, before and behind its activation."""

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float, Float64, Integer

from refield.arrays import Tensor
from refield.fields.mlp import Mlp


@dataclass(frozen=True)
class Numbers:
    """Those of one hidden layer at n points."""

    arguments: Float[Tensor, "n m"]  # of the activation: omega * (W h + b), and a phase where one is trained
    activations: Float[Tensor, "n a"]  # before the layer below is added, where there are residual connections


def layerwise(
    field: Mlp,
    weights: Mapping[str, Tensor],
    points: Float64[Tensor, "n d"],
    labels: Integer[Tensor, " n"] | None = None,
) -> list[Numbers]:
    """The numbers of each hidden layer, the first one first; without a graph."""
    import torch

    last = weights[f"layers.{field.hidden}.weight"]
    at, regions = points.detach().cpu().numpy(), None if labels is None else labels.cpu().numpy()
    found = []
    with torch.no_grad():
        h = seen = field.inputs(points, regions).to(last.dtype)
        for i, layer in enumerate(field.layers(points.shape[1], last.shape[2])[: field.hidden]):
            expert = torch.as_tensor(field.experts(layer, at, regions), device=h.device)
            x = torch.cat([h, seen], dim=1) if field.sees_input(i) else h
            z = layer.affine(x, weights[f"layers.{i}.weight"], weights[f"layers.{i}.bias"], expert)
            trained = weights.get(f"layers.{i}.activation")
            given = {} if trained is None else dict(zip(layer.trained, trained, strict=True))
            below, h = h, layer.activate(z, trained)
            found.append(Numbers(given.get("omega", layer.omega) * z + given.get("phase", 0.0), h))
            h = h + below if field.residual and below.shape == h.shape else h
    return found
