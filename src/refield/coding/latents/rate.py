"""How many bits latents take, by a network that expects them, and the derivatives of that.

It is what `entropy` and `laplace` compute in whole numbers, for numbers that are not whole: a Laplace distribution's
share of the cell of length 1 around x. With v = x - mean, u = |v|, a = 1 / b, A = exp(-|u - 1/2| a) and
B = exp(-(u + 1/2) a) that share is p = (A - B) / 2, or where u < 1/2, p = 1 - (A + B) / 2. In both cases

    dp/du = -a (A - B) / 2,   dp/da = ((u + 1/2) B - (u - 1/2) A) / 2
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from refield.coding.latents.entropy import ABOVE, LEFT, NAMES, NEIGHBOURS, RIGHT, shapes
from refield.coding.latents.laplace import LOWEST, SCALES
from refield.fitting.latents.banded import cut
from refield.fitting.workers import Workers

CHUNK = 2**14  # latents at a time: what is found of them stays in a core's cache
HIGHEST = LOWEST + (SCALES - 1) / 8  # log2 of the largest scale
LEAST = np.float32(1e-9)  # of a probability: the logarithm's derivative ends there
SEEN = len(NEIGHBOURS)


def vector_of(hidden: int, levels: int, rng: np.random.Generator) -> np.ndarray:
    """A network's first weights, as one vector float32: it expects 0, with scales of about 1/2."""
    first, first_bias, second, _, own = shapes(hidden, levels).values()
    bound = 2.4 / math.sqrt(first[0])
    parts = [rng.uniform(-bound, bound, first), rng.uniform(-0.3, 0.3, first_bias), np.zeros(second)]
    parts += [np.array([0.0, -1.0]), np.zeros(own)]
    return np.concatenate([part.ravel() for part in parts]).astype(np.float32)


@dataclass(frozen=True)
class Network:
    """Views of a vector: each layer's weight with its bias as the last row, and the levels' own octaves."""

    first: np.ndarray  # (12 + 1, h)
    second: np.ndarray  # (h + 12 + 1, 2)
    levels: np.ndarray

    @classmethod
    def of(cls, vector: np.ndarray, hidden: int) -> "Network":
        ends = np.cumsum([(SEEN + 1) * hidden, (hidden + SEEN + 1) * 2])
        first, second, levels = np.split(vector, ends)
        return cls(first.reshape(-1, hidden), second.reshape(-1, 2), levels)

    def weights(self) -> dict[str, np.ndarray]:
        """By the names of `entropy`."""
        parts = (self.first[:-1], self.first[-1], self.second[:-1], self.second[-1], self.levels)
        return dict(zip(NAMES, parts, strict=True))


@dataclass(frozen=True)
class Part:
    """Rows of a grid, and what a pass finds of them."""

    level: int
    rows: slice
    gradient: np.ndarray  # (3 + rows, 3 + columns + 2): by these rows and by what they see
    network: Network
    vector: np.ndarray  # of the network


