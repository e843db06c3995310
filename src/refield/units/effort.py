"""How much a fit computes."""

from refield.tasks.radiance import Radiance
from refield.units.unit import Unit


def flop(unit: Unit) -> float:
    """The matrix products of a unit's fit, which are nearly all of it."""
    task = unit.task
    if not isinstance(task, Radiance):
        return unit.flop
    # Of a ray the field is asked at every sample; for fine samples at the coarse ones first.
    return unit.flop * (2 * task.samples + task.fine if task.fine else task.samples)
