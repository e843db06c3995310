"""Grids of latents beside plain PyTorch, on a CPU: `python -m benchmarks.latents`, about two minutes.

A step of full-batch Adam at 768x512: by refield's descent; by the same field as one writes it in PyTorch, channels
first, as `interpolate` and convolutions of one pixel (plain); and by PyTorch with all that helps it: matrix products
over chunks of pixels that stay in cache, and an allocator that keeps what is freed (chunked). Each has a process and
one thread of its own, and they take turns; ratios are taken within a turn. Times are the processors', which other work
on this machine lengthens, but for all alike. Prints a table.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from typing import Annotated

import pandas as pd
import torch
import typer
from torch import Tensor, nn

from benchmarks.contestants import KEPT, RATE, Descending, by_refield, weights_of
from benchmarks.race import listen, on_this_machine
from benchmarks.subjects import noise
from refield.fields.latents import Latents
from refield.tasks.problem import Problem

ACTIVATIONS = {"gelu": nn.GELU(approximate="tanh"), "sine": torch.sin}
CONTESTANTS = {"refield": {}, "plain": {}, "chunked": KEPT}  # by name, the environment of its process
TURNS, STEPS = 5, 3
CHUNK = 16_384  # pixels


class Plain(nn.Module):
    """Grids as images, and a network as convolutions."""

    def __init__(self, field: Latents, problem: Problem, shape: tuple[int, int]) -> None:
        super().__init__()
        weights = {name: torch.tensor(array) for name, array in weights_of(field, problem).items()}
        self.shape, self.gains, self.activation = shape, field.gains, ACTIVATIONS[field.activation]
        self.grids = nn.ParameterList(weights[f"latents.{level}"][None] for level in range(field.levels))
        self.layers = nn.ModuleList()
        for i in range(field.hidden_layers + 2):
            weight = weights[f"layers.{i}.weight"]
            layer = nn.utils.skip_init(nn.Conv2d, *weight.shape, 1)
            layer.weight = nn.Parameter(weight.T[:, :, None, None].contiguous())
            layer.bias = nn.Parameter(weights[f"layers.{i}.bias"])
            self.layers.append(layer)

    def features(self) -> Tensor:
        """(1, f, height, width)"""
        spread = [
            nn.functional.interpolate(each, self.shape, mode="bilinear", align_corners=True) for each in self.grids
        ]
        return torch.cat([gain * each for gain, each in zip(self.gains, spread, strict=True)], dim=1)

    def forward(self) -> Tensor:
        """The values (c, n) at all pixels."""
        h = self.features()
        for layer in self.layers:
            h = layer(h if layer is self.layers[0] else self.activation(h))
        return h[0].flatten(start_dim=1)

    def of_features(self, h: Tensor) -> Tensor:
        """The values (c, n) of features (f, n)."""
        for layer in self.layers:
            h = h if layer is self.layers[0] else self.activation(h)
            weight, bias = layer.parameters()
            h = torch.addmm(bias[:, None], weight[:, :, 0, 0], h)
        return h


def by_torch(field: Latents, problem: Problem, shape: tuple[int, int], chunk: int | None) -> Descending:
    """All pixels at once, or so many at a time."""
    module = Plain(field, problem, shape)
    target = torch.tensor(problem.target.T, dtype=torch.float32).contiguous()
    adam, last = torch.optim.Adam(module.parameters(), RATE), 0.0

    def whole() -> None:
        nonlocal last
        loss = nn.functional.mse_loss(module(), target)
        loss.backward()
        last = float(loss.detach())

    def in_chunks() -> None:
        nonlocal last
        features, last = module.features()[0].flatten(start_dim=1), 0.0
        slopes = torch.empty_like(features)
        parts = (each.split(chunk, dim=1) for each in (features.detach(), target, slopes))
        for seen, wanted, slope in zip(*parts, strict=True):
            seen.requires_grad_()
            loss = (module.of_features(seen) - wanted).square().sum() / target.numel()
            loss.backward()
            slope.copy_(seen.grad)
            last += float(loss.detach())
        features.backward(slopes)

    def step() -> None:
        adam.zero_grad()
        in_chunks() if chunk else whole()
        adam.step()

    return Descending(step, lambda: last)


def start(by: str, activation: str, height: int, width: int) -> Descending:
    problem, shape = noise(height, width, 2), (height, width)
    field = Latents(finest=shape, levels=7 if height >= 128 else 3, width=24, activation=activation)
    if by == "refield":
        return by_refield(field, problem, "cpu")
    return by_torch(field, problem, shape, CHUNK if by == "chunked" else None)


def serve(by: str, activation: str, height: int, width: int) -> None:
    """Answer each line on stdin with what a step takes: the median of some, in milliseconds of all threads."""
    torch.set_num_threads(1)
    fit = start(by, activation, height, width)
    for _ in sys.stdin:
        times = []
        for _ in range(STEPS):
            begin = time.process_time()
            fit.step()
            times.append(1000 * (time.process_time() - begin))
        print(json.dumps(statistics.median(times)), flush=True)


def race(activation: str, height: int, width: int) -> pd.DataFrame:
    """A row for each turn but the first, a column for each contestant."""
    running = {}
    for by, environment in CONTESTANTS.items():
        call = f"from benchmarks.latents import serve; serve({by!r}, {activation!r}, {height}, {width})"
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
        running[by] = subprocess.Popen(
            [sys.executable, "-c", call], env={**os.environ, **environment, "OMP_NUM_THREADS": "1"}, **pipes
        )
    turns = []
    for _ in range(TURNS + 1):
        turns.append({})
        for by, process in running.items():
            process.stdin.write("\n")
            turns[-1][by] = json.loads(listen(process))
    for process in running.values():
        process.communicate()
    return pd.DataFrame(turns[1:])


def main(
    height: Annotated[int, typer.Option()] = 512,
    width: Annotated[int, typer.Option()] = 768,
) -> None:
    rows = []
    for activation in ACTIVATIONS:
        turns = race(activation, height, width)
        for by in turns:
            ratio = turns[by] / turns["refield"]
            row = {
                "activation": activation,
                "by": by,
                "median_cpu_ms": turns[by].median(),
                "min_cpu_ms": turns[by].min(),
            }
            rows.append(row | {"times_refield": ratio.median(), "times_min": ratio.min(), "times_max": ratio.max()})
    print(on_this_machine(pd.DataFrame(rows)).round(2).to_string(index=False))


if __name__ == "__main__":
    typer.run(main)
