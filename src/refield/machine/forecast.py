"""How long fits take here: with the machine to itself and at its present load, what that rests on, how sure it is."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from refield.machine import kernels
from refield.machine.duration import bounds, duration
from refield.machine.estimate import load_what_steps_need
from refield.machine.timing import Budget, Span, slowdown
from refield.machine.work import Work, alone, time_kinds

NOTHING = Span(0.0, 0.0, 0.0)
BUSY = 1.3  # times as long as alone; less may be threads that wait for one another


@dataclass(frozen=True)
class Forecast:
    """Seconds of some fits; of small ones several at a time."""

    fits: int
    alone: Span  # with the machine to itself
    slowdown: Span  # times as long at present

    def __str__(self) -> str:
        """Such as "2.1 hours each, 31 days in all (27 to 36)"; of a busy machine both, when idle and now."""
        if self.slowdown.likely < BUSY:  # whatever disturbed one timing will not go on for hours
            return self._words(self.alone * Span(self.slowdown.low, self.slowdown.likely, self.slowdown.likely))
        now = self.alone * self.slowdown
        return f"{self._words(self.alone)} with the machine to itself, and {_about(now)} at its present load"

    def _words(self, span: Span) -> str:
        if self.fits == 1:
            return _about(span)
        return f"{duration(span.likely / self.fits)} each, {_about(span, ' in all')}"


@dataclass(frozen=True)
class Basis:
    """What forecasts rest on."""

    steps: int
    kinds: int
    seconds: float
    points: tuple[int, int]  # of a step, the fewest and the most
    threads: int
    slowdown: Span
    load: float  # how many processes would run, on average
    niceness: int
    kernels: str = ""  # what is said of them where they are not the machine's own

    def measured(self) -> str:
        """What was timed."""
        sizes = " to ".join(f"{number:,}" for number in dict.fromkeys(self.points))
        kinds = f"{self.kinds} kinds" if self.kinds > 1 else "one kind"
        return (
            f"{self.steps} steps of {kinds}, with {sizes} points, in {self.seconds:.1f} s on {_threads(self.threads)}"
        )

    def meanwhile(self) -> str:
        """How busy the machine was, and what that does to a forecast."""
        if self.slowdown.likely < BUSY:
            return f"{self._load()}; the timed steps had their cores to themselves"
        times = " to ".join(dict.fromkeys(f"{number:.1f}" for number in (self.slowdown.low, self.slowdown.high)))
        return (
            f"{self._load()}; the timed steps took {times} times as long as with the machine to itself, "
            "so all of this is less sure"
        )

    def _load(self) -> str:
        cores = os.cpu_count() or 1
        nice = f", at niceness {self.niceness}" if self.niceness else ""
        return f"load average {self.load:.1f} on {cores} core{'s' if cores > 1 else ''}{nice}"

    def __str__(self) -> str:
        """In short."""
        forced = f"; {kernels.FORCED} is set, and {self.kernels}" if self.kernels else ""
        return f"by {self.steps} steps timed in {self.seconds:.1f} s, {self._load()}{forced}"


def forecasts(
    works: Mapping[str, Sequence[Work]], seconds: float = 1.2, clock: float = 5.0
) -> tuple[dict[str, Forecast], Basis]:
    """How long each of several lots of work takes; its steps are timed for so many seconds, on a busy machine `clock`.

    These bound the time but for what one kind of step takes.
    """
    start, threads = time.perf_counter(), torch.get_num_threads()
    load_what_steps_need()
    loaded = time.perf_counter()
    timed = time_kinds(works.values(), Budget(seconds, threads, clock - (loaded - start)))
    timings = [timing for _, steps in timed.values() for timing in steps.timings.values()]
    slower = slowdown(timings)
    found = {
        name: Forecast(sum(work.fits for work in lot), sum((alone(work, timed) for work in lot), NOTHING), slower)
        for name, lot in works.items()
    }
    points = [points for _, steps in timed.values() for points in steps.timings]
    rounds, elapsed = sum(len(timing.rounds) for timing in timings), time.perf_counter() - loaded
    sizes, load = (min(points), max(points)), os.getloadavg()[0]
    return found, Basis(rounds, len(timed), elapsed, sizes, threads, slower, load, os.nice(0), kernels.others())


def _about(span: Span, what: str = "") -> str:
    return f"{duration(span.likely)}{what} ({bounds(span.low, span.likely, span.high)})"


def _threads(number: int) -> str:
    return f"{number} threads" if number > 1 else "one thread"
