"""The fast descent: gated MLPs fitted without moving a pixel.

The gates never change during a fit. So the points are sorted once, by the experts of all layers but the first: each
expert of each layer then owns a few contiguous runs of rows, and a layer is a handful of matrix products on slices,
with no gather or scatter. The first layer has two inputs only; its experts are columns of one small matrix, with each
point's coordinates standing in its own expert's columns. A step is a fixed list of calls, written down once, that work
in preallocated memory. The rows are cut into chunks that stay in cache, and the chunks into a fixed number of shards
whose gradients are added in order: threads may take the shards in any order without changing a bit. `Gated.evaluate` is
the definition of what is computed.
"""

import math
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from refield.fields.gated import LEAK, Gated
from refield.samples import Samples

SHARDS = 8  # partial gradients per step: fixed, so that sums do not depend on the number of threads
CHUNK_BYTES = 384 * 1024  # of one layer's activations; about ten such buffers must stay in cache


@dataclass(frozen=True)
class Run:
    """Consecutive rows that share a layer's expert."""

    rows: slice
    expert: int


def runs(experts: np.ndarray, start: int, stop: int) -> list[Run]:
    """The runs of equal experts among the rows start..stop; their slices count from `start`."""
    part = experts[start:stop]
    cuts = [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), len(part)]
    return [Run(slice(a, b), int(part[a])) for a, b in pairwise(cuts)]


def chunk_bounds(experts: np.ndarray, rows: int) -> list[tuple[int, int]]:
    """Cut sorted points, experts (layers, n), into chunks of at most `rows`, at changes of expert where possible."""
    n = experts.shape[1]
    cells = [0, *(np.flatnonzero((np.diff(experts, axis=1) != 0).any(axis=0)) + 1).tolist(), n]
    bounds, start = [], 0
    for a, b in pairwise(cells):
        if a > start and b - start > rows:
            bounds.append((start, a))
            start = a
        while b - start > rows:
            bounds.append((start, start + rows))
            start += rows
    return [*bounds, (start, n)] if start < n else bounds


