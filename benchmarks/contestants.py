"""What the benchmarks time: one step of full-batch Adam by refield, by the textbook, and by siren-pytorch.

`python -m benchmarks.contestants BY METHOD HEIGHT WIDTH HIDDEN REGIONS IMAGES` answers each line on stdin with the
milliseconds of a step of all images on this CPU. In a process of its own, because torch's threads go on spinning after
a product and would take the next contestant's cores.
"""

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from refield.fields.mlp import Mlp
from refield.fitting.fit import descend
from refield.fitting.job import Job
from refield.fitting.train import Train
from refield.signals import Image
from refield.tasks.problem import Problem
from refield.tasks.represent import Represent

GATES = {
    "siren": ("dense",) * 4,
    "ftc": (128.0, 8.0, 4.0, 2.0),
    "qt": (2.0, 4.0, 8.0, 128.0),
    "ours": (128.0, 8.0, 4.0, "segment"),
}

TURN = 0.4  # seconds, or four steps

Step = Callable[[], object]


class Textbook(nn.Module):
    """A Levels-of-Experts network as one writes it down: per expert a mask, a gather, a product and a scatter."""

    def __init__(self, field: Mlp, problem: Problem, device: str) -> None:
        super().__init__()
        self.layers = field.layers(problem.points.shape[1], problem.channels)
        self.experts = nn.ModuleList(
            nn.ModuleList(nn.Linear(layer.fan_in, layer.fan_out) for _ in range(layer.experts)) for layer in self.layers
        )
        tiles = [
            torch.as_tensor(field.experts(layer, problem.points, problem.labels), device=device)
            for layer in self.layers
        ]
        self.masks = [[tile == e for e in range(layer.experts)] for tile, layer in zip(tiles, self.layers, strict=True)]

    def forward(self, h: Tensor) -> Tensor:
        for layer, experts, masks in zip(self.layers, self.experts, self.masks, strict=True):
            z = h.new_zeros(len(h), layer.fan_out)
            for expert, mask in zip(experts, masks, strict=True):
                z[mask] = expert(h[mask])
            h = torch.sin(layer.omega * z) if layer.activation else z
        return h


def module_step(module: nn.Module, problem: Problem, device: str) -> Step:
    module.to(device)
    points = torch.as_tensor(problem.points, dtype=torch.float32, device=device)
    target = torch.as_tensor(problem.target, dtype=torch.float32, device=device)
    adam = torch.optim.Adam(module.parameters(), lr=1e-4)

    def step() -> None:
        adam.zero_grad()
        nn.functional.mse_loss(module(points), target).backward()
        adam.step()

    return step


def refield_step(field: Mlp, problem: Problem, device: str, precision: str = "float32") -> Step:
    train = Train(iterations=1, learning_rate=1e-4, precision=precision)
    descent = descend(Job(field, problem, train, seed=0), device).__enter__()
    return lambda: descent.step(1e-4)


def siren_pytorch_step(field: Mlp, problem: Problem, device: str) -> Step:
    from siren_pytorch import SirenNet

    settings = {"num_layers": len(field.gates), "w0": 30.0, "w0_initial": 30.0}
    return module_step(SirenNet(dim_in=2, dim_hidden=field.widths[0], dim_out=3, **settings), problem, device)


def textbook_step(field: Mlp, problem: Problem, device: str) -> Step:
    return module_step(Textbook(field, problem, device), problem, device)


STEPS: dict[str, Callable[[Mlp, Problem, str], Step]] = {
    "refield": refield_step,
    "textbook": textbook_step,
    "siren-pytorch": siren_pytorch_step,
}


def noise(method: str, height: int, width: int, hidden: int, regions: int) -> tuple[Mlp, Problem]:
    """A method on an image of noise, its tiles as large in pixels as the paper's; regions in patches of 8x8."""
    rng = np.random.default_rng(0)
    image = Image(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
    labels = rng.integers(0, regions, (height // 8, width // 8)).repeat(8, axis=0).repeat(8, axis=1)
    gates = tuple(gate if isinstance(gate, str) else gate * width / 768 for gate in GATES[method])
    field = Mlp(gates=gates, width=hidden, regions=regions)
    return field, Represent().problem(image, labels.reshape(-1))


def main(by: str, method: str, *size: str) -> None:
    *shape, images = map(int, size)
    threads, steps = torch.get_num_threads(), []
    for _ in range(images):
        torch.set_num_threads(threads)  # a descent under way keeps torch to one; this one has its own all the same
        steps.append(STEPS[by](*noise(method, *shape), "cpu"))
    for _ in sys.stdin:
        durations, end = [], time.perf_counter() + TURN
        while len(durations) < 4 or time.perf_counter() < end:
            start = time.perf_counter()
            for step in steps:
                step()
            durations.append(1000 * (time.perf_counter() - start))
        print(statistics.median(durations[len(durations) // 4 :]), flush=True)  # as in a fit: warm


if __name__ == "__main__":
    main(*sys.argv[1:])
