"""The fast descent's work on a chunk of rows: a pass forward and a pass back, as programs on one thread's buffers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from refield.fields.activations import ACTIVATIONS
from refield.fields.activations.activation import Work
from refield.fields.layer import Layer
from refield.fitting.mlp import loops
from refield.fitting.mlp.calls import Program
from refield.fitting.mlp.ordering import runs
from refield.fitting.mlp.weight_vector import WeightVector

BLOCK = 2**15  # numbers of a layer that calls with scratch go over at a time
# Errors travel backwards as half precision in units of 1/256, far from its smallest numbers; its largest is 65504.
ERROR_UNIT, HALF_MAX = 256.0, 65504.0


@dataclass(frozen=True)
class Rows:
    """What all threads share: the points, in the order that sorts them by their experts, and the weights."""

    layers: Sequence[Layer]
    experts: np.ndarray  # (layers, n)
    chunks: Sequence[tuple[int, int]]  # ranges of rows
    inputs: Tensor  # (n, columns): what the first layer's matrix multiplies
    target: Tensor  # (n, c)
    importance: Tensor | None  # (n, 1), of mean 1
    output: Tensor  # (n, c)
    losses: Tensor  # (chunks,): sums of squared errors
    weights: WeightVector
    gradients: Tensor  # (shards, weights)
    rounded: bool  # operands keep 11 significant bits, where a CPU does what a GPU's matrix units do
    tf32: bool

    @property
    def error_unit(self) -> float:
        """What errors are multiplied by on their way back."""
        return ERROR_UNIT if self.rounded else 1.0


class Passes:
    """One thread's buffers, and its programs on them."""

    def __init__(self, rows: Rows) -> None:
        self.shared = rows
        longest = max(stop - start for start, stop in rows.chunks)
        hidden, new = rows.layers[:-1], rows.target.new_empty
        outputs = [layer.outputs for layer in hidden]
        widest = max([*outputs, rows.target.shape[1]])
        self.active = [new(longest, size) for size in outputs]  # each layer's activations
        self.slope = [new(longest, size) for size in outputs]  # pre-activations, then the activation's derivative there
        activations = [ACTIVATIONS[str(layer.activation)] for layer in hidden]
        self.by_beta = [
            new(longest, size) if "beta" in activation.trained else None
            for activation, size in zip(activations, outputs, strict=True)
        ]
        # What calls with scratch go over at a time stays in a core's own cache; a GPU takes all at once.
        self.block = max(widest, BLOCK) if rows.target.is_cpu else longest * widest
        scratch = max([activation.scratch for activation in activations], default=0)
        self.scratch = [new(self.block) for _ in range(scratch)]
        self.index = new(self.block, dtype=torch.int64) if any(each.indexed for each in activations) else None
        # Gradients of the loss by a layer's output, in turn.
        self.error = [new(longest * widest), new(longest * widest)]
        self.half = new(longest * widest, dtype=torch.float16) if rows.rounded else None
        self.ones = new(1, longest).fill_(1.0)
        self.product = new(max([rows.inputs.shape[1], *outputs]) * widest)  # one expert's share of a gradient
        self.programs: dict[tuple[int, int | None], Program] = {}

    def program(self, chunk: int, shard: int | None) -> Program:
        """The calls that evaluate a chunk and, given a shard, add its gradient to that shard's."""
        if (chunk, shard) not in self.programs:
            self.programs[chunk, shard] = self._write(chunk, shard)
        return self.programs[chunk, shard]

    def _write(self, chunk: int, shard: int | None) -> Program:
        d = self.shared
        start, stop = d.chunks[chunk]
        n, program, last = stop - start, Program(d.target.device), len(d.layers) - 1
        x, output, target = d.inputs[start:stop], d.output[start:stop], d.target[start:stop]
        active, slope = [a[:n] for a in self.active], [s[:n] for s in self.slope]
        layer_runs = [runs(d.experts[i], start, stop) for i in range(len(d.layers))]
        weights = d.weights.layers(d.weights.scaled)
        first = d.inputs.shape[1]
        descends = shard is not None  # what is evaluated in the end is exact

        for i, layer in enumerate(d.layers):
            z = output if layer.activation is None else slope[i][:, : layer.fan_out]
            if i == 0:
                program.add("matmul", x, d.weights.scaled[: first * layer.fan_out].view(first, -1), out=z)
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
            if layer.activation is not None:
                self._add_activation(program, i, n, slopes=descends)
                if descends:
                    self._add_rounding(program, active[i], slope[i])
        if shard is None:
            return program

        error = self.error[0][: n * d.target.shape[1]].view(n, -1)
        program.add("subtract", output, target, out=error)
        weighted = error
        if d.importance is not None:
            weighted = output
            program.add("multiply", error, d.importance[start:stop], out=weighted)
        program.add("matmul", error.view(1, -1), weighted.view(-1, 1), out=d.losses[chunk].view(1, 1))
        if d.importance is not None or d.rounded:
            program.add("multiply", weighted, d.error_unit, out=error)
        self._add_rounding(program, error)
        gradients = d.weights.layers(d.gradients[shard])
        for i in range(last, -1, -1):
            layer = d.layers[i]
            if layer.activation is not None:
                by_beta = self.by_beta[i]
                if by_beta is not None and d.weights.beta(i) is not None:
                    into = d.weights.place_of_beta(d.gradients[shard], i)
                    self._add_product(program, error.view(1, -1), by_beta[:n].view(-1, 1), into.view(1, 1))
                program.add("multiply", error, slope[i], out=error)
                if layer.outputs > layer.fan_out:
                    left, right = error.split(layer.fan_out, dim=1)
                    error = slope[i].view(-1)[: n * layer.fan_out].view(n, -1)
                    program.add("add", left, right, out=error)
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

    def _add_activation(self, program: Program, i: int, n: int, *, slopes: bool) -> None:
        """f(u; beta) of a layer's first n rows and, if `slopes`, its derivatives by u and beta."""
        layer, weights = self.shared.layers[i], self.shared.weights
        activation = ACTIVATIONS[str(layer.activation)]
        beta: Tensor | float = layer.beta
        if "beta" in activation.trained:
            trained = weights.beta(i)
            beta = self.shared.target.new_tensor(beta) if trained is None else trained
        step = self.block // layer.fan_out if activation.scratch else n
        for rows in (slice(first, min(first + step, n)) for first in range(0, n, step)):
            slope, by_beta = self.slope[i][rows], self.by_beta[i]
            u = slope[:, : layer.fan_out]
            work = Work(
                scratch=[block[: u.numel()].view(u.shape) for block in self.scratch[: activation.scratch]],
                slope=slope if slopes else None,
                beta=beta,
                by_beta=None if by_beta is None or not slopes else by_beta[rows],
                index=self.index[: u.numel()].view(u.shape) if activation.indexed and self.index is not None else None,
            )
            loops.write(program, activation, u, self.active[i][rows], work)

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
