"""The descent along rays: what is compared with each target is what a ray sees of the field, at many points of it.

Where along its ray each point lies is drawn anew in each step, by numpy, so that it is the same on every device.
"""

import numpy as np
import torch
from torch import Tensor

from refield.fields.field import Weights
from refield.fitting import minibatches
from refield.fitting.adam import State
from refield.fitting.autograd import SHARDS
from refield.fitting.job import Descent, Job
from refield.fitting.minibatches import DrawnDescent
from refield.fitting.workers import Workers
from refield.tasks.rays import OF_RAY, Traced

LOOKED_AT = 8192  # rays at most that the last loss is of: all of them would take longer than many fits


def descent(job: Job, start: Weights, device: torch.device, dtype: torch.dtype = torch.float32) -> Descent:
    """What takes the steps of a job whose training has batches, of rays where its problem is of such."""
    kind = RayDescent if isinstance(job.problem, Traced) else minibatches.descent
    return kind(job, start, device, dtype)


class RayDescent(DrawnDescent):
    """Adam on batches of rays."""

    def __init__(self, job: Job, start: Weights, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        super().__init__(job, start, device, dtype)
        problem = job.problem
        assert isinstance(problem, Traced)
        self.problem, self.field_values = problem, self.intensities
        self.intensities = self._colours  # type: ignore[assignment]  # of which the loss is, and which has no fields
        size = len(self.batch.points)
        # A ray takes as much room in a chunk as its points do.
        self.rows = max(1, self.rows // problem.along)
        self.chunks = [slice(first, min(first + self.rows, size)) for first in range(0, size, self.rows)]
        shards = min(SHARDS, len(self.chunks))
        self.shards = [
            self.chunks[len(self.chunks) * i // shards : len(self.chunks) * (i + 1) // shards] for i in range(shards)
        ]
        self.workers = Workers(shards)
        self.places = np.random.default_rng([job.seed, len(self.samples), problem.along])

    def finish(self) -> tuple[np.ndarray, float]:
        """The colour and the opacity (n, 4), in [-1, 1], of all rays that are held out, and the loss of some others:
        of every k-th, so that they are no more than `LOOKED_AT`."""
        self.numbers = None  # which gives its memory back
        held_out = self.problem.held_out.on(self.batch.target)
        values = torch.empty((len(self.problem.held_out), 4), dtype=self.batch.target.dtype)

        @torch.no_grad()
        def look(first: int) -> None:
            numbers = torch.arange(first, min(first + self.rows, len(values)), device=self.device)
            seen = self.problem.see(self.field_values, held_out(numbers).points)
            values[first : first + self.rows] = 2 * torch.cat([seen.colour, seen.opacity[:, None]], 1).cpu() - 1

        every = -(-len(self.samples) // LOOKED_AT)
        looked_at = torch.arange(0, len(self.samples), every, device=self.device)

        @torch.no_grad()
        def part(first: int) -> float:
            batch = self.make(looked_at[first : first + self.rows])
            return len(batch.points) * float(self._loss(batch))

        each = self.workers.map if self.device.type == "cpu" else map
        with self.replay.ordered():
            list(each(look, range(0, len(values), self.rows)))
            loss = sum(each(part, range(0, len(looked_at), self.rows))) / len(looked_at)
        return values.numpy(), loss

    def resume(self, state: State, steps: int) -> None:
        """Go on from a state, with the rays, and the places along them, that come after so many."""
        super().resume(state, steps)
        for _ in range(steps):
            self._draw_places()

    def _draw(self) -> None:
        super()._draw()
        places = torch.as_tensor(self._draw_places(), device=self.device)
        self.batch.points[:, OF_RAY:].copy_(places)

    def _draw_places(self) -> np.ndarray:
        return self.places.random((len(self.batch.points), self.problem.along))

    def _colours(self, rays: Tensor, _: Tensor | None = None) -> Tensor:
        """The intensities (n, 3) that rays see, in [-1, 1]."""
        return 2 * self.problem.see(self.field_values, rays).colour - 1
