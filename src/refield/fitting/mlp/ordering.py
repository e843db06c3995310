"""Points in an order in which every layer's experts own few contiguous runs of rows."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Run:
    """Consecutive rows that share a layer's expert."""

    rows: slice
    expert: int


def sorting(experts: np.ndarray) -> np.ndarray:
    """The order (n,) that sorts points by their experts (layers, n), the last layer's first; the first layer's not.

    A layer then has as many runs as the layers from it to the last have experts, multiplied.
    """
    return np.lexsort(experts[1:]) if len(experts) > 1 else np.arange(experts.shape[1])


def runs(experts: np.ndarray, start: int, stop: int) -> list[Run]:
    """The runs of equal experts among the rows start..stop; their slices count from `start`."""
    part = experts[start:stop]
    cuts = [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), len(part)]
    return [Run(slice(a, b), int(part[a])) for a, b in pairwise(cuts)]


def cells(experts: np.ndarray) -> list[tuple[int, int]]:
    """The longest ranges of rows in which no layer's expert changes; experts (layers, n)."""
    cuts = np.flatnonzero((np.diff(experts, axis=1) != 0).any(axis=0)) + 1
    return list(pairwise([0, *cuts.tolist(), experts.shape[1]]))


def chunks(experts: np.ndarray, rows: int) -> list[tuple[int, int]]:
    """Cut sorted points, experts (layers, n), into ranges of at most `rows`, at changes of expert where possible."""
    n = experts.shape[1]
    bounds, start = [], 0
    for a, b in cells(experts):
        if a > start and b - start > rows:
            bounds.append((start, a))
            start = a
        while b - start > rows:
            bounds.append((start, start + rows))
            start += rows
    return [*bounds, (start, n)] if start < n else bounds
