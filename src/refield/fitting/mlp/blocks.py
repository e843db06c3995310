"""Points in blocks of rows that share their experts, and the segments of blocks whose gradients are summed apart."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from refield.fitting.mlp.ordering import cells, runs, sorting


@dataclass(frozen=True)
class Blocks:
    """Points sorted by the experts of all layers but the first, cells of equal experts filled up to whole blocks."""

    rows: np.ndarray  # (blocks * size,) the point in each row; -1 where a row only fills up
    experts: np.ndarray  # (layers, blocks) of all rows of a block; the first layer's line is without meaning

    @classmethod
    def of(cls, experts: np.ndarray, size: int) -> "Blocks":
        """For points with these experts (layers, n), in blocks of `size` rows; a block never begins with a filler."""
        order = sorting(experts)
        parts = []
        for start, stop in cells(experts[1:, order]):
            parts += [order[start:stop], np.full((start - stop) % size, -1)]
        rows = np.concatenate(parts)
        return cls(rows, experts[:, rows[::size]])

    def of_points(self, array: np.ndarray) -> np.ndarray:
        """An array (n, ...) of the points as one of the rows, zero in those that fill up."""
        filled = np.zeros((len(self.rows), *array.shape[1:]))
        filled[self.rows >= 0] = array[self.rows[self.rows >= 0]]
        return filled


@dataclass(frozen=True)
class Segments:
    """Consecutive blocks of one expert within one chunk, in the order of the blocks."""

    starts: np.ndarray  # (segments,) the first block, counted from its chunk's
    stops: np.ndarray
    slots: np.ndarray  # (segments,) where its sum belongs: slots are in the order of the experts, then of the blocks
    chunks: list[slice]  # the segments of each chunk
    bounds: np.ndarray  # (experts + 1,) the slots of expert e are bounds[e] to bounds[e + 1]

    @classmethod
    def of(cls, experts: np.ndarray, number: int, chunks: list[tuple[int, int]], length: int) -> "Segments":
        """For blocks with these experts (blocks,), 0..number-1; none longer than `length` blocks."""
        found: list[tuple[int, int, int]] = []
        of_chunk = []
        for first, last in chunks:
            before = len(found)
            for run in runs(experts, first, last):
                cuts = [*range(run.rows.start, run.rows.stop, length), run.rows.stop]
                found += [(start, stop, run.expert) for start, stop in pairwise(cuts)]
            of_chunk.append(slice(before, len(found)))
        starts, stops, owners = np.array(found).T
        slots = np.empty(len(found), dtype=np.int64)
        slots[np.argsort(owners, kind="stable")] = np.arange(len(found))
        return cls(starts, stops, slots, of_chunk, np.searchsorted(np.sort(owners), np.arange(number + 1)))
