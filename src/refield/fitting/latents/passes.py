"""The work of a step on some rows of pixels: a pass forward and a pass back, as programs on one thread's buffers.

All arrays have channels first: (numbers of a pixel, pixels). The last row of what a layer multiplies has ones, so that
its bias is one more row of its weight.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from refield.fields.activations.activation import Activation, Work
from refield.fitting.mlp.calls import Program

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
    target: Tensor  # (c, n)
    importance: Tensor | None  # (1, n), of mean 1 over all pixels
    output: Tensor  # (c, n)
    loss: Tensor  # (1, 1), the sum of squared errors
    by_layers: Sequence[Tensor]  # the derivatives by the layers, as they are


class Passes:
    """One thread's buffers, and its programs on them."""

    def __init__(
        self, chunks: Sequence[Chunk], layers: Sequence[Tensor], activation: Activation, factor: float
    ) -> None:
        """For layers (fan_in + 1, fan_out), whose last row is the bias; the loss is `factor` / 2 times the sum of
        squared errors."""
        self.chunks, self.layers, self.activation, self.factor = chunks, layers, activation, factor
        new, n = layers[0].new_empty, max(chunk.target.shape[1] for chunk in chunks)
        self.inputs = [new(len(layer) * n) for layer in layers]  # what each layer multiplies
        self.slopes = [new(layer.shape[1] * n) for layer in layers[:-1]]  # pre-activations, then slopes there
        widest = max(max(layer.shape) for layer in layers)
        self.errors = [new(widest * n), new(widest * n)]  # gradients of the loss by a layer's output, in turn
        self.scratch = [new(max(BLOCK, n)) for _ in range(activation.scratch)]
        self.programs: dict[tuple[int, bool], Program] = {}

    def program(self, chunk: int, *, back: bool) -> Program:
        """The calls that evaluate a chunk and, if `back`, put the loss and its derivatives into their places."""
        if (chunk, back) not in self.programs:
            self.programs[chunk, back] = self._write(self.chunks[chunk], back)
        return self.programs[chunk, back]

    def _write(self, chunk: Chunk, back: bool) -> Program:
        n, program = chunk.target.shape[1], Program(chunk.target.device)
        # Each array is one piece, also in a shorter chunk: numpy copies others before it works on them.
        inputs = [whole[: len(layer) * n].view(-1, n) for whole, layer in zip(self.inputs, self.layers, strict=True)]
        slopes = [whole[: h[:-1].numel()].view(-1, n) for whole, h in zip(self.slopes, inputs[1:], strict=True)]
        for h in inputs:
            program.call(h[-1].numpy().fill, 1.0)  # which lie elsewhere in a chunk of another length
        for grid, part in zip(chunk.grids, _parts(inputs[0][:-1], chunk), strict=True):
            program.add("matmul", grid.matrix, grid.spread, out=part)
        for i, layer in enumerate(self.layers[:-1]):
            program.add("matmul", layer.T, inputs[i], out=slopes[i])
            self._add_activation(program, slopes[i], inputs[i + 1][:-1], back)
        program.add("matmul", self.layers[-1].T, inputs[-1], out=chunk.output)
        if not back:
            return program

        error = self.errors[0][: chunk.target.numel()].view(-1, n)
        weighted = error if chunk.importance is None else chunk.output
        program.add("subtract", chunk.output, chunk.target, out=error)
        if chunk.importance is not None:
            program.add("multiply", error, chunk.importance, out=weighted)
        program.add("matmul", error.view(1, -1), weighted.view(-1, 1), out=chunk.loss)
        program.add("multiply", weighted, self.factor, out=error)
        for i in range(len(self.layers) - 1, -1, -1):
            program.add("matmul", inputs[i], error.T, out=chunk.by_layers[i])
            below = self.errors[(len(self.layers) - i) % 2][: len(inputs[i][:-1]) * n].view(-1, n)
            program.add("matmul", self.layers[i][:-1], error, out=below)
            if i:
                program.add("multiply", below, slopes[i - 1], out=below)
            error = below
        for grid, part in zip(chunk.grids, _parts(error, chunk), strict=True):
            program.add("matmul", grid.matrix.T, part, out=grid.derivative)
        return program

    def _add_activation(self, program: Program, u: Tensor, out: Tensor, slopes: bool) -> None:
        """f(u) of a layer (m, n) and, if `slopes`, f'(u) in the place of u."""
        step = max(1, BLOCK // u.shape[1])
        for rows in (slice(first, first + step) for first in range(0, len(u), step)):
            part = u[rows]
            scratch = [block[: part.numel()].view(part.shape) for block in self.scratch]
            self.activation.write(program, part, out[rows], Work(scratch, slope=part if slopes else None))


def _parts(features: Tensor, chunk: Chunk) -> list[Tensor]:
    """What a chunk's grids have of all features (f, n), as (features of the grid, rows, columns of pixels)."""
    split = features.split([len(grid.spread) for grid in chunk.grids])
    return [part.view(*part.shape[:1], len(grid.matrix), -1) for part, grid in zip(split, chunk.grids, strict=True)]
