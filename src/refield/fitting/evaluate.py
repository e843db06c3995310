"""A field's values at any number of points, some at a time."""

import numpy as np
import torch
from jaxtyping import Float32, Float64, Integer

from refield.fields.field import Field, Weights

AT_ONCE = 65_536  # points, whose activations must fit into memory


@torch.no_grad()
def evaluate(
    field: Field,
    weights: Weights,
    points: Float64[np.ndarray, "n d"],
    labels: Integer[np.ndarray, " n"] | None = None,
    device: torch.device | str = "cpu",
) -> Float32[np.ndarray, "n c"]:
    """The values (n, c) float32 at points (n, d) with regions labels (n,), by the definition."""
    tensors = {name: torch.as_tensor(array, dtype=torch.float32, device=device) for name, array in weights.items()}
    at = torch.as_tensor(points, device=device)
    regions = None if labels is None else torch.as_tensor(labels, device=device)
    parts = [slice(start, start + AT_ONCE) for start in range(0, len(at), AT_ONCE)]
    found = [field.evaluate(tensors, at[part], None if regions is None else regions[part]) for part in parts]
    return torch.cat(found).cpu().numpy()
