"""The descent on a GPU in mixed precision: one kernel a layer, half-precision operands, float32 sums.

As in `engine`, the points are sorted once by their experts; here each cell, whose points share the experts of all
layers but the first, is filled up to whole blocks of rows, so that a block has one expert in each layer and a layer is
one kernel. What moves through memory is half as wide, and is written and read as rarely as the mathematics allows. What
is sensitive stays float32: coordinates and the first layer, biases, sums, the loss, the weights and Adam. Errors travel
backwards in units of 1/256. The last evaluation is the definition's.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from refield.fields.architecture import LEAK
from refield.fields.field import Weights
from refield.fields.mlp import Mlp
from refield.fitting.adam import State
from refield.fitting.evaluate import evaluate
from refield.fitting.graph import Replay
from refield.fitting.job import Job
from refield.fitting.mlp import kernels
from refield.fitting.mlp.blocks import Blocks, Segments
from refield.fitting.mlp.engine import CHUNK_BYTES, first_inputs, first_seen
from refield.fitting.mlp.kernels import BLOCK, OUTPUTS, WIDTH_STEP
from refield.fitting.mlp.passes import ERROR_UNIT
from refield.fitting.mlp.weight_vector import WeightVector

SEGMENTS = 128  # of blocks, whose gradients are summed apart: about as many as a large GPU has multiprocessors
WARPS = {"num_warps": 8, "num_stages": 3}


class FusedDescent:
    """Adam on all points at once, for an `Mlp` with a hidden layer and the squared error, in mixed precision."""

    def __init__(self, job: Job, start: Weights, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        field, problem, span = job.field, job.problem, job.train.span
        assert isinstance(field, Mlp)
        if job.train.precision != "mixed" or dtype != torch.float32 or not field.widths:
            raise ValueError("fused kernels are for float32 fields with a hidden layer, in mixed precision")
        self.job, self.span, self.device = job, span, device
        values = (problem.target + (span - 1)) / span
        n, self.channels = values.shape
        layers = field.layers(problem.points.shape[1], self.channels)
        experts = np.stack([field.experts(layer, problem.points, problem.labels) for layer in layers])
        blocks = Blocks.of(experts, BLOCK)
        number = len(blocks.rows) // BLOCK
        sizes = [-(-width // WIDTH_STEP) * WIDTH_STEP for width in field.widths]
        length = max(1, CHUNK_BYTES["cuda"] // (2 * max(sizes) * BLOCK))
        self.chunks = [(start, min(start + length, number)) for start in range(0, number, length)]
        rows = min(length, number) * BLOCK

        self.vector = WeightVector(start, layers, job.train.beta2, device, dtype)
        inputs = blocks.of_points(first_inputs(first_seen(field, problem), layers[0], experts[0]))
        self.columns = inputs.shape[1]
        self.inputs = self._floats(inputs)
        # For the first layer's gradient: its inputs, and what their rounding left, side by side.
        split = np.zeros((len(inputs), max(16, 1 << (2 * self.columns - 1).bit_length())))
        split[:, : self.columns] = inputs.astype(np.float16)
        split[:, self.columns : 2 * self.columns] = inputs - split[:, : self.columns]
        self.split = self._floats(split).half()
        self.target = self._floats(blocks.of_points(values))
        self.importance = self._floats(blocks.of_points(problem.relative_importance()))
        self.losses = self.target.new_zeros(number)
        self.numel = n * self.channels
        self.error = [self._halves(rows * max(sizes)) for _ in range(2)]
        self.output_error = self._halves(rows, OUTPUTS)

        views, gradients = (self.vector.layers(v) for v in (self.vector.scaled, self.vector.gradient))
        fan_in = [split.shape[1], *sizes]
        self.layers = []
        for i, layer in enumerate(layers):
            size = sizes[i] if layer.activation else OUTPUTS
            owners = blocks.experts[i] if i > 0 else np.zeros(number, dtype=np.int64)
            segments = Segments.of(owners, layer.experts, self.chunks, -(-number // SEGMENTS))
            slots = len(segments.slots)
            shared = np.array([0, slots])
            self.layers.append(
                _Layer(
                    experts=self._integers(owners),
                    biases=layer.biases,
                    fan_in=fan_in[i],
                    size=size,
                    weight=self._halves(layer.experts, fan_in[i], size),
                    bias=self.target.new_zeros(layer.biases, size),
                    active=self._halves(rows, size),
                    slope=self._halves(rows, size),
                    scaled=views[i],
                    gradient=gradients[i],
                    segments=segments,
                    indices=self._integers(np.stack([segments.starts, segments.stops, segments.slots])),
                    weight_bounds=self._integers(segments.bounds if i > 0 else shared),
                    bias_bounds=self._integers(segments.bounds if layer.biases > 1 else shared),
                    weight_sums=self.target.new_zeros(slots, fan_in[i], size),
                    bias_sums=self.target.new_zeros(slots, size),
                )
            )
        # The first layer's experts are its inputs' columns, and so are its biases: one float32 matrix.
        self.first = self.target.new_zeros(self.columns, sizes[0])
        self.first_sum = self.target.new_zeros(split.shape[1], layers[0].fan_out)
        self.activation = {"ACTIVATION": kernels.SINE if field.activations[0] == "sine" else kernels.LEAKY}
        self.activation["FAST"] = device.type == "cuda"
        self.leak = LEAK if field.activations[0] == "leaky_relu" else 0.0
        self.replay = Replay(self._step, device)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """One step of Adam."""
        with self.replay.ordered():
            self.vector.adam.set_rate(rate)
        self.replay()

    def loss(self) -> float:
        """The mean squared error that the last step started from."""
        with self.replay.ordered():
            return self.span**2 * (float(self.losses.sum()) / self.numel)

    def finish(self) -> tuple[np.ndarray, float]:
        """The intensities at the problem's points by the definition in float32, and their mean squared error."""
        problem = self.job.problem
        values = evaluate(self.job.field, self.weights(), problem.points, problem.labels, self.device)
        intensities = self.span * values - (self.span - 1)
        return intensities, problem.mean_squared_error(intensities)

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
        self.vector.scale()
        first = self.layers[0].gradient[0].shape[2]
        self.first[:, :first].copy_(self.vector.scaled[: self.columns * first].view(self.columns, first))
        for layer in self.layers[1:]:
            weight, bias = layer.scaled
            layer.weight[:, : weight.shape[1], : weight.shape[2]].copy_(weight)
            layer.bias[:, : bias.shape[1]].copy_(bias)
        for chunk in range(len(self.chunks)):
            self._forward(chunk)
            self._backward(chunk)
        for layer in self.layers[1:]:
            layer.reduce()
        self.layers[0].reduce_weights(self.first_sum[None])
        gradient = self.vector.gradient[: self.columns * first].view(self.columns, first)
        torch.add(self.first_sum[: self.columns], self.first_sum[self.columns : 2 * self.columns], out=gradient)
        self.vector.update(2 / (self.numel * ERROR_UNIT))

    def _forward(self, chunk: int) -> None:
        start, stop = self.chunks[chunk]
        layer = self.layers[0]
        kernels.first_layer[layer.size // layer.tile, stop - start](
            self.inputs[start * BLOCK :], self.first, layer.active, layer.slope, self.leak,
            COLUMNS=self.columns, N=layer.size, ROWS=BLOCK, TILE=layer.tile, **self.activation, num_warps=8,
        )  # fmt: skip
        for below, layer in zip(self.layers, self.layers[1:-1], strict=False):
            kernels.hidden_layer[layer.size // layer.tile, stop - start](
                below.active, layer.weight, layer.bias, layer.experts[start:], layer.active, layer.slope, self.leak,
                BIASES=layer.biases, K=layer.fan_in, N=layer.size, ROWS=BLOCK, TILE=layer.tile, STEP=WIDTH_STEP,
                **self.activation, **WARPS,
            )  # fmt: skip

    def _backward(self, chunk: int) -> None:
        start, stop = self.chunks[chunk]
        *hidden, last = self.layers
        error = self.error[0]
        kernels.output_layer[stop - start,](
            hidden[-1].active, last.weight, last.bias, last.experts[start:], self.target[start * BLOCK :],
            self.importance[start * BLOCK :], hidden[-1].slope, self.output_error, error, self.losses[start:],
            ERROR_UNIT, BIASES=last.biases, CHANNELS=self.channels, K=last.fan_in, ROWS=BLOCK, STEP=WIDTH_STEP,
            OUTPUTS=OUTPUTS, **WARPS,
        )  # fmt: skip
        last.add_gradient(chunk, hidden[-1].active, self.output_error)
        for i in range(len(hidden) - 1, 0, -1):
            layer, below, back = hidden[i], hidden[i - 1], self.error[(len(hidden) - i) % 2]
            kernels.hidden_layer_back[below.size // below.tile, stop - start](
                error, layer.weight, layer.experts[start:], below.slope, back,
                K=layer.fan_in, N=layer.size, ROWS=BLOCK, TILE=below.tile, STEP=WIDTH_STEP, **WARPS,
            )  # fmt: skip
            layer.add_gradient(chunk, below.active, error)
            error = back
        hidden[0].add_gradient(chunk, self.split[start * BLOCK :], error)

    def _floats(self, array: np.ndarray) -> Tensor:
        return torch.as_tensor(array, dtype=torch.float32, device=self.device).contiguous()

    def _integers(self, array: np.ndarray) -> Tensor:
        return torch.as_tensor(array, dtype=torch.int32, device=self.device).contiguous()

    def _halves(self, *shape: int) -> Tensor:
        return torch.zeros(shape, dtype=torch.float16, device=self.device)


