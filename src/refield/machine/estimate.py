"""How long fits take on this machine, measured on a strip of the real thing, and how long the products alone take."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from refield.config import Images
from refield.fields.field import Field
from refield.fitting.fit import descend
from refield.fitting.job import Job
from refield.fitting.mlp.engine import CHUNK_BYTES
from refield.fitting.train import Train
from refield.signals import Image
from refield.tasks.task import Task

STRIP_PIXELS = 24_576
KODAK = (512, 768)


def image_size(images: Images) -> tuple[int, int]:
    """Height and width of a profile's images; Kodak's for images that are taken as they come."""
    return images.short or KODAK[0], images.long or KODAK[1]


def seconds_per_step(
    field: Field, task: Task, train: Train, height: int, width: int, device: str, repeats: int = 2
) -> float:
    """The expected duration of one step on an RGB image, from the fastest of `repeats` on a strip as wide as it."""
    rows = min(height, max(8, STRIP_PIXELS // width)) if device == "cpu" else height
    rng = np.random.default_rng(0)
    image = Image(rng.integers(0, 256, (rows, width, 3), dtype=np.uint8))
    regions = field.model_dump()["regions"] if field.needs_labels else 0
    labels = rng.integers(0, regions, rows * width) if regions else None
    with descend(Job(field, task.problem(image, labels), train, seed=0), device) as descent:

        def step() -> None:
            descent.step(0.0)
            descent.loss()

        step()  # on a GPU the first step compiles and the second is captured
        points, timed = (min(train.batch or n, n) for n in (height * width, rows * width))
        return fastest(step, repeats) * points / timed


def floor_per_step(field: Field, height: int, width: int, rate: float) -> float:
    """Seconds that the matrix products of a step on an RGB image take at `rate` FLOP/s."""
    return field.cost(2, 3).flop * height * width / rate


def product_rate(width: int, device: str, precision: str = "float32", repeats: int = 10) -> float:
    """FLOP/s of matrix products of the shape that a layer of this width needs, on the whole device.

    Of float32; on a GPU of half precision for `mixed`.
    """
    if device == "cuda":
        rows, workers, times = 262_144, 1, 1
        dtype = torch.float16 if precision == "mixed" else torch.float32
        x, weight = (torch.randn(n, width, device=device).to(dtype) for n in (rows, width))
        out = torch.empty_like(x)

        def products() -> None:
            torch.mm(x, weight, out=out)
            torch.cuda.synchronize()

    else:
        rows, workers, times = max(64, CHUNK_BYTES["cpu"] // (4 * width)), torch.get_num_threads(), 20
        rng = np.random.default_rng(0)
        chunks = [rng.random((rows, width), dtype=np.float32) for _ in range(workers)]
        matrix = rng.random((width, width), dtype=np.float32)

        def multiply(chunk: np.ndarray) -> None:
            product = np.empty_like(chunk)
            for _ in range(times):
                np.matmul(chunk, matrix, out=product)

        def products() -> None:
            with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(workers) as pool:
                list(pool.map(multiply, chunks))

    return 2 * rows * width * width * workers * times / fastest(products, repeats)


def fastest(call: Callable[[], object], repeats: int) -> float:
    """The shortest of several durations of a call in seconds, after one that does not count."""
    call()
    durations = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        durations.append(time.perf_counter() - start)
    return min(durations)
