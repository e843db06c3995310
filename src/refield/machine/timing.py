"""Durations: how long work takes where nothing else runs, how much longer it takes at present, how sure that is.

A clock tells how busy a machine is as much as how fast it is. The seconds that a thread has a processor for do not
grow with what else runs there, but for the caches that it shares.
"""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SAME = 0.02  # by what share durations may differ that count as the same
UNSETTLED = 2.0  # by what share the first repetitions may be too slow


@dataclass(frozen=True)
class Span:
    """A number as far as it is known: from `low` to `high`, most likely `likely`."""

    low: float
    likely: float
    high: float

    def __add__(self, other: "Span") -> "Span":
        return Span(self.low + other.low, self.likely + other.likely, self.high + other.high)

    def __mul__(self, other: "Span") -> "Span":
        return Span(self.low * other.low, self.likely * other.likely, self.high * other.high)


@dataclass(frozen=True)
class Round:
    """One of several repetitions, in seconds."""

    clock: float
    alone: float  # what the clock would say if nothing else ran


@dataclass(frozen=True)
class Timing:
    """Repetitions of the same work."""

    rounds: tuple[Round, ...]

    @property
    def alone(self) -> float:
        """The least disturbed repetition's seconds where nothing else runs: what disturbs only ever adds."""
        return min(each.alone for each in self.rounds)

    @property
    def settled(self) -> bool:
        """Whether the last two repetitions were no faster than one before them."""
        times = [each.alone for each in self.rounds]
        return len(times) > 2 and min(times[-2:]) > (1 - SAME) * min(times[:-2])

    @property
    def spread(self) -> float:
        """By what share the repetitions are above the least disturbed one, in the median."""
        if not self.settled:
            return UNSETTLED
        return statistics.median(each.alone for each in self.rounds) / self.alone - 1

    @property
    def slowdown(self) -> float:
        """How many times as long as alone the repetitions took."""
        return sum(each.clock for each in self.rounds) / sum(each.alone for each in self.rounds)


class Budget:
    """Seconds to measure for: of a processor for each of `threads`, and by the clock."""

    def __init__(self, seconds: float, threads: int = 1, clock: float = math.inf) -> None:
        self.threads = threads
        self.busy_until, self.until = time.process_time() + seconds * threads, time.perf_counter() + clock

    def at_least(self, seconds: float) -> "Budget":
        """What is left of it, but so many seconds."""
        busy, clock = self.busy_until - time.process_time(), self.until - time.perf_counter()
        return Budget(max(busy / self.threads, seconds), self.threads, max(clock, seconds))

    def __bool__(self) -> bool:
        """Whether any is left."""
        return time.process_time() < self.busy_until and time.perf_counter() < self.until


def alone(waiting: float, working: float, threads: int, parts: int) -> float:
    """Seconds that parallel work takes on `threads` free cores, from the processor's seconds that it took.

    `waiting`: of the thread that gives the work out, and does what is not parallel; `working`: of all others, which
    take `parts` equal parts.
    """
    return waiting + working / parts * math.ceil(parts / threads)


def repeat(work: Callable[[], object], threads: int | None, budget: Budget, parts: int) -> Timing:
    """Repeat work of equal `parts` until it gets no faster, once at least, while the budget lasts.

    `threads`: that take the parts; None where a GPU does it.

    Steps get faster: each thread writes down once what it will do with each of the parts that it happens to take.
    """
    work()
    timing = Timing(())
    while not timing.rounds or (budget and not timing.settled):
        clock, own, every = time.perf_counter(), time.thread_time(), time.process_time()
        work()
        clock, own, every = time.perf_counter() - clock, time.thread_time() - own, time.process_time() - every
        busy = alone(own, every - own, threads, parts) if threads else 0.0
        each = Round(clock, min(clock, busy or clock))  # 0 where such clocks are coarse
        timing = Timing((*timing.rounds, each))
    return timing


def slowdown(timings: Sequence[Timing]) -> Span:
    """How many times as long as alone work takes at present, and how that changes from one timing to another."""
    rounds = [each for timing in timings for each in timing.rounds]
    each = [timing.slowdown for timing in timings]
    return Span(min(each), Timing(tuple(rounds)).slowdown, max(each))


def fastest(call: Callable[[], object], repeats: int) -> float:
    """The shortest of several durations of a call in seconds by the clock, after one that does not count."""
    call()
    durations = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        durations.append(time.perf_counter() - start)
    return min(durations)
