"""A network's weights in one vector, and Adam on it: one call updates all, whatever the layers."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from refield.fields.layer import Layer
from refield.fitting.adam import Adam

Place = tuple[Tensor, Tensor]  # where a number is, and where its derivative goes; of shape ()


class WeightVector:
    """The weights layer after layer: each layer's weight, its bias, and what is trained of its activation.

    What multiplies the rows is `scaled`: omega and phase of an activation, and the amplitude of the one before, are a
    matter of the weights, so that what is left of it is f(u; beta). Full-batch Adam.
    """

    def __init__(
        self,
        weights: Mapping[str, np.ndarray],
        layers: Sequence[Layer],
        beta2: float,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self.shapes = {name: array.shape for name, array in weights.items()}
        self.sizes = [math.prod(shape) for shape in self.shapes.values()]
        vector = np.concatenate([array.ravel() for array in weights.values()])
        self.vector = torch.as_tensor(vector, dtype=dtype, device=device).contiguous()
        self.adam = Adam({"weights": self.vector}, beta2)
        assert self.vector.grad is not None
        self.gradient = self.vector.grad
        self.fixed = [1.0 if "omega" in layer.trained else layer.omega for layer in layers]  # each layer's factor
        factors = [1.0 if name.endswith("activation") else self.fixed[int(name.split(".")[1])] for name in self.shapes]
        self.omega = self.vector.new_tensor(np.repeat(factors, self.sizes))
        self.scaled = torch.empty_like(self.vector)  # what multiplies the rows
        values, derivatives = self._views(self.vector), self._views(self.gradient)
        self.trained: list[dict[str, Place]] = [
            {
                name: (values[f"layers.{i}.activation"][k], derivatives[f"layers.{i}.activation"][k])
                for k, name in enumerate(layer.trained)
            }
            for i, layer in enumerate(layers)
        ]
        self.of_layers = [self.layers(each) for each in (self.vector, self.gradient, self.scaled)]

    def scale(self) -> None:
        """Bring `scaled` up to date."""
        torch.mul(self.vector, self.omega, out=self.scaled)
        for i, ((weight, bias), own) in enumerate(zip(self.of_layers[2], self.trained, strict=True)):
            if "amplitude" in (before := self._before(i)):
                weight.mul_(before["amplitude"][0])
            if "omega" in own:
                weight.mul_(own["omega"][0])
                bias.mul_(own["omega"][0])
            if "phase" in own:
                bias.add_(own["phase"][0])

    def update(self, factor: float) -> None:
        """A step of Adam along `gradient`, which holds the loss's derivative by `scaled`, over `factor`."""
        for i in range(len(self.trained)):
            self._differentiate(i)
        self.gradient.mul_(self.omega).mul_(factor)
        self.adam.step()

    def layers(self, vector: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Each layer's weight (experts, fan_in, fan_out) and bias (biases, fan_out), as views of such a vector."""
        views = self._views(vector)
        return [(views[f"layers.{i}.weight"], views[f"layers.{i}.bias"]) for i in range(len(self.fixed))]

    def beta(self, i: int) -> Tensor | None:
        """The place () of a layer's beta; None if it is not trained."""
        return self.trained[i]["beta"][0] if "beta" in self.trained[i] else None

    def place_of_beta(self, vector: Tensor, i: int) -> Tensor:
        """The place () for the derivative by a layer's beta in a vector of gradients."""
        return self._views(vector)[f"layers.{i}.activation"][list(self.trained[i]).index("beta")]

    def arrays(self) -> dict[str, np.ndarray]:
        """The weights by name, shaped as they came."""
        return {name: view.cpu().numpy().copy() for name, view in self._views(self.vector).items()}

    def _differentiate(self, i: int) -> None:
        """From the derivatives by a layer's `scaled` to those by its weights over `omega`, and by what is trained of
        its activation and of the amplitude before it."""
        (weight, bias), (by_weight, by_bias) = self.of_layers[0][i], self.of_layers[1][i]
        before, own = self._before(i), self.trained[i]
        if "amplitude" not in before and not own:
            return
        amplitude = before["amplitude"][0] if "amplitude" in before else 1.0
        omega = own["omega"][0] if "omega" in own else 1.0
        product = (weight * by_weight).sum() * self.fixed[i]
        if "amplitude" in before:
            before["amplitude"][1].copy_(omega * product)
            by_weight.mul_(amplitude)
        if "omega" in own:
            own["omega"][1].copy_(amplitude * product + (bias * by_bias).sum())
            by_weight.mul_(omega)
        if "phase" in own:
            own["phase"][1].copy_(by_bias.sum())
        if "omega" in own:
            by_bias.mul_(omega)

    def _before(self, i: int) -> dict[str, Place]:
        return self.trained[i - 1] if i else {}

    def _views(self, vector: Tensor) -> dict[str, Tensor]:
        parts = torch.split(vector, self.sizes)
        return {name: part.view(shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}
