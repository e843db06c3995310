"""A network behind gates: where the weights of its experts are, and the order of pixels by their experts.

Each layer multiplies the pixels of an expert by that expert's weight. Sorted, they are a few runs of columns, so that
the products are few and large, and no pixel is moved between layers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from refield.fields.gated_latents import GatedLatents
from refield.fields.gates import experts_of
from refield.fields.latents import Latents
from refield.fields.layer import Layer
from refield.fitting.mlp.ordering import Run, runs
from refield.tasks.problem import Problem

AnyLatents = Latents | GatedLatents


class Matrices(NamedTuple):
    """A layer's weights, or what belongs to each of them, as views of one piece of memory."""

    whole: Tensor  # (experts * fan_in + 1, fan_out), the bias last
    weights: Tensor  # (experts, fan_in, fan_out)
    bias: Tensor  # (1, fan_out)


@dataclass(frozen=True)
class Order:
    """Some pixels in the order of their experts."""

    pixels: Tensor | None  # (n,) the pixel in each place; None if each is in its own
    places: Tensor | None  # (n,) the place of each pixel
    runs: Sequence[Sequence[Run]]  # of each layer; their rows are places

    @classmethod
    def of(cls, experts: np.ndarray) -> "Order":
        """Of pixels with experts (layers, n), those of the last layer in the fewest runs."""
        order = np.lexsort(experts)
        found = [runs(each, 0, len(each)) for each in experts[:, order]]
        if np.array_equal(order, np.arange(len(order))):
            return cls(None, None, found)
        return cls(torch.from_numpy(order), torch.from_numpy(np.argsort(order)), found)

    def sorted(self, array: Tensor) -> Tensor:
        """An array (..., n) of the pixels as they are ordered."""
        return array if self.pixels is None else array[..., self.pixels]

    def restored(self, array: Tensor) -> Tensor:
        """An array (..., n) in this order as the pixels are."""
        return array if self.places is None else array[..., self.places]


def layers_of(field: AnyLatents, channels: int) -> list[Layer]:
    """The network's layers; without gates each has one expert."""
    if isinstance(field, GatedLatents):
        return field.gated_layers(2, channels)
    return [
        Layer(gate="dense", fan_in=fan_in, fan_out=fan_out, experts=1, biases=1)
        for fan_in, fan_out in field.layers(channels)
    ]


def matrices_of(vector: Tensor, layers: Sequence[Layer]) -> list[Matrices]:
    """Each layer's part of a vector of all weights of a network, one layer's after another's."""
    rows = [layer.experts * layer.fan_in + 1 for layer in layers]
    parts = vector.split([count * layer.fan_out for count, layer in zip(rows, layers, strict=True)])
    found = []
    for layer, part in zip(layers, parts, strict=True):
        whole = part.view(-1, layer.fan_out)
        found.append(Matrices(whole, whole[:-1].view(layer.experts, layer.fan_in, layer.fan_out), whole[-1:]))
    return found


def order_of(layers: Sequence[Layer], problem: Problem, pixels: slice) -> Order:
    """The order of some of a problem's pixels."""
    points, labels = problem.points[pixels], None if problem.labels is None else problem.labels[pixels]
    return Order.of(np.stack([experts_of(layer.gate, points, labels) for layer in layers]))
