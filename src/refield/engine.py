"""The fast descent: gated MLPs fitted without moving a pixel.

The gates never change during a fit. So the points are sorted once, by the experts of all layers but the first: each
expert of each layer then owns a few contiguous runs of rows, and a layer is a handful of matrix products on slices,
with no gather or scatter. The first layer has two inputs only; its experts are columns of one small matrix, with each
point's coordinates standing in its own expert's columns. A step is a fixed list of calls, written down once, that work
in preallocated memory. The rows are cut into chunks that stay in cache, and the chunks into a fixed number of shards
whose gradients are added in order: threads may take the shards in any order without changing a bit. On a GPU the step
is one CUDA graph. `Gated.evaluate` is the definition of what is computed.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from refield.fields.gated import LEAK, Gated
from refield.ordering import chunks, runs, sorting
from refield.parameters import Parameters
from refield.replay import Replay
from refield.samples import Samples

SHARDS = 8  # partial gradients per step: fixed, so that sums do not depend on the number of threads
# Of one layer's activations in a chunk. A CPU's cache must hold about ten such buffers, a GPU of 12 GB as well.
CHUNK_BYTES = {"cpu": 384 * 1024, "cuda": 512 * 1024**2}
# Errors travel backwards as half precision in units of 1/256, far from its smallest numbers; its largest is 65504.
HALF_SCALE, HALF_MAX = 256.0, 65504.0


LIBRARY: dict[str, Any] = {"cpu": np, "cuda": torch}


class Program:
    """A list of calls on fixed tensors, written once and replayed every step: numpy's on a CPU, torch's on a GPU.

    There numpy's sine takes a third of the time of torch's, OpenBLAS multiplies at least as fast as torch's MKL, on AMD
    up to twice as fast, and no threads of torch's wait for work on the cores that ours need.
    """

    def __init__(self, device: torch.device) -> None:
        self.library = LIBRARY[device.type]
        self.calls: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []

    def add(self, name: str, *arguments: Tensor | float, out: Tensor) -> None:
        """A function that numpy and torch have in common."""
        seen = [self._see(argument) for argument in arguments]
        self.calls.append((getattr(self.library, name), tuple(seen), {"out": self._see(out)}))

    def call(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.calls.append((function, arguments, {}))

    def allow_tf32(self, allow: bool) -> None:
        self.call(setattr, torch.backends.cuda.matmul, "allow_tf32", allow)

    def add_activation(self, activation: str, z: Tensor, out: Tensor, *, with_slope: bool) -> None:
        """Write act(z) to `out`, and then the derivative there over z."""
        if activation == "sine":
            self.add("sin", z, out=out)
            if with_slope:
                self.add("cos", z, out=z)
            return
        leak = LEAK if activation == "leaky_relu" else 0.0
        self.add("multiply", z, leak, out=out)
        self.add("maximum", z, out, out=out)
        if with_slope:
            self.add("greater", z, 0.0, out=z)
            self.add("multiply", z, 1 - leak, out=z)
            self.add("add", z, leak, out=z)

    def __call__(self) -> None:
        for function, arguments, keywords in self.calls:
            function(*arguments, **keywords)

    def _see(self, argument: Tensor | float) -> Any:
        return argument.numpy() if self.library is np and isinstance(argument, Tensor) else argument


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
        inputs = first_inputs(samples.points, experts[0], first.experts, first.biases)
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
            self._worker().program(chunk, shard)()

    def _evaluate(self, shard: int) -> None:
        for chunk in self.shards[shard]:
            self._worker().program(chunk, None)()

    def _worker(self) -> "_Worker":
        if not hasattr(self.local, "worker"):
            self.local.worker = _Worker(self)
        return self.local.worker


def _begin_worker() -> None:
    torch.set_num_threads(1)
    np.seterr(all="ignore")  # of this thread; a fit that diverges says so by its loss


class _Worker:
    """One thread's buffers, and its programs on them."""

    def __init__(self, descent: Descent) -> None:
        self.descent = descent
        rows = max(stop - start for start, stop in descent.chunks)
        hidden = [layer.fan_out for layer in descent.layers[:-1]]
        widest = max([*hidden, descent.channels])
        new = descent.target.new_empty
        self.active = [new(rows, width) for width in hidden]  # each layer's activations
        self.slope = [new(rows, width) for width in hidden]  # pre-activations, then the activation's derivative there
        self.error = [new(rows * widest), new(rows * widest)]  # gradients of the loss by a layer's output, in turn
        self.half = new(rows * widest, dtype=torch.float16) if descent.rounded else None
        self.ones = new(1, rows).fill_(1.0)
        self.product = new(max([descent.inputs.shape[1], *hidden]) * widest)  # one expert's share of a gradient
        self.programs: dict[tuple[int, int | None], Program] = {}

    def program(self, chunk: int, shard: int | None) -> Program:
        """The calls that evaluate a chunk and, given a shard, add its gradient to that shard's."""
        if (chunk, shard) not in self.programs:
            self.programs[chunk, shard] = self._write(chunk, shard)
        return self.programs[chunk, shard]

    def _write(self, chunk: int, shard: int | None) -> Program:
        d = self.descent
        start, stop = d.chunks[chunk]
        n, program, last = stop - start, Program(d.device), len(d.layers) - 1
        x, output, target = d.inputs[start:stop], d.output[start:stop], d.target[start:stop]
        active, slope = [a[:n] for a in self.active], [s[:n] for s in self.slope]
        layer_runs = [runs(d.experts[i], start, stop) for i in range(len(d.layers))]
        weights = d.parameters.layers(d.parameters.scaled)
        first = d.layers[0].experts * 2 + d.layers[0].biases
        descends = shard is not None  # what is evaluated in the end is exact

        for i, layer in enumerate(d.layers):
            z = slope[i] if layer.activated else output
            if i == 0:
                program.add("matmul", x, d.parameters.scaled[: first * layer.fan_out].view(first, -1), out=z)
                if d.tf32 and descends:
                    program.allow_tf32(True)
            else:
                weight, bias = weights[i]
                for run in layer_runs[i]:
                    program.add("matmul", active[i - 1][run.rows], weight[run.expert], out=z[run.rows])
                    if layer.biases > 1:
                        program.add("add", z[run.rows], bias[run.expert], out=z[run.rows])
                if layer.biases == 1:
                    program.add("add", z, bias[0], out=z)
            if layer.activated:
                program.add_activation(d.activation, z, active[i], with_slope=descends)
                if descends:
                    self._add_rounding(program, active[i], slope[i])
        if shard is None:
            return program

        error = self.error[0][: n * d.channels].view(n, -1)
        program.add("subtract", output, target, out=error)
        weighted = error
        if d.weights is not None:
            weighted = output
            program.add("multiply", error, d.weights[start:stop], out=weighted)
        program.add("matmul", error.view(1, -1), weighted.view(-1, 1), out=d.losses[chunk].view(1, 1))
        if d.weights is not None or d.rounded:
            program.add("multiply", weighted, d.scale, out=error)
        self._add_rounding(program, error)
        gradients = d.parameters.layers(d.gradients[shard])
        for i in range(last, -1, -1):
            layer = d.layers[i]
            if layer.activated:
                program.add("multiply", error, slope[i], out=error)
                self._add_rounding(program, error)
            if i == 0:
                if d.tf32:
                    program.allow_tf32(False)
                into = d.gradients[shard, : first * layer.fan_out].view(first, -1)
                self._add_product(program, x.T, error, into)
                break
            below = self.error[(last - i + 1) % 2][: n * layer.fan_in].view(n, -1)
            for run in layer_runs[i]:
                part = error[run.rows]
                self._add_product(program, active[i - 1][run.rows].T, part, gradients[i][0][run.expert])
                program.add("matmul", part, weights[i][0][run.expert].T, out=below[run.rows])
                if layer.biases > 1:
                    into = gradients[i][1][run.expert : run.expert + 1]
                    self._add_product(program, self.ones[:, : len(part)], part, into)
            if layer.biases == 1:
                self._add_product(program, self.ones[:, :n], error, gradients[i][1])
            error = below
        return program

    def _add_product(self, program: Program, a: Tensor, b: Tensor, total: Tensor) -> None:
        """total += a @ b"""
        product = self.product[: total.numel()].view_as(total)
        program.add("matmul", a, b, out=product)
        program.add("add", total, product, out=total)

    def _add_rounding(self, program: Program, *tensors: Tensor) -> None:
        """Keep 11 significant bits, where a CPU does what a GPU's matrix units do."""
        for tensor in tensors if self.half is not None else ():
            assert self.half is not None
            half = self.half[: tensor.numel()].view_as(tensor)
            program.add("clip", tensor, -HALF_MAX, HALF_MAX, out=tensor)
            program.call(half.copy_, tensor)
            program.call(tensor.copy_, half)


def first_inputs(points: np.ndarray, expert: np.ndarray, experts: int, biases: int) -> np.ndarray:
    """Each point's coordinates in its expert's columns, and ones for its bias: (n, 2 * experts + biases)."""
    one_hot = np.eye(experts)[expert]
    coordinates = (one_hot[:, :, None] * points[:, None, :]).reshape(len(points), -1)
    return np.concatenate([coordinates, one_hot if biases > 1 else np.ones((len(points), 1))], axis=1)
