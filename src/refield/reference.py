"""The descent by the definition: `Gated.evaluate`, autograd and torch's Adam. What the fast ones are held against."""

from collections.abc import Mapping
from typing import Self

import numpy as np
import torch
from torch import Tensor

from refield.fields.gated import Gated
from refield.samples import Samples


class Descent:
    """Adam on all points at once."""

    def __init__(
        self,
        field: Gated,
        weights: Mapping[str, np.ndarray],
        samples: Samples,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
        precision: str = "float32",
    ) -> None:
        if precision != "float32":
            raise ValueError("the reference rounds nothing")
        self.field, self.samples = field, samples
        self.parameters = {
            name: torch.as_tensor(array, dtype=dtype, device=device).requires_grad_() for name, array in weights.items()
        }
        self.target = torch.as_tensor(samples.values, dtype=dtype, device=device)
        self.weights = torch.as_tensor(samples.relative_weights(), dtype=dtype, device=device)
        self.adam = torch.optim.Adam(list(self.parameters.values()), betas=(0.9, 0.999))
        self.last_loss = torch.tensor(float("nan"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def step(self, rate: float) -> None:
        """One step of Adam."""
        self.adam.param_groups[0]["lr"] = rate
        self.adam.zero_grad()
        self.last_loss = (self.weights[:, None] * (self.evaluate() - self.target).square()).mean()
        self.last_loss.backward()
        self.adam.step()

    def loss(self) -> float:
        """The mean squared error that the last step started from."""
        return float(self.last_loss.detach())

    @torch.no_grad()
    def values(self) -> np.ndarray:
        """The field at the samples' points, (n, c)."""
        return self.evaluate().cpu().numpy()

    def arrays(self) -> dict[str, np.ndarray]:
        """The weights by name, shaped as they came."""
        return {name: tensor.detach().cpu().numpy().copy() for name, tensor in self.parameters.items()}

    def evaluate(self) -> Tensor:
        return self.field.evaluate(self.parameters, self.samples.points, self.samples.labels)
