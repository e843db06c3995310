"""The descent in batches: automatic differentiation, of points that are held, or that are made as they are drawn.

Of a problem that is `Drawn`, memory holds one batch, what its samples are made of, and an order of their numbers.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch

from refield.fields.field import Weights
from refield.fitting.adam import State
from refield.fitting.autograd import AutogradDescent
from refield.fitting.job import Descent, Job
from refield.tasks.problem import Problem
from refield.tasks.samples import Drawn


def descent(job: Job, start: Weights, device: torch.device, dtype: torch.dtype = torch.float32) -> Descent:
    """What takes the steps of a job whose training has batches."""
    kind = DrawnDescent if isinstance(job.problem, Drawn) else AutogradDescent
    return kind(job, start, device, dtype)


class DrawnDescent(AutogradDescent):
    """Adam on batches that are made as they are drawn: each takes the place of the one before."""

    def __init__(self, job: Job, start: Weights, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        problem = job.problem
        assert isinstance(problem, Drawn)
        assert job.train.batch is not None
        self.samples, self.make = problem.samples, problem.samples.on(torch.zeros((), dtype=dtype, device=device))
        n = len(problem.samples)
        size = min(job.train.batch, n)
        first = self.make(torch.arange(size, device=device))
        held = Problem(first.points.cpu().numpy(), first.target.cpu().double().numpy(), problem.channels)
        super().__init__(replace(job, problem=replace(held, loss=problem.loss)), start, device, dtype)
        self.numbers = passes(n, size, job.seed) if size < n else None

    def finish(self) -> tuple[np.ndarray, float]:
        """The intensities at all points, in their order, and the loss over them."""
        self.numbers = None  # which gives its memory back
        n, problem = len(self.samples), self.job.problem
        values = torch.empty((n, problem.channels), dtype=self.batch.target.dtype)

        @torch.no_grad()
        def part(first: int) -> float:
            batch = self.make(torch.arange(first, min(first + self.rows, n), device=self.device))
            found = self.intensities(batch.points, batch.labels)
            values[first : first + self.rows] = found.cpu()
            return len(found) * float(problem.loss(lambda *_: found, batch))

        with self.replay.ordered():
            losses = (self.workers.map if self.device.type == "cpu" else map)(part, range(0, n, self.rows))
            loss = sum(losses) / n
        return values.numpy(), loss

    def resume(self, state: State, steps: int) -> None:
        """Go on from a state, with the batches that come after so many."""
        super().resume(state, steps)
        if self.numbers is not None:
            for _ in range(steps):
                next(self.numbers)

    def _draw(self) -> None:
        if self.numbers is None:
            return
        drawn = self.make(torch.as_tensor(next(self.numbers).astype(np.int64), device=self.device))
        self.batch.points.copy_(drawn.points)
        self.batch.target.copy_(drawn.target)


def passes(n: int, size: int, seed: int) -> Iterator[np.ndarray]:
    """Numbers of `size` samples at a time: each pass has an order of its own, and leaves out what fills no batch."""
    rng = np.random.default_rng([seed, n])
    order = np.arange(n, dtype=np.int32 if n < 2**31 else np.int64)
    while True:
        rng.shuffle(order)
        yield from (order[first : first + size] for first in range(0, n - size + 1, size))
