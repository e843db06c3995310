"""Problems of more points than memory shall hold, such as all voxels of a volume."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from refield.arrays import Tensor
from refield.tasks.problem import Batch, Problem


@runtime_checkable
class Samples(Protocol):
    """Points with their targets, which are made when they are asked for: by their numbers, from 0."""

    def __len__(self) -> int: ...

    def on(self, like: Tensor) -> Callable[[Tensor], Batch]:
        """What makes those of some numbers (m,): on a tensor's device, with targets in its precision."""


@dataclass(frozen=True)
class Drawn(Problem):
    """A problem whose `points` and `target` are empty, and whose `samples` has them all.

    Its loss asks for values, and for the mean of the points' own losses. It is descended in batches.
    """

    samples: Samples = field(kw_only=True)
