"""Grids of latents and a network at an image's pixels, and what the loss asks of them, fast on a CPU.

Pixels and nodes both lie on grids, so that interpolation is two products with banded matrices: along rows for a whole
grid at once (`level`), and along columns for some rows of pixels at a time, together with the network's passes over
them (`passes`), which stay in cache. A pass is a fixed list of numpy's calls in memory that was there before. Each
call's numbers have a place of their own, and all sums are taken in one order: threads may take the work as they come
without changing a bit. Where layers have gates, the pixels of a chunk are sorted by their experts (`gating`) between
grids and network. The field's `evaluate` is the definition of what is computed.
"""

import math
import threading
from collections.abc import Iterator, Mapping
from typing import Self

import numpy as np
import torch
from torch import Tensor

from refield.fields.activations.activation import Activation
from refield.fields.field import Weights
from refield.fields.latent_grids import ACTIVATIONS
from refield.fitting.latents.banded import cut
from refield.fitting.latents.gating import AnyLatents, layers_of, matrices_of, order_of
from refield.fitting.latents.level import Level
from refield.fitting.latents.passes import Beta, Chunk, Grid, Passes
from refield.fitting.latents.regular import axes_of
from refield.fitting.workers import Workers
from refield.tasks.problem import Problem

SHARDS = 8  # runs of chunks, of which a thread takes one at a time
CHUNK_BYTES = 384 * 1024  # of one layer's activations in a chunk: a core's cache must hold about ten such buffers


def parameters_of(start: Weights, dtype: torch.dtype) -> dict[str, Tensor]:
    """A field's weights as the tensors of an `Evaluation`: the grids by name, and the "network" as one vector."""
    grids = {name: torch.tensor(array, dtype=dtype) for name, array in start.items() if name.startswith("latents")}
    network = np.concatenate([array.ravel() for name, array in start.items() if not name.startswith("latents")])
    return {**grids, "network": torch.tensor(network, dtype=dtype)}


def weights_of(parameters: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]]) -> Weights:
    """The weights that such tensors are, in the order and of the shapes in which `parameters_of` saw them."""
    network = {name: shape for name, shape in shapes.items() if name not in parameters}
    parts = parameters["network"].split([math.prod(shape) for shape in network.values()])
    found = {name: each for name, each in parameters.items() if name != "network"}
    found |= {name: part.view(shape) for (name, shape), part in zip(network.items(), parts, strict=True)}
    return {name: found[name].numpy().copy() for name in shapes}


class Evaluation:
    """The values of a field of latents at a problem's points, which are a grid's, and the derivatives of their mean
    squared error by all of its weights."""

    def __init__(
        self,
        field: AnyLatents,
        problem: Problem,
        span: float,
        parameters: Mapping[str, Tensor],
        activation: Activation | None = None,
        beta: Beta = 0.0,
    ) -> None:
        """Of parameters as `parameters_of` makes them, in whose `grad` the derivatives are put; with the field's
        activation, or another one with its beta."""
        axes = axes_of(problem.points)
        assert axes is not None
        self.span, self.count = span, problem.target.size  # of intensities
        self.layers = layers_of(field, problem.channels)
        self.network = parameters["network"]
        grids, dtype = [each for name, each in parameters.items() if name != "network"], self.network.dtype

        columns, widest = len(axes[1]), max(map(max, field.layers(problem.channels)))
        cuts = cut(len(axes[0]), max(1, CHUNK_BYTES // (columns * widest * dtype.itemsize)))
        self.levels = [
            Level(grid, gradient_of(grid), gain, axes, cuts) for grid, gain in zip(grids, field.gains, strict=True)
        ]
        self.losses = self.network.new_zeros(len(cuts))
        self.gradients = self.network.new_zeros(len(cuts), len(self.network))  # from each chunk
        target = torch.tensor((problem.target + (self.span - 1)) / self.span, dtype=dtype)
        importance = None if problem.importance is None else torch.tensor(problem.relative_importance(), dtype=dtype)
        pixels = [slice(part.start * columns, part.stop * columns) for part in cuts]
        self.chunks = [
            Chunk(
                grids=[Grid(each.matrices[i], each.spread[:, each.nodes[i]], each.parts[i]) for each in self.levels],
                order=(order := order_of(self.layers, problem, part)),
                target=order.sorted(target[part].T).contiguous(),
                importance=None if importance is None else order.sorted(importance[None, part]),
                output=target.new_empty(target.shape[1], part.stop - part.start),
                loss=self.losses[i].view(1, 1),
                by_layers=matrices_of(self.gradients[i], self.layers),
            )
            for i, part in enumerate(pixels)
        ]
        self.shards = cut(len(cuts), -(-len(cuts) // SHARDS))
        self.activation, self.beta = activation or ACTIVATIONS[field.activation], beta
        self.local = threading.local()
        self.workers = Workers(SHARDS)

    def __enter__(self) -> Self:
        self.workers.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.workers.__exit__()

    @torch.no_grad()
    def run(self, *, back: bool) -> None:
        """Evaluate all pixels and, if `back`, put the derivatives into their places."""
        for _ in self.workers.map(lambda level: self.levels[level].spreading(), range(len(self.levels))):
            pass

        def work(shard: int) -> None:
            for chunk in range(len(self.chunks))[self.shards[shard]]:
                self._passes().program(chunk, back=back)()

        for _ in self.workers.map(work, range(len(self.shards))):
            pass
        if back:
            for _ in self.workers.map(lambda level: self.levels[level].gathering(), range(len(self.levels))):
                pass
            torch.sum(self.gradients, 0, out=gradient_of(self.network))

    def loss(self) -> float:
        """The mean squared error of the intensities, as the last run with `back` found it."""
        return self.span**2 * (float(self.losses.sum()) / self.count)

    def values(self) -> np.ndarray:
        """The intensities (n, c) that the last run found."""
        return np.concatenate(list(self.parts()))

    def parts(self) -> Iterator[np.ndarray]:
        """The same for some rows of pixels after others."""
        for chunk in self.chunks:
            yield np.asarray(self.span * chunk.order.restored(chunk.output).T.numpy() - (self.span - 1))

    def _passes(self) -> Passes:
        if not hasattr(self.local, "passes"):
            matrices = matrices_of(self.network, self.layers)
            self.local.passes = Passes(self.chunks, matrices, self.activation, self.beta, 2 / self.count)
        return self.local.passes


def gradient_of(parameter: Tensor) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad
