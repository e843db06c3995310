"""How long a step takes on this machine, measured on some of its points, and how long the products alone take."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from refield.errors import UserError
from refield.fields.field import Field
from refield.fitting.fit import descend
from refield.fitting.job import Job
from refield.fitting.mlp.engine import CHUNK_BYTES, SHARDS
from refield.fitting.train import Train
from refield.machine.timing import Budget, Timing, repeat
from refield.originals import Images, Originals
from refield.signals import Image
from refield.tasks.problem import Problem
from refield.tasks.task import Task

KODAK = (512, 768)
UNTIMED = "only steps of images are timed beforehand"
LARGER = 3  # the larger size that steps are timed at, over the smaller one
LEAST_SIDE = 8  # of an image that steps are timed on, in pixels
PRODUCTS = 0.2  # seconds to time products for
PER_STEP = 0.5  # at most of the larger size's time that does not grow with the points


def image_size(images: Originals) -> tuple[int, int]:
    """Height and width of a profile's images, Kodak's for images as they come; `UserError` if it has other signals."""
    if not isinstance(images, Images):
        raise UserError(UNTIMED)
    return images.short or KODAK[0], images.long or KODAK[1]


@dataclass(frozen=True)
class Steps:
    """A step, timed with some numbers of points, the largest first: more take time in proportion, but for a part.

    The part that does not grow is Adam's, and what each expert's first rows cost. All points but the first few chunks
    find the caches as they left them: chunks are of one size.
    """

    timings: dict[int, Timing]

    def seconds(self, points: int) -> float:
        """A step's duration with so many points, where nothing else runs."""
        (n, timing), *smaller = self.timings.items()
        each = timing.alone / n
        for m, other in smaller:
            if other.settled:
                each = min(max((timing.alone - other.alone) / (n - m), (1 - PER_STEP) * each), each)
        return timing.alone + each * (points - n)

    @property
    def largest(self) -> Timing:
        """Of the most points, which decides."""
        return next(iter(self.timings.values()))


def points_of_step(train: Train, height: int, width: int) -> int:
    """How many points a step of a fit to an image has."""
    return min(train.batch or height * width, height * width)


def timed_sizes(field: Field, points: int, device: str) -> tuple[int, ...]:
    """The numbers of points to time steps of so many at: all of them, on a GPU or where they are few."""
    smaller = SHARDS * max(64, CHUNK_BYTES["cpu"] // (4 * field.cost(2, 3).floats))  # a chunk for each shard
    return (points,) if device == "cuda" or points <= LARGER * smaller else (smaller, LARGER * smaller)


def time_steps(field: Field, task: Task, train: Train, height: int, width: int, device: str, budget: Budget) -> Steps:
    """Time real steps on parts of an RGB image, one round at least."""
    timings = dict[int, Timing]()
    sizes = timed_sizes(field, points_of_step(train, height, width), device)
    for size in reversed(sizes):
        if budget or not timings:
            points, timing = _time(field, task, train, height, width, device, size, budget)
            timings[points] = timing
    return Steps(timings)


def _time(
    field: Field, task: Task, train: Train, height: int, width: int, device: str, points: int, budget: Budget
) -> tuple[int, Timing]:
    """Steps of about so many points, on an image of them all or, where steps have batches, of twice as many."""
    batches = bool(train.batch and train.batch < height * width)
    train = train.model_copy(update={"batch": points}) if batches else train
    rows, columns = shrunk(height, width, 2 * points if batches else points)
    try:
        problem = _of_noise(task, field, rows, columns)
    except UserError:  # it takes some sizes only: then some points of a whole image
        whole = _of_noise(task, field, height, width)
        count = 2 * points if batches else round(rows * columns / (height * width) * len(whole.points))
        problem = _part(whole, count)
    threads = None if device == "cuda" else torch.get_num_threads()
    with descend(Job(field, problem, train, seed=0), device) as descent:

        def step() -> None:
            descent.step(0.0)
            descent.loss()

        if device == "cuda":
            step()  # compiles; the next, which does not count either, is captured
        timing = repeat(step, threads, budget, SHARDS)
    return points if batches else rows * columns, timing


def _of_noise(task: Task, field: Field, height: int, width: int) -> Problem:
    """A task's problem of an RGB image, and of a map for a field that follows one."""
    rng = np.random.default_rng(0)
    image = Image(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
    regions = field.model_dump()["regions"] if field.needs_labels else 0
    return task.problem(image, rng.integers(0, regions, height * width) if regions else None)


def _part(problem: Problem, count: int) -> Problem:
    """So many of a problem's points, or all, evenly spread and of equal importance."""
    which = np.unique(np.linspace(0, len(problem.points) - 1, max(1, count)).astype(int))
    names = [name for name in ("points", "target", "labels") if getattr(problem, name) is not None]
    importance = None if problem.importance is None else np.ones(len(which))
    return replace(problem, **{name: getattr(problem, name)[which] for name in names}, importance=importance)


def load_what_steps_need() -> None:
    """What torch imports when a process makes its first optimiser: a second of a processor's."""
    weight = torch.zeros(1, requires_grad=True)
    weight.grad = torch.zeros(1)
    torch.optim.Adam([weight], fused=True).step()


def shrunk(height: int, width: int, points: int) -> tuple[int, int]:
    """Height and width of an image with about so many points and the same aspect, but at most all of them."""
    if points >= height * width:
        return height, width
    least, most = max(min(height, LEAST_SIDE), math.ceil(points / width)), points // LEAST_SIDE
    rows = max(least, min(most, round(math.sqrt(points * height / width))))
    return rows, min(width, max(LEAST_SIDE, round(points / rows)))


def seconds_per_step(
    field: Field, task: Task, train: Train, height: int, width: int, device: str, seconds: float = 1.0
) -> float:
    """The duration of a step on an RGB image where nothing else runs, from some that are timed for about `seconds`."""
    load_what_steps_need()
    budget = Budget(seconds, torch.get_num_threads(), 2 * seconds)
    steps = time_steps(field, task, train, height, width, device, budget)
    return steps.seconds(points_of_step(train, height, width))


def floor_per_step(field: Field, height: int, width: int, rate: float) -> float:
    """Seconds that the matrix products of a step on an RGB image take at `rate` FLOP/s."""
    return field.cost(2, 3).flop * height * width / rate


def product_rate(width: int, device: str, precision: str = "float32") -> float:
    """FLOP/s of matrix products of the shape that a layer of this width needs, on the whole device where nothing else
    runs.

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

    timing = repeat(products, None if device == "cuda" else workers, Budget(PRODUCTS), workers)
    return 2 * rows * width * width * workers * times / timing.alone