class Rate:
    """The bits of grids (h, w), and their derivatives by grids and network."""

    def __init__(self, sizes: Sequence[tuple[int, ...]], vector: np.ndarray, hidden: int, workers: Workers) -> None:
        self.hidden, self.network, self.workers = hidden, Network.of(vector, hidden), workers
        self.padded = [np.zeros((ABOVE + h, LEFT + w + RIGHT), np.float32) for h, w in sizes]
        self.gradients = [np.zeros_like(grid) for grid in self.padded]
        self.parts = []
        for level, (height, width) in enumerate(sizes):
            for rows in cut(height, max(1, CHUNK // width)):
                gradient = np.zeros((ABOVE + rows.stop - rows.start, LEFT + width + RIGHT), np.float32)
                own = np.zeros_like(vector)
                self.parts.append(Part(level, rows, gradient, Network.of(own, hidden), own))
        self.bits = np.zeros(len(self.parts))

    def put(self, level: int, rows: slice, values: np.ndarray) -> None:
        """Rows (n, w) of a grid, whose bits are asked for."""
        self.padded[level][ABOVE:, LEFT:-RIGHT][rows] = values

    def by_grid(self, level: int) -> np.ndarray:
        """The derivative by a grid (h, w), as the last run found it."""
        return self.gradients[level][ABOVE:, LEFT:-RIGHT]

    def run(self, *, back: bool) -> float:
        """The bits of all grids; with their derivatives, if `back`."""

        def work(number: int) -> None:
            self.bits[number] = self._pass(self.parts[number], back)

        def gather(level: int) -> None:
            total = self.gradients[level]
            total[:] = 0
            for part in self.parts:
                if part.level == level:
                    total[part.rows.start : part.rows.stop + ABOVE] += part.gradient

        for _ in self.workers.map(work, range(len(self.parts))):
            pass
        if back:
            for _ in self.workers.map(gather, range(len(self.padded))):
                pass
        return float(self.bits.sum())

    def by_network(self) -> np.ndarray:
        """The derivative by the network's vector, as the last run found it."""
        return np.sum([part.vector for part in self.parts], axis=0)

    def _pass(self, part: Part, back: bool) -> float:
        network, hidden, grid = self.network, self.hidden, self.padded[part.level]
        above, count = part.rows.start, part.rows.stop - part.rows.start
        width = grid.shape[1] - LEFT - RIGHT
        h = np.empty((hidden + SEEN + 1, count * width), np.float32)  # hidden, neighbours, 1
        for j, (down, right) in enumerate(NEIGHBOURS):
            rows = slice(ABOVE + above + down, ABOVE + above + down + count)
            h[hidden + j].reshape(count, width)[:] = grid[rows, LEFT + right : LEFT + right + width]
        h[-1] = 1
        np.matmul(network.first.T, h[hidden:], out=h[:hidden])
        np.maximum(h[:hidden], 0, out=h[:hidden])
        mean, octaves = network.second.T @ h
        octaves += network.levels[part.level]
        bits, by_v, by_octaves = _cells(grid[ABOVE + above :, LEFT:-RIGHT][:count].ravel() - mean, octaves, back)
        if not back:
            return bits

        by_output = np.stack([-by_v, by_octaves])
        np.matmul(h, by_output.T, out=part.network.second)
        part.network.levels[part.level] = by_octaves.sum()
        by_h = network.second @ by_output
        by_hidden = by_h[:hidden]
        by_hidden *= h[:hidden] > 0
        np.matmul(h[hidden:], by_hidden.T, out=part.network.first)
        by_seen = network.first[:-1] @ by_hidden
        by_seen += by_h[hidden:-1]
        part.gradient[:] = 0
        part.gradient[ABOVE:, LEFT:-RIGHT] = by_v.reshape(count, width)
        for j, (down, right) in enumerate(NEIGHBOURS):
            place = part.gradient[ABOVE + down : ABOVE + down + count, LEFT + right : LEFT + right + width]
            place += by_seen[j].reshape(count, width)
        return bits


def _cells(v: np.ndarray, octaves: np.ndarray, back: bool) -> tuple[float, np.ndarray, np.ndarray]:
    """The bits of cells around v, of scales 2^octaves, together; and their derivatives by v and octaves, if `back`."""
    within = np.clip(octaves, LOWEST, HIGHEST)
    a = np.exp2(-within)
    u = np.abs(v)
    d, e = u - np.float32(0.5), u + np.float32(0.5)
    near, far = np.exp(-np.abs(d) * a), np.exp(-e * a)
    inside = (d < 0).astype(np.float32)
    p = inside + np.float32(0.5) * (near - far) - inside * near + LEAST
    bits = -float(np.log2(p).sum(dtype=np.float64))
    if not back:
        return bits, v, octaves
    half = np.float32(0.5) * a / p
    by_v = np.copysign(half * (near - far) * np.float32(1 / math.log(2)), v)
    by_octaves = half * (e * far - d * near)
    by_octaves *= within == octaves
    return bits, by_v, by_octaves
