"""The checkpoint of a unit that is being fitted: one file in the store, which vanishes with the finished unit.

A file is the sha256 of what follows, and safetensors. One that is damaged, or comes from another kind of machine, where
the same steps would round differently, is as good as none.
"""

import contextlib
import hashlib
import json
import logging
import os
import time
import uuid
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from refield import files
from refield.errors import UserError
from refield.fitting.checkpoint import Checkpoint
from refield.units.store import Store

SECONDS = 180.0  # between two; a fit that takes less leaves none
ABOUT = "about"  # the array that says, as JSON, what the others belong to

log = logging.getLogger(__name__)


class UnitCheckpoints:
    """The checkpoints of one unit, on a machine that its provenance describes."""

    def __init__(self, store: Store, key: str, machine: dict[str, Any], together: int = 1) -> None:
        """`together`: how many are fitted at once, each of which takes its share of the time."""
        self.file = store.unfinished(key)
        self.machine = {name: value for name, value in machine.items() if name != "threads"}
        self.together = together
        self.every = float(os.environ.get("REFIELD_CHECKPOINT_SECONDS", SECONDS))
        self.begun = self.kept = time.monotonic()
        self.before = 0.0  # seconds of those who came before

    @property
    def seconds(self) -> float:
        """What the fit has taken so far, all its beginnings included."""
        return self.before + (time.monotonic() - self.begun) / self.together

    def last(self) -> Checkpoint | None:
        try:
            data = files.read(self.file)
        except UserError:
            return None
        try:
            if hashlib.sha256(data[64:]).hexdigest().encode() != data[:64]:
                raise ValueError("its bytes have changed")
            state = safetensors.numpy.load(data[64:])
            about = json.loads(state.pop(ABOUT).tobytes())
            if about["machine"] != self.machine:
                raise ValueError("it comes from another kind of machine")
            curve = [(int(iteration), float(loss)) for iteration, loss in about["curve"]]
            self.before = float(about["seconds"])
            return Checkpoint(int(about["iteration"]), curve, state)
        except (ValueError, KeyError, TypeError, SafetensorError) as error:
            log.warning("%s: a checkpoint that is of no use (%s); the fit begins anew", self.file, error)
            return None

    def due(self) -> bool:
        return time.monotonic() - self.kept >= self.every

    def keep(self, checkpoint: Checkpoint) -> None:
        """Write it in the place of the last; what cannot be written is done without."""
        about = {
            "iteration": checkpoint.iteration,
            "curve": checkpoint.curve,
            "seconds": self.seconds,
            "machine": self.machine,
        }
        text = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
        data = safetensors.numpy.save(checkpoint.state | {ABOUT: text})
        draft = self.file.with_name(f"draft-{uuid.uuid4().hex}")
        try:
            files.make_folder(self.file.parent)
            draft.write_bytes(hashlib.sha256(data).hexdigest().encode() + data)
            draft.replace(self.file)
        except OSError as error:
            log.warning("%s: the checkpoint could not be written (%s)", self.file, error)
            with contextlib.suppress(OSError):
                draft.unlink()
        self.kept = time.monotonic()