class Program:
    """A list of torch calls on fixed tensors, written once and replayed every step."""

    def __init__(self) -> None:
        self.calls: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []

    def add(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> None:
        self.calls.append((function, arguments, keywords))

    def __call__(self) -> None:
        for function, arguments, keywords in self.calls:
            function(*arguments, **keywords)


class Descent:
    """Adam on all points at once: `step` returns the loss it started from, `values` and `weights` the state reached."""

    def __init__(
        self,
        field: Gated,
        weights: Mapping[str, np.ndarray],
        samples: Samples,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.device, self.dtype = device, dtype
        self.activation = field.activation
        n, self.channels = samples.values.shape
        self.layers = field.layers(self.channels)
        experts = [field.experts(layer, samples.points, samples.labels) for layer in self.layers]
        self.order = np.lexsort(experts[1:]) if len(experts) > 1 else np.arange(n)
        self.experts = np.stack(experts)[:, self.order]
        self.inputs = self._tensor(self._first_inputs(samples.points[self.order]))
        self.target = self._tensor(samples.values[self.order])
        self.output = torch.empty_like(self.target)

        # All weights stand in one vector, layer after layer, each layer's bias behind its weight.
        self.shapes = {name: array.shape for name, array in weights.items()}
        self.flat = self._tensor(np.concatenate([array.ravel() for array in weights.values()]))
        omegas = [field.omega if layer.activated else 1.0 for layer in self.layers for _ in ("weight", "bias")]
        sizes = [math.prod(shape) for shape in self.shapes.values()]
        self.omega = self._tensor(np.repeat(omegas, sizes))
        self.scaled = torch.empty_like(self.flat)  # omega * weights: what multiplies the rows
        self.flat.grad = torch.zeros_like(self.flat)
        self.adam = torch.optim.Adam([self.flat], betas=(0.9, 0.999), fused=True)

        on_cpu = device.type == "cpu"
        rows = max(64, CHUNK_BYTES // (field.width * self.flat.element_size())) if on_cpu else n
        self.chunks = chunk_bounds(self.experts[1:], rows)
        self.losses = self.flat.new_zeros(len(self.chunks))  # sums of squared errors
        shards = min(SHARDS, len(self.chunks))
        self.gradients = self.flat.new_zeros(shards, len(self.flat))
        self.shards: list[list[int]] = [[] for _ in range(shards)]
        for i, (start, stop) in enumerate(self.chunks):
            self.shards[int((start + stop) / 2 * shards / n)].append(i)
        self.local = threading.local()
        self.threads = torch.get_num_threads()
        workers = min(self.threads, shards) if on_cpu else 1
        # One torch thread per worker, also where there is one worker: how a product is split could change its bits.
        self.pool = ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,))

    def __enter__(self) -> Self:
        # Torch's own threads go on spinning after each small sum of ours, on the workers' cores.
        torch.set_num_threads(1)
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)
        torch.set_num_threads(self.threads)

    @torch.no_grad()
    def step(self, rate: float) -> Tensor:
        """One step of Adam; the mean squared error before it, as a tensor that need not be read."""
        torch.mul(self.flat, self.omega, out=self.scaled)
        self._over_shards(self._descend)
        assert self.flat.grad is not None
        torch.sum(self.gradients, 0, out=self.flat.grad)
        self.flat.grad.mul_(self.omega)
        self.adam.param_groups[0]["lr"] = rate
        self.adam.step()
        return self.losses.sum() / self.target.numel()

    @torch.no_grad()
    def values(self) -> np.ndarray:
        """The field at the samples' points, (n, c), in their order."""
        torch.mul(self.flat, self.omega, out=self.scaled)
        self._over_shards(self._evaluate)
        values = np.empty(self.output.shape, dtype=np.float32 if self.dtype == torch.float32 else np.float64)
        values[self.order] = self.output.cpu().numpy()
        return values

    def weights(self) -> dict[str, np.ndarray]:
        """The weights, shaped as they came."""
        return {name: view.cpu().numpy().copy() for name, view in self._views(self.flat).items()}

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.as_tensor(array, dtype=self.dtype, device=self.device).contiguous()

    def _views(self, flat: Tensor) -> dict[str, Tensor]:
        parts = torch.split(flat, [math.prod(shape) for shape in self.shapes.values()])
        return {name: part.view(shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}

    def _first_inputs(self, points: np.ndarray) -> np.ndarray:
        """Each point's coordinates in its first expert's columns, and ones for its bias: (n, 2 * experts + biases)."""
        layer, one_hot = self.layers[0], np.eye(self.layers[0].experts)[self.experts[0]]
        coordinates = (one_hot[:, :, None] * points[:, None, :]).reshape(len(points), -1)
        return np.concatenate([coordinates, one_hot if layer.biases > 1 else np.ones((len(points), 1))], axis=1)

    def _over_shards(self, work: Callable[[int], None]) -> None:
        for _ in self.pool.map(work, range(len(self.shards))):
            pass

    def _descend(self, shard: int) -> None:
        self.gradients[shard].zero_()
        for chunk in self.shards[shard]:
            self._worker().program(chunk, shard)()

    def _evaluate(self, shard: int) -> None:
        for chunk in self.shards[shard]:
            self._worker().program(chunk, None)()

    def _worker(self) -> "_Worker":
        if not hasattr(self.local, "worker"):
            self.local.worker = _Worker(self)
        return self.local.worker


class _Worker:
    """One thread's buffers, and its programs on them."""

    def __init__(self, descent: Descent) -> None:
        self.descent = descent
        rows = max(stop - start for start, stop in descent.chunks)
        hidden = [layer.fan_out for layer in descent.layers[:-1]]
        widest = max([*hidden, descent.channels])
        new = descent.flat.new_empty
        self.active = [new(rows, width) for width in hidden]  # each layer's activations
        self.slope = [new(rows, width) for width in hidden]  # pre-activations, then the activation's derivative there
        self.error = [new(rows * widest), new(rows * widest)]  # gradients of the loss by a layer's output, in turn
        self.ones = new(1, rows).fill_(1.0)
        self.programs: dict[tuple[int, int | None], Program] = {}

    def program(self, chunk: int, shard: int | None) -> Program:
        """The calls that evaluate a chunk and, given a shard, add its gradient to that shard's."""
        if (chunk, shard) not in self.programs:
            self.programs[chunk, shard] = self._write(chunk, shard)
        return self.programs[chunk, shard]

    def _write(self, chunk: int, shard: int | None) -> Program:
        d = self.descent
        start, stop = d.chunks[chunk]
        n, program, last = stop - start, Program(), len(d.layers) - 1
        x, output, target = d.inputs[start:stop], d.output[start:stop], d.target[start:stop]
        active, slope = [a[:n] for a in self.active], [s[:n] for s in self.slope]
        layer_runs = [runs(d.experts[i], start, stop) for i in range(len(d.layers))]
        weights = list(zip(*[iter(d._views(d.scaled).values())] * 2, strict=True))
        first = d.layers[0].experts * 2 + d.layers[0].biases

        for i, layer in enumerate(d.layers):
            z = slope[i] if layer.activated else output
            if i == 0:
                program.add(torch.mm, x, d.scaled[: first * layer.fan_out].view(first, -1), out=z)
            else:
                weight, bias = weights[i]
                for run in layer_runs[i]:
                    inputs = active[i - 1][run.rows]
                    program.add(
                        torch.addmm, bias[run.expert % layer.biases], inputs, weight[run.expert], out=z[run.rows]
                    )
            if layer.activated:
                _add_activation(program, d.activation, z, active[i], with_slope=shard is not None)
        if shard is None:
            return program

        error = self.error[0][: n * d.channels].view(n, -1)
        program.add(torch.sub, output, target, out=error)
        program.add(torch.dot, error.view(-1), error.view(-1), out=d.losses[chunk])
        program.add(error.mul_, 2 / d.target.numel())
        gradients = list(zip(*[iter(d._views(d.gradients[shard]).values())] * 2, strict=True))
        for i in range(last, -1, -1):
            layer = d.layers[i]
            if layer.activated:
                program.add(error.mul_, slope[i])
            if i == 0:
                program.add(d.gradients[shard, : first * layer.fan_out].view(first, -1).addmm_, x.T, error)
                break
            below = self.error[(last - i + 1) % 2][: n * layer.fan_in].view(n, -1)
            for run in layer_runs[i]:
                part = error[run.rows]
                program.add(gradients[i][0][run.expert].addmm_, active[i - 1][run.rows].T, part)
                program.add(torch.mm, part, weights[i][0][run.expert].T, out=below[run.rows])
                if layer.biases > 1:
                    program.add(gradients[i][1][run.expert : run.expert + 1].addmm_, self.ones[:, : len(part)], part)
            if layer.biases == 1:
                program.add(gradients[i][1].addmm_, self.ones[:, :n], error)
            error = below
        return program


def _add_activation(program: Program, activation: str, z: Tensor, out: Tensor, *, with_slope: bool) -> None:
    """Write act(z) to `out`, and then the derivative there over z."""
    if activation == "sine":
        # On a CPU numpy's sine takes a third of the time of torch's, and is as exact: 1e-7 in float32.
        library, view = (np, Tensor.numpy) if z.device.type == "cpu" else (torch, Tensor.detach)
        program.add(library.sin, view(z), out=view(out))
        if with_slope:
            program.add(library.cos, view(z), out=view(z))
        return
    leak = LEAK if activation == "leaky_relu" else 0.0
    program.add(torch.mul, z, leak, out=out)
    program.add(torch.maximum, z, out, out=out)
    if with_slope:
        program.add(torch.gt, z, 0, out=z)
        program.add(z.mul_, 1 - leak)
        program.add(z.add_, leak)
