"""Units: one field fitted to one signal, known by the sha256 of all that determines the result."""

import functools
import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from refield import fields, signals, tasks
from refield.fields.field import Field
from refield.fields.mlp import Mlp
from refield.fitting import ways
from refield.fitting.train import Train
from refield.signals.image import array_sha256
from refield.signals.signal import Signal
from refield.tasks.task import Task
from refield.units.fingerprint import fingerprint


@dataclass(frozen=True)
class Start:
    """What a fit starts with of another's weights: of its first layers all, or the parameters of their activations."""

    unit: str  # the other's key
    layers: int
    keep: Literal["layers", "activations"]


@dataclass(frozen=True)
class Unit:
    """One fit that is wanted."""

    name: str  # of the signal
    signal: Signal
    labels: np.ndarray | None  # of the signal's shape, for a field that needs them
    task: Task
    field: Field
    train: Train
    seed: int
    start: Start | None = None

    @property
    def samples(self) -> int:
        """How many there are in the signal."""
        return int(np.prod(self.signal.shape))

    @property
    def flop(self) -> float:
        """How much the fit computes: the matrix products, which are nearly all of it."""
        points = min(self.samples, self.train.batch or self.samples)
        each = self.field.cost(len(self.signal.shape), self.signal.channels).flop
        return float(each * points * self.train.iterations)

    @property
    def code(self) -> str:
        """The fingerprint of the code that the result comes from."""
        return code_of(self.field, self.task, self.train, type(self.signal))

    def description(self) -> str:
        """Everything that determines the result, the fitting code included, as JSON; samples and labels by sha256."""
        return json.dumps(
            {
                "field": fields.describe(self.field),
                "task": tasks.describe(self.task),
                "train": self.train.model_dump(mode="json"),
                "seed": self.seed,
                "signal": {"kind": signals.kind_of(self.signal), "sha256": self.signal.digest()},
                "labels": None if self.labels is None else array_sha256(self.labels),
                "code": self.code,
                **({} if self.start is None else {"start": asdict(self.start)}),
            },
            sort_keys=True,
        )

    def key(self) -> str:
        """The hexadecimal sha256 of the description."""
        return self._key

    @functools.cached_property
    def _key(self) -> str:
        return hashlib.sha256(self.description().encode()).hexdigest()


def code_of(field: Field, task: Task, train: Train, signal: type[Signal]) -> str:
    """The fingerprint of the code that a fit comes from: of its own field, task, signal and ways of descending."""
    own = [type(field).__module__, *field.modules, type(task).__module__, signal.__module__]
    own += ["refield.units.search"] if isinstance(field, Mlp) and field.searched else []
    taking = ways.modules(field, task.least_squares, train)
    return fingerprint("refield.fitting.fit", "refield.fitting.train", "refield.units.encode", *own, *taking)
