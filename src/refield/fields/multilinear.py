"""Between the nodes of a grid: the corners of the cell that a point lies in, and their shares in what is seen there."""

from collections.abc import Iterator, Sequence
from itertools import product

from jaxtyping import Float, Float64, Integer

from refield.arrays import Tensor


def corners(
    at: Float64[Tensor, "n d"], nodes: Sequence[int]
) -> Iterator[tuple[list[Integer[Tensor, " n"]], Float[Tensor, " n"]]]:
    """The node (n,) along each axis, and the share (n,), of each corner of the cells around points `at`, which are
    counted in nodes 0 .. nodes - 1 of each axis. The shares are differentiable; beyond the end nodes the last cells go
    on."""
    import torch

    low = [x.detach().floor().clamp(0, count - 2) for x, count in zip(at.unbind(dim=1), nodes, strict=True)]
    above = [x - below for x, below in zip(at.unbind(dim=1), low, strict=True)]
    for steps in product((0, 1), repeat=len(low)):
        share = torch.ones_like(at[:, 0])
        for step, part in zip(steps, above, strict=True):
            share = share * (part if step else 1 - part)
        yield [below.long() + step for below, step in zip(low, steps, strict=True)], share
