"""Who takes the benchmarks' steps: full-batch Adam by refield and by others, from the same weights.

`python -m benchmarks.contestants BY SUBJECT HEIGHT WIDTH HIDDEN REGIONS IMAGES` says that it is ready, and answers each
line on stdin with what a step of all images takes on this CPU. In a process of its own, because torch's threads go on
spinning after a product and would take the next contestant's cores, and because an allocator is chosen for a process.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.plain import Arrays
from benchmarks.plain_fields import plain
from benchmarks.subjects import subject
from benchmarks.textbook import Textbook
from refield.fields.field import Field
from refield.fields.mlp import Mlp
from refield.fitting.fit import descend
from refield.fitting.job import Job
from refield.fitting.mlp import loops, passes
from refield.fitting.mlp.calls import Program
from refield.fitting.train import Train
from refield.tasks.problem import Problem

RATE = 1e-4
TURN = 0.4  # seconds, or four steps
# glibc then keeps what is freed, rather than to have the system clear new pages for each large tensor.
KEPT = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**34), "MALLOC_TOP_PAD_": str(2**28)}


@dataclass(frozen=True)
class Descending:
    """A fit under way."""

    step: Callable[[], object]
    loss: Callable[[], float]  # that the last step started from


Start = Callable[[Field, Problem, str], Descending]  # on a device


def weights_of(of: Field, problem: Problem) -> Arrays:
    """What refield begins with at seed 0, in single precision."""
    weights = of.initialise(problem.points.shape[1], problem.channels, np.random.default_rng(0))
    return {name: array.astype(np.float32) for name, array in weights.items()}


def by_module(module: nn.Module, problem: Problem, device: str, *, compiled: bool = False) -> Descending:
    module = module.to(device)
    points = torch.as_tensor(problem.points, dtype=torch.float32, device=device)
    target = torch.as_tensor(problem.target, dtype=torch.float32, device=device)
    adam = torch.optim.Adam(module.parameters(), lr=RATE)
    evaluate, last = torch.compile(module) if compiled else module, torch.zeros(())

    def step() -> None:
        nonlocal last
        adam.zero_grad()
        loss = nn.functional.mse_loss(evaluate(points), target)
        loss.backward()
        adam.step()
        last = loss.detach()

    return Descending(step, lambda: float(last))


def by_refield(of: Field, problem: Problem, device: str, precision: str = "float32") -> Descending:
    train = Train(iterations=1, learning_rate=RATE, precision=precision)
    descent = descend(Job(of, problem, train, seed=0), device).__enter__()
    return Descending(lambda: descent.step(RATE), descent.loss)


class Products(Program):
    """Of calls only the matrix products."""

    def add(self, name: str, *arguments: Tensor | float, out: Tensor) -> None:
        if name == "matmul":
            super().add(name, *arguments, out=out)

    def call(self, function: Callable[..., object], *arguments: object) -> None: ...

    def truncate(self, numbers: Tensor, out: Tensor) -> None: ...

    def take(self, table: Tensor, index: Tensor, out: Tensor) -> None: ...


def by_products(of: Mlp, problem: Problem, device: str) -> Descending:
    """Refield's step if all but its matrix products were free, in a process that then takes no other."""
    passes.Program = Products
    return by_refield(of, problem, device)


def by_passes(of: Field, problem: Problem, device: str) -> Descending:
    """Refield's step where there is no llvmlite, in a process that then takes no other."""
    loops.installed = lambda: False
    return by_refield(of, problem, device)


def by_siren_pytorch(of: Mlp, problem: Problem, device: str) -> Descending:
    from siren_pytorch import SirenNet

    settings = {"num_layers": len(of.gates), "w0": 30.0, "w0_initial": 30.0}
    network, weights = SirenNet(dim_in=2, dim_hidden=of.widths[0], dim_out=3, **settings), weights_of(of, problem)
    for i, layer in enumerate([*network.layers, network.last_layer]):
        layer.weight.data = torch.tensor(weights[f"layers.{i}.weight"][0].T.copy())
        layer.bias.data = torch.tensor(weights[f"layers.{i}.bias"][0])
    return by_module(network, problem, device)


def by_textbook(of: Mlp, problem: Problem, device: str, *, compiled: bool = False) -> Descending:
    return by_module(Textbook(of, problem, weights_of(of, problem), device), problem, device, compiled=compiled)


def by_compiled_textbook(of: Mlp, problem: Problem, device: str) -> Descending:
    return by_textbook(of, problem, device, compiled=True)


def by_plain(of: Field, problem: Problem, device: str, *, compiled: bool = False) -> Descending:
    return by_module(plain(of, weights_of(of, problem)), problem, device, compiled=compiled)


def by_compiled(of: Field, problem: Problem, device: str) -> Descending:
    return by_plain(of, problem, device, compiled=True)


@dataclass(frozen=True)
class Contestant:
    start: Start
    environment: Mapping[str, str] = field(default_factory=dict)  # of its process


CONTESTANTS = {
    "refield": Contestant(by_refield),
    "passes": Contestant(by_passes),
    "products": Contestant(by_products),
    "textbook": Contestant(by_textbook),
    "tuned textbook": Contestant(by_textbook, KEPT),
    "compiled textbook": Contestant(by_compiled_textbook, {"PYTHONWARNINGS": "ignore"}),  # torch's, of itself
    "siren-pytorch": Contestant(by_siren_pytorch),
    "plain": Contestant(by_plain),
    "tuned": Contestant(by_plain, KEPT),
    # The processors' time of several threads has in it how long they spin while they wait for each other.
    "single": Contestant(by_plain, {**KEPT, "OMP_NUM_THREADS": "1"}),
    "compiled": Contestant(by_compiled, {"PYTHONWARNINGS": "ignore"}),
}


def milliseconds(fits: Sequence[Descending]) -> tuple[float, float]:
    """Of a step of all: by the clock, and of the processors in all threads."""
    clock, processors = time.perf_counter(), time.process_time()
    for fit in fits:
        fit.step()
    return 1000 * (time.perf_counter() - clock), 1000 * (time.process_time() - processors)


def turn(fits: Sequence[Descending]) -> dict[str, float]:
    """The medians of a turn's steps but the first, as in a fit: warm."""
    steps, end = [], time.perf_counter() + TURN
    while len(steps) < 4 or time.perf_counter() < end:
        steps.append(milliseconds(fits))
    clock, processors = zip(*steps[len(steps) // 4 :], strict=True)
    return {"ms": statistics.median(clock), "cpu_ms": statistics.median(processors)}


def serve(fits: Sequence[Descending]) -> None:
    """Say that fits are ready, and answer each line on stdin with what a step of all takes."""
    first = None
    print("ready", flush=True)
    for _ in sys.stdin:
        first = milliseconds(fits)[0] / 1000 if first is None else first  # in which what compiles does so
        print(json.dumps(turn(fits) | {"first_s": first}), flush=True)


def main(by: str, name: str, *size: str) -> None:
    *shape, images = map(int, size)
    threads, fits = torch.get_num_threads(), []
    for _ in range(images):
        torch.set_num_threads(threads)  # a descent under way keeps torch to one; this one has its own all the same
        fits.append(CONTESTANTS[by].start(*subject(name, *shape), "cpu"))
    serve(fits)


if __name__ == "__main__":
    main(*sys.argv[1:])
