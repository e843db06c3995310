"""Linear interpolation along one axis: a matrix of at most two numbers a row, in dense blocks along its diagonal.

A row is a point's, a column a node's, and a number the node's share in what is seen at the point. Products with dense
blocks are a library's fastest, and so are those with their transposes, which lead from points back to nodes.
"""

import numpy as np
from jaxtyping import Float64

from refield.fields.latent_grids import position

ROUNDING = 1e-9  # of the distance of two nodes: a point that is so near to a node is on it


def positions(coordinates: Float64[np.ndarray, " n"], nodes: int) -> Float64[np.ndarray, " n"]:
    """Where points, whose coordinates in [-1, 1] ascend, are among nodes 0 .. nodes - 1."""
    at = position(coordinates, nodes)
    return np.where(np.abs(at - np.rint(at)) < ROUNDING, np.rint(at), at)


def shares(at: Float64[np.ndarray, " p"], nodes: slice) -> Float64[np.ndarray, "p k"]:
    """The block of points at some positions and of some nodes."""
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(nodes.start, nodes.stop)))


def nodes_of(at: Float64[np.ndarray, " p"]) -> slice:
    """The nodes that have a share in points at some positions."""
    return slice(int(np.floor(at[0])), int(np.ceil(at[-1])) + 1)


def points_of(at: Float64[np.ndarray, " n"], nodes: slice) -> slice:
    """The points, of all, in which some nodes have a share."""
    first, last = np.searchsorted(at, nodes.start - 1, "right"), np.searchsorted(at, nodes.stop, "left")
    return slice(int(first), int(last))


def cut(n: int, most: int) -> list[slice]:
    """0 .. n - 1 in as few parts of at most so many as there can be, about equally long."""
    parts = -(-n // most)
    return [slice(n * i // parts, n * (i + 1) // parts) for i in range(parts)]
