"""Units on their way to another process: plain files that say all of what is wanted, and no pickles.

`<key>.json` holds the text whose sha256 is the unit's key, and arrays are `.npy` files under their own sha256: an image
that many units share is written once, and nothing can arrive changed.
"""

import functools
import io
import json
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np

from refield.errors import UserError
from refield.fields.gated import Gated
from refield.training import Train
from refield.units import Unit, array_sha256


class Spool:
    """A folder of wanted units."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, unit: Unit) -> str:
        """Write what is not there yet; the unit's key."""
        key = unit.key()
        for array in (unit.image, unit.labels):
            if array is not None:
                self._write(f"{array_sha256(array)}.npy", functools.partial(_npy, array))
        self._write(f"{key}.json", unit.description().encode)
        return key

    def get(self, key: str, name: str) -> Unit:
        """The unit, called `name`; `UserError` if it was wanted of other code than this process has, or is damaged."""
        described = json.loads((self.root / f"{key}.json").read_bytes())
        image, labels = (self._array(described[which]) for which in ("image", "labels"))
        assert image is not None
        field, train = Gated.model_validate_json(json.dumps(described["field"])), Train(**described["train"])
        unit = Unit(name, image, labels, field, train, described["seed"])
        if unit.code != described["code"]:
            raise UserError(f"{name}: the fitting code here is {unit.code[:12]}; wanted is {described['code'][:12]}")
        if unit.key() != key:
            raise UserError(f"{name}: its files in {self.root} are damaged; remove that folder and run again")
        return unit

    def remove(self, key: str) -> None:
        """Forget a unit; its arrays stay, which others may share."""
        (self.root / f"{key}.json").unlink(missing_ok=True)

    def _array(self, digest: str | None) -> np.ndarray | None:
        return None if digest is None else np.load(self.root / f"{digest}.npy", allow_pickle=False)

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
