"""How many fits make a job."""

import math
from collections.abc import Sequence

from refield.units.effort import flop
from refield.units.unit import Unit


def pack(units: Sequence[Unit], rate: float, shortest: float, longest: float, workers: int) -> list[list[Unit]]:
    """The units in jobs of about equal durations, no more than it takes to keep all `workers` busy.

    `rate` is what one worker computes in FLOP/s. No job takes longer than `longest` seconds, unless one fit does, nor
    less than `shortest`, unless there is no more to do: it would spend its time on starting.
    """
    durations = [(flop(unit) / rate, unit) for unit in units]
    each = sum(seconds for seconds, _ in durations) / workers
    waves = math.ceil(each / longest)  # all workers are busy in each, in the last one as well
    target = min(longest, max(each / waves, shortest))
    parts: list[list[Unit]] = []
    filled = 0.0
    for seconds, unit in sorted(durations, key=lambda pair: -pair[0]):  # the last ones shall be short
        if not parts or filled + seconds > target * (1 + 1e-9):
            parts.append([])
            filled = 0.0
        parts[-1].append(unit)
        filled += seconds
    return parts
