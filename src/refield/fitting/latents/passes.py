"""The work of a step on some rows of pixels: a pass forward and a pass back, as programs on one thread's buffers.

All arrays have channels first: (numbers of a pixel, pixels). The last row of what a layer multiplies has ones, so that
its bias is one more row of its weight. Several experts share a bias, which is added after their products.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from refield.fields.activations.activation import Activation, Work
from refield.fitting.latents.gating import Matrices, Order
from refield.fitting.mlp import loops
from refield.fitting.mlp.calls import Program

Beta = Tensor | float  # of an activation: a tensor is read whenever calls are made
BLOCK = 2**14  # numbers of a layer that an activation's calls go over at a time: they stay in a core's own cache


@dataclass(frozen=True)
class Grid:
    """What a chunk has of one grid of latents."""

    matrix: Tensor  # (rows of pixels, rows of nodes), by which it is interpolated
    spread: Tensor  # (features, rows of nodes, columns of pixels)
    derivative: Tensor  # as `spread`, the place of the loss's derivative by it


@dataclass(frozen=True)
class Chunk:
    """Some rows of pixels, and the places of what their pass finds."""

    grids: Sequence[Grid]
    order: Order  # of the pixels in what follows
    target: Tensor  # (c, n)
    importance: Tensor | None  # (1, n), of mean 1 over all pixels
    output: Tensor  # (c, n)
    loss: Tensor  # (1, 1), the sum of squared errors
    by_layers: Sequence[Matrices]  # the derivatives by the layers, as they are


class Passes:
    """One thread's buffers, and its programs on them."""

    def __init__(
        self, chunks: Sequence[Chunk], layers: Sequence[Matrices], activation: Activation, beta: Beta, factor: float
    ) -> None:
        """The loss is `factor` / 2 times the sum of squared errors."""
        self.chunks, self.layers, self.factor = chunks, layers, factor
        self.activation, self.beta = activation, beta
        new, n = layers[0].whole.new_empty, max(chunk.target.shape[1] for chunk in chunks)
        sizes = [layer.weights.shape[1:] for layer in layers]
        self.inputs = [new((fan_in + 1) * n) for fan_in, _ in sizes]  # what each layer multiplies
        self.slopes = [new(fan_out * n) for _, fan_out in sizes[:-1]]  # pre-activations, then slopes there
        # Gradients of the loss by a layer's output, in turn; on the way forward, features that are to be sorted.
        self.errors = [new(max(map(max, sizes)) * n) for _ in range(2)]
        self.product = new(max(fan_in * fan_out for fan_in, fan_out in sizes))  # one run's share of a gradient
        self.scratch = [new(max(BLOCK, n)) for _ in range(activation.scratch)]
        self.programs: dict[tuple[int, bool], Program] = {}

    def program(self, chunk: int, *, back: bool) -> Program:
        """The calls that evaluate a chunk and, if `back`, put the loss and its derivatives into their places."""
        if (chunk, back) not in self.programs:
            self.programs[chunk, back] = self._write(self.chunks[chunk], back)
        return self.programs[chunk, back]

    def _write(self, chunk: Chunk, back: bool) -> Program:
        n, program, last = chunk.target.shape[1], Program(chunk.target.device), len(self.layers) - 1
        # Each array is one piece, also in a shorter chunk: numpy copies others before it works on them.
        inputs = [
            whole[: (layer.weights.shape[1] + 1) * n].view(-1, n)
            for whole, layer in zip(self.inputs, self.layers, strict=True)
        ]
        slopes = [whole[: h[:-1].numel()].view(-1, n) for whole, h in zip(self.slopes, inputs[1:], strict=True)]
        for h in inputs:
            program.call(h[-1].numpy().fill, 1.0)  # which lie elsewhere in a chunk of another length
        self._add_features(program, chunk, inputs[0][:-1])
        for i in range(last):
            self._add_layer(program, chunk, i, inputs[i], slopes[i])
            self._add_activation(program, slopes[i], inputs[i + 1][:-1], back)
        self._add_layer(program, chunk, last, inputs[-1], chunk.output)
        if not back:
            return program

        error = self.errors[0][: chunk.target.numel()].view(-1, n)
        weighted = error if chunk.importance is None else chunk.output
        program.add("subtract", chunk.output, chunk.target, out=error)
        if chunk.importance is not None:
            program.add("multiply", error, chunk.importance, out=weighted)
        program.add("matmul", error.view(1, -1), weighted.view(-1, 1), out=chunk.loss)
        program.add("multiply", weighted, self.factor, out=error)
        for i in range(last, -1, -1):
            below = self._other(error, len(inputs[i]) - 1)
            self._add_derivatives(program, chunk, i, inputs[i], error, below)
            if i:
                program.add("multiply", below, slopes[i - 1], out=below)
            error = below
        self._add_derivatives_by_grids(program, chunk, error)
        return program

    def _other(self, error: Tensor, rows: int) -> Tensor:
        """So many rows of the buffer of errors that these are not in."""
        free = self.errors[error.data_ptr() == self.errors[0].data_ptr()]
        return free[: rows * error.shape[1]].view(rows, -1)

    def _add_features(self, program: Program, chunk: Chunk, out: Tensor) -> None:
        """What the network sees of each pixel."""
        order = chunk.order.pixels
        features = out if order is None else self.errors[0][: out.numel()].view_as(out)
        for grid, part in zip(chunk.grids, _parts(features, chunk), strict=True):
            program.add("matmul", grid.matrix, grid.spread, out=part)
        _add_take(program, features, order, out)

    def _add_derivatives_by_grids(self, program: Program, chunk: Chunk, error: Tensor) -> None:
        """The derivatives by the grids, of those by what the network sees."""
        places = chunk.order.places
        by_features = error if places is None else self._other(error, len(error))
        _add_take(program, error, places, by_features)
        for grid, part in zip(chunk.grids, _parts(by_features, chunk), strict=True):
            program.add("matmul", grid.matrix.T, part, out=grid.derivative)

    def _add_layer(self, program: Program, chunk: Chunk, i: int, h: Tensor, out: Tensor) -> None:
        """A layer's product with h (fan_in + 1, n), of which the last row has ones."""
        whole, weights, bias = self.layers[i]
        if len(weights) == 1:
            program.add("matmul", whole.T, h, out=out)
            return
        for run in chunk.order.runs[i]:
            program.add("matmul", weights[run.expert].T, h[:-1, run.rows], out=out[:, run.rows])
        program.add("add", out, bias.T, out=out)

    def _add_derivatives(self, program: Program, chunk: Chunk, i: int, h: Tensor, error: Tensor, below: Tensor) -> None:
        """The derivatives by a layer's weights and, into `below`, by the numbers that it multiplies."""
        weights, by = self.layers[i].weights, chunk.by_layers[i]
        if len(weights) == 1:
            program.add("matmul", h, error.T, out=by.whole)
            program.add("matmul", weights[0], error, out=below)
            return
        program.call(by.weights.numpy().fill, 0.0)
        product = self.product[: weights[0].numel()].view_as(weights[0])
        for run in chunk.order.runs[i]:
            part, into = error[:, run.rows], by.weights[run.expert]
            program.add("matmul", h[:-1, run.rows], part.T, out=product)
            program.add("add", into, product, out=into)
            program.add("matmul", weights[run.expert], part, out=below[:, run.rows])
        program.add("matmul", h[-1:], error.T, out=by.bias)

    def _add_activation(self, program: Program, u: Tensor, out: Tensor, slopes: bool) -> None:
        """f(u) of a layer (m, n) and, if `slopes`, f'(u) in the place of u."""
        step = max(1, BLOCK // u.shape[1])
        for rows in (slice(first, first + step) for first in range(0, len(u), step)):
            part = u[rows]
            scratch = [block[: part.numel()].view(part.shape) for block in self.scratch]
            loops.write(program, self.activation, part, out[rows], Work(scratch, part if slopes else None, self.beta))


def _parts(features: Tensor, chunk: Chunk) -> list[Tensor]:
    """What a chunk's grids have of all features (f, n), as (features of the grid, rows, columns of pixels)."""
    split = features.split([len(grid.spread) for grid in chunk.grids])
    return [part.view(*part.shape[:1], len(grid.matrix), -1) for part, grid in zip(split, chunk.grids, strict=True)]


def _add_take(program: Program, rows: Tensor, order: Tensor | None, out: Tensor) -> None:
    """The columns of an array (f, n) in some order; those without one are there already."""
    if order is not None:
        for row, into in zip(rows, out, strict=True):
            program.take(row, order, out=into)
