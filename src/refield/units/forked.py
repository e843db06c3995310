"""Small fits side by side on a CPU: one to a process, each of which computes with one thread.

What a small field computes in a step is too little to divide, and two threads take as long as one. The processes are
forks of this one, which start at once: what is imported, torch above all, they share. So only where forks are safe: on
Linux, as long as torch has no GPU to talk to.
"""

import multiprocessing
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.queues import SimpleQueue

import psutil
import torch

from refield import lifetime
from refield.units.unit import Unit

SMALL = 2**22  # activations of one layer: of larger ones there is enough to do for all threads at once
BYTES = 64  # at least, for each activation of one layer: with those of other layers, and their gradients
POLL_SECONDS = 0.1

Report = Callable[[int, int, float], None]  # which unit, iteration, loss
Make = Callable[[Unit, Callable[[int, float], None]], object]  # a unit and its progress, to what comes of it

_work: tuple[Sequence[Unit], Make, "SimpleQueue[tuple[int, int, float]]"]  # of a fork


def processes(units: Sequence[Unit], device: str) -> int:
    """How many processes serve: one, where units are better made one after another by all threads."""
    costs = [unit.field.cost(len(unit.signal.shape), unit.signal.channels) for unit in units]
    return at_once(max(unit.samples * cost.floats for unit, cost in zip(units, costs, strict=True)), len(units), device)


def at_once(floats: int, fits: int, device: str) -> int:
    """How many of some fits are made side by side, whose widest layers have so many activations."""
    if device != "cpu" or sys.platform != "linux" or floats > SMALL or torch.cuda.device_count():
        return 1
    room = psutil.virtual_memory().available // (2 * BYTES * max(floats, 1))
    return int(max(1, min(fits, torch.get_num_threads(), room)))


def make_forked(units: Sequence[Unit], number: int, make: Make, report: Report) -> Iterator[tuple[int, object]]:
    """What `make` makes of each unit, with its place among them, as each is done: by `number` processes.

    Units of a process that was killed are not among them; those of the others are.
    """
    context = multiprocessing.get_context("fork")
    said = context.SimpleQueue()
    pool = ProcessPoolExecutor(number, context, _begin, (units, make, said))
    try:
        with warnings.catch_warnings():  # Python warns of forks where there are threads; ours only wait
            warnings.simplefilter("ignore", DeprecationWarning)
            futures = {pool.submit(_make, place): place for place in range(len(units))}
        waiting: set[Future[object]] = set(futures)
        while waiting:
            done, waiting = wait(waiting, POLL_SECONDS, FIRST_COMPLETED)
            while not said.empty():
                report(*said.get())
            for future in done:
                yield futures[future], future.result()
    except BrokenProcessPool:
        return
    finally:
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(cancel_futures=True)


def _begin(*work: object) -> None:
    global _work
    lifetime.end_with_parent()
    torch.set_num_threads(1)
    _work = work  # type: ignore[assignment]


def _make(place: int) -> object:
    units, make, said = _work
    return make(units[place], lambda iteration, loss: said.put((place, iteration, loss)))
