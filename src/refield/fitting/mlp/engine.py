"""The fast descent: gated MLPs fitted without moving a pixel.

The gates never change during a fit. So the points are sorted once, by the experts of all layers but the first: each
expert of each layer then owns a few contiguous runs of rows, and a layer is a handful of matrix products on slices,
with no gather or scatter. The first layer has few inputs; its experts are columns of one small matrix, with each
point's coordinates standing in its own expert's columns. A step is a fixed list of calls, written down once, that work
in preallocated memory. The rows are cut into chunks that stay in cache, and the chunks into a fixed number of shards
whose gradients are added in order: threads may take the shards in any order without changing a bit. On a GPU the step
is one CUDA graph. `Mlp.evaluate` is the definition of what is computed.
"""

import threading
from collections.abc import Callable
from typing import Self

import numpy as np
import torch
from torch import Tensor

from refield.fields.field import Weights
from refield.fields.layer import Layer
from refield.fields.mlp import Mlp
from refield.fitting.adam import State
from refield.fitting.graph import Replay
from refield.fitting.job import Job
from refield.fitting.mlp.ordering import chunks, sorting
from refield.fitting.mlp.passes import Passes, Rows
from refield.fitting.mlp.weight_vector import WeightVector
from refield.fitting.workers import Workers
from refield.tasks.problem import Problem

SHARDS = 8  # partial gradients per step: fixed, so that sums do not depend on the number of threads
# Of one layer's activations in a chunk. A CPU's cache must hold about ten such buffers, a GPU of 12 GB as well.
CHUNK_BYTES = {"cpu": 384 * 1024, "cuda": 512 * 1024**2}


class MlpDescent:
    """Adam on all points at once, for an `Mlp` and the squared error."""

    def __init__(self, job: Job, start: Weights, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        field, problem, span = job.field, job.problem, job.train.span
        assert isinstance(field, Mlp)
        self.problem, self.span, self.device, self.dtype = problem, span, device, dtype
        values = (problem.target + (span - 1)) / span
        n, channels = values.shape
        layers = field.layers(problem.points.shape[1], channels)
        self.vector = WeightVector(start, layers, job.train.beta2, device, dtype)
        experts = np.stack([field.experts(layer, problem.points, problem.labels) for layer in layers])
        self.order = sorting(experts)
        inputs = first_inputs(first_seen(field, problem), layers[0], experts[0])
        importance = None if problem.importance is None else problem.relative_importance()[self.order, None]
        target = self._tensor(values[self.order])
        widest = max(layer.outputs for layer in layers)
        length = max(64, CHUNK_BYTES[device.type] // (widest * target.element_size()))
        cut = chunks(experts[1:, self.order], length)
        shards = min(SHARDS, len(cut))
        # A GPU's matrix units round operands themselves, as TF32; a CPU does the same by way of half precision.
        mixed, on_cpu = job.train.precision == "mixed", device.type == "cpu"
        self.rows = Rows(
            layers=layers,
            experts=experts[:, self.order],
            chunks=cut,
            inputs=self._tensor(inputs[self.order]),
            target=target,
            importance=None if importance is None else self._tensor(importance),
            output=torch.empty_like(target),
            losses=target.new_zeros(len(cut)),
            weights=self.vector,
            gradients=target.new_zeros(shards, len(self.vector.vector)),
            rounded=mixed and on_cpu,
            tf32=mixed and not on_cpu,
        )
        self.shards: list[list[int]] = [[] for _ in range(shards)]
        for i, (first, last) in enumerate(cut):
            self.shards[int((first + last) / 2 * shards / n)].append(i)
        self.replay = Replay(self._step, device)
        self.local = threading.local()
        self.workers = Workers(shards)

    def __enter__(self) -> Self:
        self.workers.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.workers.__exit__()

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """One step of Adam."""
        with self.replay.ordered():
            self.vector.adam.set_rate(rate)
        self.replay()

    def loss(self) -> float:
        """The mean squared error that the last step started from."""
        with self.replay.ordered():
            return self.span**2 * (float(self.rows.losses.sum()) / self.rows.target.numel())

    @torch.no_grad()
    def finish(self) -> tuple[np.ndarray, float]:
        """The intensities at the problem's points, and their mean squared error."""
        values = np.empty(self.rows.output.shape, dtype=np.float32 if self.dtype == torch.float32 else np.float64)
        with self.replay.ordered():
            self.vector.scale()
            self._over_shards(self._evaluate)
            values[self.order] = self.rows.output.cpu().numpy()
        intensities = self.span * values - (self.span - 1)
        return intensities, self.problem.mean_squared_error(intensities)

    def weights(self) -> Weights:
        """The weights by name, shaped as they came."""
        with self.replay.ordered():
            return self.vector.arrays()

    def state(self) -> State:
        """The weights, and Adam's means."""
        with self.replay.ordered():
            return self.vector.adam.state()

    def resume(self, state: State, steps: int) -> None:
        """Go on from a state."""
        with self.replay.ordered():
            self.vector.adam.resume(state, steps)

    def _step(self) -> None:
        rows, vector = self.rows, self.vector
        vector.scale()
        if rows.rounded:
            for weight, _ in vector.layers(vector.scaled)[1:]:
                weight.copy_(weight.half())
        self._over_shards(self._descend)
        torch.sum(rows.gradients, 0, out=vector.gradient)
        vector.update(2 / (rows.target.numel() * rows.error_unit))

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.as_tensor(array, dtype=self.dtype, device=self.device).contiguous()

    def _over_shards(self, work: Callable[[int], None]) -> None:
        shards = range(len(self.shards))
        for _ in self.workers.map(work, shards) if self.device.type == "cpu" else map(work, shards):
            pass

    def _descend(self, shard: int) -> None:
        self.rows.gradients[shard].zero_()
        for chunk in self.shards[shard]:
            self._passes().program(chunk, shard)()

    def _evaluate(self, shard: int) -> None:
        for chunk in self.shards[shard]:
            self._passes().program(chunk, None)()

    def _passes(self) -> Passes:
        if not hasattr(self.local, "passes"):
            self.local.passes = Passes(self.rows)
        return self.local.passes


def first_seen(field: Mlp, problem: Problem) -> np.ndarray:
    """What the first layer sees of each point, (n, f)."""
    return field.inputs(torch.from_numpy(problem.points), problem.labels).numpy()


def first_inputs(seen: np.ndarray, layer: Layer, experts: np.ndarray) -> np.ndarray:
    """What is seen of points, (n, f), in each point's expert's (n,) columns, and ones for its bias:
    (n, f * experts + biases)."""
    one_hot = np.eye(layer.experts)[experts]
    spread = (one_hot[:, :, None] * seen[:, None, :]).reshape(len(seen), -1)
    return np.concatenate([spread, one_hot if layer.biases > 1 else np.ones((len(seen), 1))], axis=1)
