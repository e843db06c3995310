"""Units on their way to another process: plain files that say all of what is wanted, and no pickles.

`<key>.json` holds the text whose sha256 is the unit's key; signals and labels are files under their own sha256: one
that many units share is written once, and nothing can arrive changed.
"""

import functools
import io
import json
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from refield import fields, tasks
from refield.errors import UserError
from refield.fitting.train import Train
from refield.signals import SIGNALS
from refield.signals.image import array_sha256
from refield.units.unit import Unit


class Spool:
    """A folder of wanted units."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, unit: Unit) -> str:
        """Write what is not there yet; the unit's key."""
        key = unit.key()
        self._write(f"{unit.signal.digest()}{unit.signal.suffix}", unit.signal.encode)
        if unit.labels is not None:
            self._write(f"{array_sha256(unit.labels)}.npy", functools.partial(_npy, unit.labels))
        self._write(f"{key}.json", unit.description().encode)
        return key

    def get(self, key: str, name: str) -> Unit:
        """The unit, called `name`; `UserError` if it was wanted of other code than this process has, or is damaged."""
        damaged = UserError(f"{name}: its files in {self.root} are damaged or gone; remove that folder and run again")
        try:
            described = json.loads((self.root / f"{key}.json").read_bytes())
            unit = self._read(described, name)
        except (OSError, EOFError, LookupError, TypeError, ValueError):
            raise damaged from None
        if unit.code != described["code"]:
            raise UserError(f"{name}: the fitting code here is {unit.code[:12]}; wanted is {described['code'][:12]}")
        if unit.key() != key:
            raise damaged
        return unit

    def _read(self, described: Mapping[str, Any], name: str) -> Unit:
        about, labels = described["signal"], described["labels"]
        kind = SIGNALS[about["kind"]]
        return Unit(
            name=name,
            signal=kind.decode((self.root / f"{about['sha256']}{kind.suffix}").read_bytes()),
            labels=None if labels is None else np.load(self.root / f"{labels}.npy", allow_pickle=False),
            task=tasks.build(described["task"]),
            field=fields.build(described["field"]),
            train=Train(**described["train"]),
            seed=described["seed"],
        )

    def remove(self, key: str) -> None:
        """Forget a unit; its arrays stay, which others may share."""
        (self.root / f"{key}.json").unlink(missing_ok=True)

    def _write(self, name: str, content: Callable[[], bytes]) -> None:
        """A file as a whole or not at all, unless it is there."""
        if not (self.root / name).exists():
            self.root.mkdir(parents=True, exist_ok=True)
            draft = self.root / f"draft-{uuid.uuid4().hex}"
            draft.write_bytes(content())
            draft.replace(self.root / name)


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
