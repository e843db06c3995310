"""Where an interrupted fit goes on."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from refield.fitting.adam import State


@dataclass(frozen=True)
class Checkpoint:
    """What a fit had reached: with its job, all that determines the rest of it, bit by bit."""

    iteration: int  # steps done
    curve: list[tuple[int, float]]
    state: State


@runtime_checkable
class Checkpoints(Protocol):
    """Keeps the last checkpoint of one fit."""

    def last(self) -> Checkpoint | None:
        """The one to go on from."""

    def due(self) -> bool:
        """Whether it is time for another."""

    def keep(self, checkpoint: Checkpoint) -> None: ...


class NoCheckpoints:
    """For fits that are begun again if they are interrupted."""

    def last(self) -> None:
        return None

    def due(self) -> bool:
        return False

    def keep(self, checkpoint: Checkpoint) -> None:
        raise NotImplementedError("none is ever due")
