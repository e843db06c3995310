"""A network's weights in one vector, and Adam on it: one call updates all, whatever the layers."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from refield.fields.layer import Layer
from refield.fitting.adam import Adam


class WeightVector:
    """The weights layer after layer: each layer's weight, its bias, and what is trained of its activation.

    What multiplies the rows is `scaled`: the factor inside an activation, its phase, and the amplitude of the layer
    before are a matter of the weights, so that an activation is nothing but f(u; beta). Full-batch Adam (0.9, 0.999).
    """

    def __init__(
        self, weights: Mapping[str, np.ndarray], layers: Sequence[Layer], device: torch.device, dtype: torch.dtype
    ) -> None:
        self.trained = [layer.trained for layer in layers]
        self.shapes = {name: array.shape for name, array in weights.items()}
        self.sizes = [math.prod(shape) for shape in self.shapes.values()]
        vector = np.concatenate([array.ravel() for array in weights.values()])
        self.vector = torch.as_tensor(vector, dtype=dtype, device=device).contiguous()
        self.adam = Adam({"weights": self.vector})
        assert self.vector.grad is not None
        self.gradient = self.vector.grad
        # What is not trained: of a layer whose omega is, 1.
        fixed = [1.0 if "omega" in layer.trained else layer.omega for layer in layers]
        parts = [
            np.full(size, 1.0 if name.endswith(".activation") else fixed[int(name.split(".")[1])])
            for name, size in zip(self.shapes, self.sizes, strict=True)
        ]
        self.omega = self.vector.new_tensor(np.concatenate(parts))
        self.scaled = torch.empty_like(self.vector)  # what multiplies the rows
        self.views = {id(each): self._views(each) for each in (self.vector, self.scaled, self.gradient)}

    def scale(self) -> None:
        """Bring `scaled` up to date."""
        torch.mul(self.vector, self.omega, out=self.scaled)
        if not any(self.trained):
            return
        for i, (weight, bias) in enumerate(self.layers(self.scaled)):
            amplitude, own = self._parameter(i - 1, "amplitude"), self._parameter(i, "omega")
            for factor in (amplitude, own):
                if factor is not None:
                    weight.mul_(factor)
            if own is not None:
                bias.mul_(own)
            if (phase := self._parameter(i, "phase")) is not None:
                bias.add_(phase)

    def update(self, factor: float) -> None:
        """A step of Adam along `gradient`, which holds the loss's derivative by `scaled`, over `factor`."""
        if any(self.trained):
            self._differentiate()
        self.gradient.mul_(self.omega).mul_(factor)
        self.adam.step()

    def layers(self, vector: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Each layer's weight (experts, fan_in, fan_out) and bias (biases, fan_out), as views of such a vector."""
        views = self._views(vector)
        return [(views[f"layers.{i}.weight"], views[f"layers.{i}.bias"]) for i in range(len(self.trained))]

    def beta(self, vector: Tensor, i: int) -> Tensor | None:
        """The place () of a layer's beta in such a vector; None if it is not trained."""
        return self._parameter(i, "beta", vector)

    def arrays(self) -> dict[str, np.ndarray]:
        """The weights by name, shaped as they came."""
        return {name: view.cpu().numpy().copy() for name, view in self._views(self.vector).items()}

    def _differentiate(self) -> None:
        """From the derivatives by `scaled` to those by the weights over `omega`, and by the activations' parameters."""
        layers = zip(self.layers(self.vector), self.layers(self.gradient), strict=True)
        for i, ((weight, bias), (by_weight, by_bias)) in enumerate(layers):
            amplitude, own = self._parameter(i - 1, "amplitude"), self._parameter(i, "omega")
            sum_ = (weight * by_weight).sum() * self._fixed(i)
            if amplitude is not None:
                self._gradient(i - 1, "amplitude").copy_(sum_ if own is None else own * sum_)
            if own is not None:
                of_weight = sum_ if amplitude is None else amplitude * sum_
                self._gradient(i, "omega").copy_(of_weight + (bias * by_bias).sum())
            if self._parameter(i, "phase") is not None:
                self._gradient(i, "phase").copy_(by_bias.sum())
            for factor in (amplitude, own):
                if factor is not None:
                    by_weight.mul_(factor)
            if own is not None:
                by_bias.mul_(own)

    def _fixed(self, i: int) -> Tensor:
        """The factor of a layer's weights that is not trained."""
        return self._views(self.omega)[f"layers.{i}.weight"].flatten()[0]

    def _gradient(self, i: int, name: str) -> Tensor:
        place = self._parameter(i, name, self.gradient)
        assert place is not None
        return place

    def _parameter(self, i: int, name: str, vector: Tensor | None = None) -> Tensor | None:
        """The place () of a trained parameter of a layer's activation, in the weights or such a vector."""
        if i < 0 or name not in self.trained[i]:
            return None
        views = self._views(self.vector if vector is None else vector)
        return views[f"layers.{i}.activation"][self.trained[i].index(name)]

    def _views(self, vector: Tensor) -> dict[str, Tensor]:
        parts = torch.split(vector, self.sizes)
        return {name: part.view(shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}