@dataclass(frozen=True)
class _Layer:
    """One layer's buffers, padded: `fan_in` and `size` are the padded widths of its input and output."""

    experts: Tensor  # (blocks,)
    biases: int
    fan_in: int
    size: int
    weight: Tensor  # (experts, fan_in, size) half, scaled by omega
    bias: Tensor  # (biases, size) float32, scaled as well
    active: Tensor  # (rows of a chunk, size) half; the activation
    slope: Tensor  # and its derivative
    scaled: tuple[Tensor, Tensor]  # where weight and bias come from
    gradient: tuple[Tensor, Tensor]  # and where their gradients go
    segments: Segments
    indices: Tensor  # (3, segments): starts, stops and slots
    weight_bounds: Tensor
    bias_bounds: Tensor
    weight_sums: Tensor  # (slots, fan_in, size)
    bias_sums: Tensor  # (slots, size)

    @property
    def tile(self) -> int:
        """Columns that one program computes."""
        return next(tile for tile in (128, 64, 16) if self.size % tile == 0)

    def add_gradient(self, chunk: int, below: Tensor, error: Tensor) -> None:
        """Sum this chunk's segments: of inputs (rows, fan_in) and errors (rows, size) of the chunk."""
        of_chunk = self.segments.chunks[chunk]
        starts, stops, slots = self.indices[:, of_chunk]
        tile = min(128, self.fan_in) if self.fan_in % 128 == 0 or self.fan_in < 64 else 64
        kernels.weight_gradient[self.size // self.tile, self.fan_in // tile, of_chunk.stop - of_chunk.start](
            below, error, starts, stops, slots, self.weight_sums, self.bias_sums,
            K=self.fan_in, N=self.size, ROWS=BLOCK, TILE_K=tile, TILE_N=self.tile, STEP=64, **WARPS,
        )  # fmt: skip

    def reduce(self) -> None:
        """Add up the segments' sums to the gradients."""
        self.reduce_weights(self.gradient[0])
        _reduce(self.bias_sums[:, None], self.bias_bounds, self.gradient[1][:, None])

    def reduce_weights(self, out: Tensor) -> None:
        _reduce(self.weight_sums, self.weight_bounds, out)


def _reduce(sums: Tensor, bounds: Tensor, out: Tensor) -> None:
    """Sums (slots, K, N) over each group's slots to out (groups, fan_in, fan_out)."""
    (_, k, n), (groups, fan_in, fan_out) = sums.shape, out.shape
    tile = 1024
    kernels.reduce_segments[-(-k * n // tile), groups](sums, bounds, out, fan_in, fan_out, K=k, N=n, TILE=tile)
