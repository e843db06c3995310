"""Interpolation along one axis: a matrix of two numbers a row, cut into small dense blocks near its diagonal.

A row is a point's, a column a node's. Products with a block are a library's fastest, and so are those with its
transpose, which carry derivatives from points back to nodes.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from refield.fields.latents import position

ROUNDING = 1e-9  # of the distance of two nodes: a point that is so near to a node is on it


@dataclass(frozen=True)
class Block:
    """What some points have of the nodes around them."""

    nodes: slice
    matrix: Float64[np.ndarray, "p k"]


def block(coordinates: Float64[np.ndarray, " n"], nodes: int, points: slice) -> Block:
    """The block of some of the points, whose coordinates in [-1, 1] ascend, on an axis of at least 2 nodes."""
    at = position(coordinates[points], nodes)
    at = np.where(np.abs(at - np.rint(at)) < ROUNDING, np.rint(at), at)
    low = np.clip(np.floor(at).astype(int), 0, nodes - 2)
    shares = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(low[0], low[-1] + 2)))
    (used,) = np.nonzero(shares.any(axis=0))  # next to a point that lies on a node there may be some of no use
    first, last = int(used[0]), int(used[-1]) + 1
    return Block(slice(int(low[0]) + first, int(low[0]) + last), shares[:, first:last])


def cut(n: int, most: int) -> list[slice]:
    """0 .. n - 1 in as few parts of at most so many as there can be, about equally long."""
    parts = -(-n // most)
    return [slice(n * i // parts, n * (i + 1) // parts) for i in range(parts)]
