"""One grid of latents on its way to an image's pixels and back, as far as it goes for all rows of pixels at once."""

from collections.abc import Sequence

import torch
from torch import Tensor

from refield.fitting.latents.banded import block, cut
from refield.fitting.latents.regular import Axes
from refield.fitting.mlp.calls import Program

COLUMNS = 32  # of pixels in a block: its product takes about as long as the call


class Level:
    """A grid (features, rows, columns of nodes), which is spread to all columns of pixels, node row by node row."""

    def __init__(self, grid: Tensor, gradient: Tensor, pixels: Axes, chunks: Sequence[slice]) -> None:
        """For chunks of rows of pixels; `gradient` is the place of the loss's derivative by the grid."""
        rows, columns = pixels
        nodes, dtype = grid.shape[1:], grid.dtype
        self.spread, self.by_spread = (grid.new_empty(*grid.shape[:2], len(columns)) for _ in range(2))
        of_rows = [block(rows, nodes[0], chunk) for chunk in chunks]
        self.nodes = [each.nodes for each in of_rows]  # what each chunk's rows are interpolated from
        self.matrices = [torch.tensor(each.matrix, dtype=dtype) for each in of_rows]  # (rows, nodes) by which they are
        self.parts = [torch.empty_like(self.spread[:, each]) for each in self.nodes]  # of by_spread, from each chunk
        self.spreading, self.gathering = Program(grid.device), Program(grid.device)
        self.gathering.call(self.by_spread.zero_)
        for part, found in zip(self.nodes, self.parts, strict=True):
            self.gathering.add("add", self.by_spread[:, part], found, out=self.by_spread[:, part])
        self.gathering.call(gradient.zero_)
        for part in cut(len(columns), COLUMNS):
            near = block(columns, nodes[1], part)
            matrix, total = torch.tensor(near.matrix, dtype=dtype), gradient[:, :, near.nodes]
            product = torch.empty_like(total)
            self.spreading.add("matmul", grid[:, :, near.nodes], matrix.T, out=self.spread[:, :, part])
            self.gathering.add("matmul", self.by_spread[:, :, part], matrix, out=product)
            self.gathering.add("add", total, product, out=total)
