"""The descent by the definition: any field, any loss, by automatic differentiation.

The points are cut into chunks that stay in cache, and the chunks into a fixed number of shards whose gradients are
added in order: on a CPU threads may take the shards in any order without changing a bit. On a GPU a step is one CUDA
graph where the field launches the same kernels whatever the points.
"""

import math
from collections.abc import Iterator
from typing import Self

import numpy as np
import torch
from torch import Tensor

from refield.fields.field import Weights
from refield.fields.intensities import Intensities
from refield.fitting.adam import Adam, State
from refield.fitting.graph import Replay
from refield.fitting.job import Job
from refield.fitting.workers import Workers
from refield.tasks.problem import Batch

SHARDS = 8  # partial gradients per step: fixed, so that sums do not depend on the number of threads
CHUNK_FLOATS = {"cpu": 2**18, "cuda": 2**27}  # of one layer's outputs in a chunk


class AutogradDescent:
    """Adam on all points at once, or on batches of them."""

    def __init__(self, job: Job, start: Weights, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        self.job, self.device = job, device
        problem, train = job.problem, job.train
        self.parameters = {
            name: torch.as_tensor(array, dtype=dtype, device=device).clone().requires_grad_()
            for name, array in start.items()
        }
        self.intensities = Intensities(job.field, self.parameters, train.span)
        self.adam = Adam(self.parameters, train.beta2)
        n = len(problem.points)
        self.all = Batch(
            points=torch.as_tensor(problem.points, device=device),
            labels=None
            if problem.labels is None
            else torch.as_tensor(np.ascontiguousarray(problem.labels), device=device),
            target=torch.as_tensor(problem.target, dtype=dtype, device=device),
            importance=None
            if problem.importance is None
            else torch.as_tensor(problem.relative_importance(), dtype=dtype, device=device),
        )
        size = n if train.batch is None else min(train.batch, n)
        self.batches = _batches(n, size, job.seed) if size < n else None
        self.batch = self.all if self.batches is None else _part(self.all, torch.arange(size, device=device))
        floats = math.isqrt(max(array.size for array in start.values()))  # of one point: about as wide as a layer is
        self.rows = max(64, CHUNK_FLOATS[device.type] // floats) if problem.pointwise else n
        self.chunks = [slice(first, min(first + self.rows, size)) for first in range(0, size, self.rows)]
        shards = min(SHARDS, len(self.chunks))
        self.shards = [
            self.chunks[len(self.chunks) * i // shards : len(self.chunks) * (i + 1) // shards] for i in range(shards)
        ]
        self.last_loss = torch.zeros((), dtype=torch.float64, device=device)
        self.replay = Replay(self._step, device, capture=job.field.steady)
        self.workers = Workers(shards)

    def __enter__(self) -> Self:
        self.workers.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.workers.__exit__()

    def step(self, rate: float) -> None:
        """One step of Adam."""
        with self.replay.ordered():
            self.adam.set_rate(rate)
            self._draw()
        self.replay()

    def loss(self) -> float:
        """The loss that the last step started from."""
        with self.replay.ordered():
            return float(self.last_loss)

    def finish(self) -> tuple[np.ndarray, float]:
        """The intensities at the problem's points, and the loss over all of them."""
        points, rows = self.all.points, self.rows
        parts = [_part(self.all, slice(first, first + rows)) for first in range(0, len(points), rows)]
        with self.replay.ordered():
            with torch.no_grad():
                values = [self.intensities(part.points, part.labels).cpu() for part in parts]
            losses = [len(part.points) * float(self._loss(part).detach()) for part in parts]
        return torch.cat(values).numpy(), sum(losses) / len(points)

    def weights(self) -> Weights:
        """The weights by name, shaped as they came."""
        with self.replay.ordered():
            return {name: tensor.detach().cpu().numpy().copy() for name, tensor in self.parameters.items()}

    def state(self) -> State:
        """The weights, and Adam's means."""
        with self.replay.ordered():
            return self.adam.state()

    def resume(self, state: State, steps: int) -> None:
        """Go on from a state, with the batches that come after so many."""
        with self.replay.ordered():
            self.adam.resume(state, steps)
        if self.batches is not None:
            for _ in range(steps):
                next(self.batches)

    def _draw(self) -> None:
        """The points of the next step, in the place of the last one's: a captured step finds them there."""
        if self.batches is None:
            return
        drawn = _part(self.all, torch.as_tensor(next(self.batches), device=self.device))
        for place, values in zip(_tensors(self.batch), _tensors(drawn), strict=True):
            place.copy_(values)

    def _step(self) -> None:
        shards = range(len(self.shards))
        found = list((self.workers.map if self.device.type == "cpu" else map)(self._gradient, shards))
        for i, parameter in enumerate(self.parameters.values()):
            assert parameter.grad is not None
            total = found[0][1][i]
            for _, gradients in found[1:]:
                total = total + gradients[i]
            parameter.grad.copy_(total)
        loss = found[0][0]
        for part, _ in found[1:]:
            loss = loss + part
        self.last_loss.copy_(loss)
        self.adam.step()

    def _gradient(self, shard: int) -> tuple[Tensor, list[Tensor]]:
        """The share of a shard in the loss, and in its gradient by each parameter."""
        total, loss = (
            [torch.zeros_like(parameter) for parameter in self.parameters.values()],
            torch.zeros_like(self.last_loss),
        )
        span = self.job.train.span
        for chunk in self.shards[shard]:
            share = (chunk.stop - chunk.start) / len(self.batch.points)
            part = share * self._loss(_part(self.batch, chunk))
            # What descends is the loss of the field's own values. A loss of derivatives knows nothing of the last bias.
            found = torch.autograd.grad(part / span**2, list(self.parameters.values()), allow_unused=True)
            for sum_, gradient in zip(total, found, strict=True):
                if gradient is not None:
                    sum_ += gradient
            loss = loss + part.detach()
        return loss, total

    def _loss(self, batch: Batch) -> Tensor:
        return self.job.problem.loss(self.intensities, batch)


def _batches(n: int, size: int, seed: int) -> Iterator[np.ndarray]:
    """Indices of `size` points at a time: a new order in each pass, of which what does not fill a batch is left out."""
    rng = np.random.default_rng([seed, n])
    while True:
        order = rng.permutation(n)
        yield from (order[first : first + size] for first in range(0, n - size + 1, size))


def _part(batch: Batch, which: slice | Tensor) -> Batch:
    return Batch(
        points=batch.points[which],
        labels=None if batch.labels is None else batch.labels[which],
        target=batch.target[which],
        importance=None if batch.importance is None else batch.importance[which],
    )


def _tensors(batch: Batch) -> list[Tensor]:
    tensors = (batch.points, batch.labels, batch.target, batch.importance)
    return [tensor for tensor in tensors if tensor is not None]
