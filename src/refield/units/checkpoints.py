"""The checkpoint of a unit that is being fitted: one file in the store, which vanishes with the finished unit.

A file is the sha256 of what follows, and safetensors. One that is damaged, or was left by other code or on another kind
of machine, where the same steps would round differently, is as good as none.
"""

import contextlib
import hashlib
import logging
import os
import time
from typing import Any

import numpy as np
import safetensors.numpy
from pydantic import Field, FiniteFloat, ValidationError
from safetensors import SafetensorError

from refield import files
from refield.errors import UserError, one_line
from refield.fitting.checkpoint import Checkpoint
from refield.settings import refused
from refield.strict import Strict
from refield.units.store import Store

SECONDS = 180.0  # between two; a fit that takes less leaves none
OURS = "REFIELD_CHECKPOINT_SECONDS"  # another number of seconds
ABOUT = "about"  # the array that says, as JSON, what the others belong to

log = logging.getLogger(__name__)


class About(Strict):
    """What a checkpoint says of itself."""

    iteration: int = Field(ge=1)
    curve: list[tuple[int, FiniteFloat]]
    seconds: FiniteFloat = Field(ge=0)  # of all who have worked on it
    steps: dict[str, Any]  # the machine and the code that took the steps


class UnitCheckpoints:
    """The checkpoints of one unit; `steps` tells the machine and the code of its steps from others."""

    def __init__(self, store: Store, key: str, steps: dict[str, Any], together: int = 1) -> None:
        """`together`: how many are fitted at once, each of which takes its share of the time."""
        self.file = store.unfinished(key)
        self.steps = {name: value for name, value in steps.items() if name != "threads"}
        self.together = together
        self.every = _seconds()
        self.begun = self.kept = time.monotonic()
        self.before = 0.0  # seconds of those who came before

    @property
    def seconds(self) -> float:
        """What the fit has taken so far, all its beginnings included."""
        return self.before + (time.monotonic() - self.begun) / self.together

    def last(self) -> Checkpoint | None:
        if not (files.is_folder(self.file.parent) and os.path.lexists(self.file)):
            return None
        try:
            data = files.read(self.file)
            if hashlib.sha256(data[64:]).hexdigest().encode() != data[:64]:
                raise UserError("its bytes have changed")
            state = safetensors.numpy.load(data[64:])
            about = About.model_validate_json(state.pop(ABOUT).tobytes())
            if about.steps != self.steps:
                raise UserError("it comes from another kind of machine, or from other code")
            traced = [iteration for iteration, _ in about.curve]
            if traced != sorted({*traced}) or not all(0 <= iteration < about.iteration for iteration in traced):
                raise UserError("its curve is not that of its iterations")
        except (UserError, ValidationError, KeyError, SafetensorError) as error:
            log.warning("%s: of no use (%s); the fit begins anew", self.file, one_line(error))
            return None
        self.before = about.seconds
        return Checkpoint(about.iteration, about.curve, state)

    def due(self) -> bool:
        return time.monotonic() - self.kept >= self.every

    def keep(self, checkpoint: Checkpoint) -> None:
        """Write it in the place of the last; what cannot be written is done without."""
        about = About(iteration=checkpoint.iteration, curve=checkpoint.curve, seconds=self.seconds, steps=self.steps)
        text = np.frombuffer(about.model_dump_json().encode(), dtype=np.uint8)
        data = safetensors.numpy.save(checkpoint.state | {ABOUT: text})
        try:
            files.make_folder(self.file.parent)
            files.write(self.file, hashlib.sha256(data).hexdigest().encode() + data)
        except OSError as error:
            log.warning("%s: the checkpoint could not be written (%s)", self.file, error)
        self.kept = time.monotonic()

    def discard(self) -> None:
        """Forget it: a fit that went wrong begins anew."""
        with contextlib.suppress(OSError):
            files.remove(self.file)


def _seconds() -> float:
    value = os.environ.get(OURS, str(SECONDS))
    try:
        return float(value)
    except ValueError:
        raise UserError(refused(OURS, value, "be a number of seconds")) from None
