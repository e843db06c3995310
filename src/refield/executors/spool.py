"""Units on their way to another process: plain files that say all of what is wanted, and no pickles.

`<key>.json` holds the text whose sha256 is the unit's key; signals and labels are files under their own sha256: one
that many units share is written once, and nothing can arrive changed, nor from elsewhere.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import safetensors.numpy
from pydantic import Field as Key
from safetensors import SafetensorError

from refield import fields, files, tasks
from refield.errors import UserError
from refield.fitting.train import Train
from refield.settings import among
from refield.signals import SIGNALS
from refield.signals.image import array_sha256
from refield.strict import Strict
from refield.units.record import Digest
from refield.units.unit import Start, Unit

LABELS = "labels"  # the array of a map's file
Read = TypeVar("Read")


class Origin(Strict):
    """Which signal is meant: its kind, and the file that holds it."""

    kind: str
    sha256: Digest


class Learned(Strict):
    """What `Start` says."""

    unit: Digest
    layers: int = Key(ge=1, le=1000)
    keep: Literal["layers", "activations"]


class Description(Strict):
    """What `Unit.description` says."""

    field: dict[str, Any]
    task: dict[str, Any]
    train: dict[str, Any]
    seed: int = Key(ge=0, lt=2**63)
    signal: Origin
    labels: Digest | None
    code: Digest
    start: Learned | None = None


class Spool:
    """A folder of wanted units."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, unit: Unit) -> str:
        """Write what is not there yet; the unit's key."""
        key = unit.key()
        files.make_folder(self.root)
        self._write(f"{unit.signal.digest()}{unit.signal.suffix}", unit.signal.encode)
        if unit.labels is not None:
            arrays = {LABELS: np.ascontiguousarray(unit.labels)}
            self._write(f"{array_sha256(unit.labels)}.safetensors", lambda: safetensors.numpy.save(arrays))
        self._write(f"{key}.json", unit.description().encode)
        return key

    def get(self, key: str, name: str) -> Unit:
        """The unit, called `name`; `UserError` if it was wanted of other code than this process has, or is damaged.

        Damaged files are removed: who wants the unit again writes them anew.
        """
        damaged = UserError(f"{name}: its files in {self.root} are damaged or gone; run again")
        if not files.is_folder(self.root):
            raise damaged
        try:
            text = self._read(f"{key}.json", bytes, lambda text: hashlib.sha256(text).hexdigest(), key)
            described = Description.model_validate_json(text)
            unit = self._unit(described, name)
        except (LookupError, TypeError, ValueError):
            raise damaged from None
        if unit.code != described.code:
            raise UserError(f"{name}: the fitting code here is {unit.code[:12]}; wanted is {described.code[:12]}")
        if unit.key() != key:
            raise damaged
        return unit

    def _unit(self, described: Description, name: str) -> Unit:
        if not among(described.signal.kind, SIGNALS):
            raise LookupError(described.signal.kind)
        kind, sha256, labels = SIGNALS[described.signal.kind], described.signal.sha256, described.labels
        unit = Unit(
            name=name,
            signal=self._read(f"{sha256}{kind.suffix}", kind.decode, lambda signal: signal.digest(), sha256),
            labels=None if labels is None else self._read(f"{labels}.safetensors", _labels, array_sha256, labels),
            task=tasks.build(described.task),
            field=fields.build(described.field),
            train=Train(**described.train),
            seed=described.seed,
            start=None if described.start is None else Start(**described.start.model_dump()),
        )
        _require_map(unit)
        return unit

    def _read(self, name: str, read: Callable[[bytes], Read], digest: Callable[[Read], str], expected: str) -> Read:
        """What a file holds; `ValueError` if its digest is not as expected, and the file is removed."""
        try:
            found = read(files.read(self.root / name))
            if digest(found) == expected:
                return found
        except (LookupError, TypeError, ValueError, SafetensorError):
            pass
        files.remove(self.root / name)
        raise ValueError(f"{name} is damaged")

    def remove(self, key: str) -> None:
        """Forget a unit; its arrays stay, which others may share."""
        if files.is_folder(self.root):
            files.remove(self.root / f"{key}.json")

    def _write(self, name: str, content: Callable[[], bytes]) -> None:
        """A file as a whole or not at all, unless it is there."""
        file = self.root / name
        if file.is_symlink() or not file.is_file():
            files.write(file, content())


def _labels(data: bytes) -> np.ndarray:
    return safetensors.numpy.load(data)[LABELS]


def _require_map(unit: Unit) -> None:
    """`ValueError` unless the unit has a map just where its field follows one, of its signal and of its regions."""
    labels = unit.labels
    if (labels is not None) != unit.field.needs_labels:
        raise ValueError("there is a map, or none, against its field")
    if labels is None:
        return
    if labels.dtype != np.uint8 or labels.shape != unit.signal.shape:
        raise ValueError("the map is of another signal")
    if labels.max() >= unit.field.model_dump()["regions"]:
        raise ValueError("the map has more regions than the field")
