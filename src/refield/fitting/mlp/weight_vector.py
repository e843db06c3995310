"""A network's weights in one vector, and Adam on it: one call updates all, whatever the layers."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from refield.fitting.adam import Adam


class WeightVector:
    """The weights layer after layer, each layer's bias behind its weight; full-batch Adam (0.9, 0.999)."""

    def __init__(
        self, weights: Mapping[str, np.ndarray], omegas: Sequence[float], device: torch.device, dtype: torch.dtype
    ) -> None:
        """`omegas` are the factors inside each layer's activation."""
        self.shapes = {name: array.shape for name, array in weights.items()}
        self.sizes = [math.prod(shape) for shape in self.shapes.values()]
        vector = np.concatenate([array.ravel() for array in weights.values()])
        self.vector = torch.as_tensor(vector, dtype=dtype, device=device).contiguous()
        self.adam = Adam({"weights": self.vector})
        assert self.vector.grad is not None
        self.gradient = self.vector.grad
        self.omega = self.vector.new_tensor(np.repeat(np.repeat(omegas, 2), self.sizes))
        self.scaled = torch.empty_like(self.vector)  # omega * weights: what multiplies the rows

    def multiply_by_omega(self) -> None:
        """Bring `scaled` up to date."""
        torch.mul(self.vector, self.omega, out=self.scaled)

    def update(self, factor: float) -> None:
        """A step of Adam along `gradient`, which holds the loss's derivative by `scaled`, over `factor`."""
        self.gradient.mul_(self.omega).mul_(factor)
        self.adam.step()

    def layers(self, vector: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Each layer's weight (experts, fan_in, fan_out) and bias (biases, fan_out), as views of such a vector."""
        parts = iter(self._views(vector).values())
        return list(zip(parts, parts, strict=True))

    def arrays(self) -> dict[str, np.ndarray]:
        """The weights by name, shaped as they came."""
        return {name: view.cpu().numpy().copy() for name, view in self._views(self.vector).items()}

    def _views(self, vector: Tensor) -> dict[str, Tensor]:
        parts = torch.split(vector, self.sizes)
        return {name: part.view(shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}
