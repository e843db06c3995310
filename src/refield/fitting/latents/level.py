"""One grid of latents on its way to an image's pixels and back, as far as it goes for all rows of pixels at once."""

from collections.abc import Sequence

import torch
from torch import Tensor

from refield.fitting.latents.banded import cut, nodes_of, points_of, positions, shares
from refield.fitting.latents.regular import Axes
from refield.fitting.mlp.calls import Program

COLUMNS = 32  # in a block: its product takes about as long as the call


class Level:
    """A grid (features, rows, columns of nodes), which is spread to all columns of pixels, node row by node row."""

    def __init__(self, grid: Tensor, gradient: Tensor, gain: float, pixels: Axes, chunks: Sequence[slice]) -> None:
        """For chunks of rows of pixels, which see `gain` times the grid; the loss's derivative by it is put into
        `gradient`."""
        rows, columns = (positions(axis, nodes) for axis, nodes in zip(pixels, grid.shape[1:], strict=True))
        self.spread, self.by_spread = (grid.new_empty(*grid.shape[:2], len(columns)) for _ in range(2))
        self.nodes = [nodes_of(rows[chunk]) for chunk in chunks]  # what each chunk's rows are interpolated from
        self.matrices = [  # (rows, nodes), by which they are
            grid.new_tensor(gain * shares(rows[chunk], nodes)) for chunk, nodes in zip(chunks, self.nodes, strict=True)
        ]
        self.parts = [torch.empty_like(self.spread[:, nodes]) for nodes in self.nodes]  # of by_spread, from each chunk
        self.spreading, self.gathering = Program(grid.device), Program(grid.device)
        flat, spread = (each.view(-1, each.shape[2]) for each in (grid, self.spread))
        for part in cut(len(columns), COLUMNS):
            nodes = nodes_of(columns[part])
            matrix = grid.new_tensor(shares(columns[part], nodes))
            self.spreading.add("matmul", flat[:, nodes], matrix.T, out=spread[:, part])
        self.gathering.call(self.by_spread.zero_)
        for nodes, found in zip(self.nodes, self.parts, strict=True):
            for i, total in enumerate(self.by_spread[:, nodes].unbind()):  # each in one piece: numpy copies others
                self.gathering.add("add", total, found[i], out=total)
        by_grid, by_spread = (each.view(-1, each.shape[2]) for each in (gradient, self.by_spread))
        for nodes in cut(grid.shape[2], COLUMNS):
            part = points_of(columns, nodes)
            matrix = grid.new_tensor(shares(columns[part], nodes))
            self.gathering.add("matmul", by_spread[:, part], matrix, out=by_grid[:, nodes])
