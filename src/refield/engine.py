"""The fast descent: gated MLPs fitted without moving a pixel.

The gates never change during a fit. So the points are sorted once, by the experts of all layers but the first: each
expert of each layer then owns a few contiguous runs of rows, and a layer is a handful of matrix products on slices,
with no gather or scatter. The first layer has few inputs; its experts are columns of one small matrix, with each
point's coordinates standing in its own expert's columns. A step is a fixed list of calls, written down once, that work
in preallocated memory. The rows are cut into chunks that stay in cache, and the chunks into a fixed number of shards
whose gradients are added in order: threads may take the shards in any order without changing a bit. On a GPU the step
is one CUDA graph. `Gated.evaluate` is the definition of what is computed.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from refield.fields.gated import Gated, Layer
from refield.ordering import chunks, sorting
from refield.parameters import Parameters
from refield.passes import HALF_SCALE, Passes
from refield.replay import Replay
from refield.samples import Samples

SHARDS = 8  # partial gradients per step: fixed, so that sums do not depend on the number of threads
# Of one layer's activations in a chunk. A CPU's cache must hold about ten such buffers, a GPU of 12 GB as well.
CHUNK_BYTES = {"cpu": 384 * 1024, "cuda": 512 * 1024**2}


class Descent:
    """Adam on all points at once; `precision` is `Train.precision`."""

    def __init__(
        self,
        field: Gated,
        weights: Mapping[str, np.ndarray],
        samples: Samples,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
        precision: str = "float32",
    ) -> None:
        self.device, self.dtype, self.activation = device, dtype, field.activation
        n, self.channels = samples.values.shape
        self.layers = field.layers(self.channels)
        self.parameters = Parameters(field, self.channels, weights, device, dtype)
        experts = np.stack([field.experts(layer, samples.points, samples.labels) for layer in self.layers])
        self.order = sorting(experts)
        self.experts = experts[:, self.order]
        first = self.layers[0]
        inputs = first_inputs(field.coordinates(samples.points, samples.labels), first, experts[0])
        self.inputs = self._tensor(inputs[self.order])
        self.target = self._tensor(samples.values[self.order])
        self.weights = None if samples.weights is None else self._tensor(samples.relative_weights()[self.order, None])
        self.output = torch.empty_like(self.target)
        on_cpu = device.type == "cpu"
        # A GPU's matrix units round operands themselves, as TF32; a CPU does the same by way of half precision.
        self.tf32, self.rounded = (precision == "mixed" and not on_cpu), (precision == "mixed" and on_cpu)
        self.scale = HALF_SCALE if self.rounded else 1.0

        widest = max([*field.widths, self.channels])
        rows = max(64, CHUNK_BYTES[device.type] // (widest * self.target.element_size()))
        self.chunks = chunks(self.experts[1:], rows)
        self.losses = self.target.new_zeros(len(self.chunks))  # sums of squared errors
        shards = min(SHARDS, len(self.chunks))
        self.gradients = self.target.new_zeros(shards, len(self.parameters.vector))
        self.shards: list[list[int]] = [[] for _ in range(shards)]
        for i, (start, stop) in enumerate(self.chunks):
            self.shards[int((start + stop) / 2 * shards / n)].append(i)
        self.replay = Replay(self._step, device)
        self.local = threading.local()
        self.threads = torch.get_num_threads()
        self.pool = ThreadPoolExecutor(min(self.threads, shards), initializer=_begin_worker)

    def __enter__(self) -> Self:
        # The workers are the threads, one product each: how a library splits a product could change its bits, and
        # torch's own threads go on spinning after each small sum of ours, on the workers' cores.
        self.limits = threadpool_limits(1, user_api="blas")
        torch.set_num_threads(1)
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)
        torch.set_num_threads(self.threads)
        self.limits.restore_original_limits()

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """One step of Adam."""
        with self.replay.ordered():
            self.parameters.set_rate(rate)
        self.replay()

    def loss(self) -> float:
        """The mean squared error that the last step started from."""
        with self.replay.ordered():
            return float(self.losses.sum()) / self.target.numel()

    @torch.no_grad()
    def values(self) -> np.ndarray:
        """The field at the samples' points, (n, c), in their order."""
        values = np.empty(self.output.shape, dtype=np.float32 if self.dtype == torch.float32 else np.float64)
        with self.replay.ordered():
            self.parameters.scale()
            self._over_shards(self._evaluate)
            values[self.order] = self.output.cpu().numpy()
        return values

    def arrays(self) -> dict[str, np.ndarray]:
        """The weights by name, shaped as they came."""
        with self.replay.ordered():
            return self.parameters.arrays()

    def _step(self) -> None:
        self.parameters.scale()
        if self.rounded:
            for weight, _ in self.parameters.layers(self.parameters.scaled)[1:]:
                weight.copy_(weight.half())
        self._over_shards(self._descend)
        torch.sum(self.gradients, 0, out=self.parameters.gradient)
        self.parameters.update(2 / (self.target.numel() * self.scale))

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.as_tensor(array, dtype=self.dtype, device=self.device).contiguous()

    def _over_shards(self, work: Callable[[int], None]) -> None:
        shards = range(len(self.shards))
        for _ in self.pool.map(work, shards) if self.device.type == "cpu" else map(work, shards):
            pass

    def _descend(self, shard: int) -> None:
        self.gradients[shard].zero_()
        for chunk in self.shards[shard]:
            self._passes().program(chunk, shard)()

    def _evaluate(self, shard: int) -> None:
        for chunk in self.shards[shard]:
            self._passes().program(chunk, None)()

    def _passes(self) -> Passes:
        if not hasattr(self.local, "passes"):
            self.local.passes = Passes(self)
        return self.local.passes


def _begin_worker() -> None:
    torch.set_num_threads(1)
    np.seterr(all="ignore")  # of this thread; a fit that diverges says so by its loss


def first_inputs(coordinates: np.ndarray, layer: Layer, experts: np.ndarray) -> np.ndarray:
    """Coordinates (n, d) in each point's expert's (n,) columns, and ones for its bias: (n, d * experts + biases)."""
    one_hot = np.eye(layer.experts)[experts]
    spread = (one_hot[:, :, None] * coordinates[:, None, :]).reshape(len(coordinates), -1)
    return np.concatenate([spread, one_hot if layer.biases > 1 else np.ones((len(coordinates), 1))], axis=1)
