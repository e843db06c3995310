"""What is to be fitted, and what descends."""

from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np
import torch

from refield.fields.field import Field, Weights
from refield.fitting.adam import State
from refield.fitting.train import Train
from refield.tasks.problem import Problem


@dataclass(frozen=True)
class Job:
    """One field to be fitted to one problem."""

    field: Field
    problem: Problem
    train: Train
    seed: int
    start: Weights | None = None  # what some of the weights begin with, in the place of what the seed draws


@runtime_checkable
class Descent(Protocol):
    """Steps of Adam from the `start`; every way of descending takes the same ones, by other means."""

    def __init__(self, job: Job, start: Weights, device: torch.device, dtype: torch.dtype = ...) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def step(self, rate: float) -> None:
        """One step at a learning rate."""

    def loss(self) -> float:
        """The loss that the last step started from; of values, in intensities on [-1, 1]."""

    def finish(self) -> tuple[np.ndarray, float]:
        """The intensities (n, c) at the problem's points, in their order, and the loss there."""

    def weights(self) -> Weights:
        """The weights by name, shaped as they came."""

    def state(self) -> State:
        """What all further steps depend on, besides the job; after a step."""

    def resume(self, state: State, steps: int) -> None:
        """Go on, before any step, from a state that was reached after so many; `KeyError` or `ValueError` if it is
        another job's."""
