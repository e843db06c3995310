"""The descent of sparse latents: which nodes have one is chosen several times on the way, by what is wrong without.

For that a sparse grid is set to 0, and the squared error at each point is shared out among the nodes that it lies
between, as they share in its value; the nodes with most of it have latents from there on. Those that have one already
are asked what would be wrong without it, like the others: none stays only because it was fitted. After each step of the
descent of `latents`, which knows nothing of this, the nodes that have none are 0 again.
"""

import math
from contextlib import AbstractContextManager, nullcontext
from typing import Self

import numpy as np
import torch
from torch import Tensor

from refield.fields.field import Weights
from refield.fields.latent_grids import position
from refield.fields.multilinear import corners
from refield.fields.sparse_latents import SparseLatents
from refield.fitting.adam import State
from refield.fitting.autograd import AutogradDescent
from refield.fitting.job import Job
from refield.fitting.latents import engine
from refield.fitting.latents.banded import cut

# Parts of the way after which nodes are chosen. None is before the coarser grids have found what they can.
TURNS = tuple(k / 15 for k in range(2, 12))
CHUNK = 2**15  # points at a time: what is found of them stays in a core's cache


class SparseDescent:
    """A descent of latents, for `SparseLatents` and the squared error."""

    def __init__(self, job: Job, start: Weights, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        assert isinstance(job.field, SparseLatents)
        self.problem, self.shares = job.problem, job.field.shares
        fast = job.train.engine == "fast"
        self.descent = (engine.descent if fast else AutogradDescent)(job, start, device, dtype)
        self.parameters = {name: self.descent.adam.parameters[name] for name in self.shares}
        self.chosen = {name: torch.zeros_like(grid[:1]) for name, grid in self.parameters.items()}  # 1 or 0 of a node
        self.turns, self.done = {round(part * job.train.iterations) for part in TURNS}, 0

    def __enter__(self) -> Self:
        self.descent.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.descent.__exit__()

    def step(self, rate: float) -> None:
        """One step of Adam."""
        if self.done in self.turns:
            self._choose()
        self.descent.step(rate)
        self._clear()
        self.done += 1

    def loss(self) -> float:
        """The loss that the last step started from."""
        return self.descent.loss()

    def finish(self) -> tuple[np.ndarray, float]:
        """The intensities at the problem's points, and their mean squared error."""
        return self.descent.finish()

    def weights(self) -> Weights:
        """The weights by name, shaped as they came."""
        return self.descent.weights()

    def state(self) -> State:
        """That of the descent, and which nodes have latents."""
        with self._ordered():
            return self.descent.state() | {_chosen(name): each.cpu().numpy() for name, each in self.chosen.items()}

    def resume(self, state: State, steps: int) -> None:
        """Go on from a state."""
        found = {name: torch.from_numpy(state[_chosen(name)].copy()) for name in self.chosen}
        for name, each in self.chosen.items():
            if found[name].shape != each.shape or found[name].dtype != each.dtype:
                raise ValueError(f"{_chosen(name)} is of another shape or type")
        self.descent.resume(state, steps)
        with self._ordered():
            for name, each in self.chosen.items():
                each.copy_(found[name])
        self.done = steps

    def _choose(self) -> None:
        found = {name: self._nodes(name) for name in self.shares}
        with self._ordered():
            for name, each in found.items():
                self.chosen[name].copy_(each)
        self._clear()

    @torch.no_grad()
    def _nodes(self, name: str) -> Tensor:
        """1 at the nodes of a grid without which most is wrong, else 0; of equals, the first ones count."""
        grid = self.parameters[name]
        with self._ordered():
            before = grid.clone()
            grid.zero_()
        values, _ = self.descent.finish()
        with self._ordered():
            grid.copy_(before)
        errors = self.problem.relative_importance() * np.square(values - self.problem.target).sum(axis=1)
        needed = shared_out(errors, self.problem.points, tuple(grid.shape[1:]))
        most = np.argsort(-needed, kind="stable")[: max(1, round(self.shares[name] * len(needed)))]
        nodes = torch.zeros(len(needed), dtype=grid.dtype)
        nodes[torch.from_numpy(most)] = 1
        return nodes.view(1, *grid.shape[1:])

    @torch.no_grad()
    def _clear(self) -> None:
        with self._ordered():
            for name, grid in self.parameters.items():
                grid *= self.chosen[name]

    def _ordered(self) -> AbstractContextManager[None]:
        """What a GPU does in here comes after the steps so far, and before the next."""
        inner = self.descent
        return inner.replay.ordered() if isinstance(inner, AutogradDescent) else nullcontext()


def shared_out(numbers: np.ndarray, points: np.ndarray, nodes: tuple[int, ...]) -> np.ndarray:
    """Numbers (n,) at points (n, d), for each node of a grid: a point's is split as nodes share in its value."""
    total = np.zeros(math.prod(nodes))
    for part in cut(len(points), CHUNK):
        axes = [position(x, count) for x, count in zip(points[part].T, nodes, strict=True)]
        for corner, share in corners(torch.from_numpy(np.stack(axes, axis=1)), nodes):
            index = np.ravel_multi_index([node.numpy() for node in corner], nodes)
            first = index.min()  # what neighbours lie between is near, too
            found = np.bincount(index - first, share.numpy() * numbers[part])
            total[first : first + len(found)] += found
    return total


def _chosen(name: str) -> str:
    return f"{name}/chosen"
