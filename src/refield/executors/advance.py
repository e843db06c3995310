"""How far units have come that others fit, by their checkpoints in the store."""

import math
from collections.abc import Iterable

import safetensors.numpy
from safetensors import SafetensorError

from refield import files
from refield.units.store import Store


class Farthest:
    """The farthest that units have ever been seen: who begins one anew has to come farther to have come on."""

    def __init__(self) -> None:
        self.seen = dict[str, float]()

    def advanced(self, store: Store, keys: Iterable[str]) -> set[str]:
        """Those that have come farther than they were when they were last asked about; none is that is new."""
        now = {key: reached(store, key) for key in keys}
        found = {key for key, iteration in now.items() if iteration > self.seen.get(key, iteration)}
        self.seen |= {key: max(iteration, self.seen.get(key, 0)) for key, iteration in now.items()}
        return found


def reached(store: Store, key: str) -> float:
    """The iteration of a unit's last checkpoint, whatever machine and code left it; 0 without one, and infinity for a
    finished unit."""
    from refield.units.checkpoints import ABOUT, About  # with torch: what a node unpickles shall load at once

    if store.has(key):
        return math.inf
    try:
        arrays = safetensors.numpy.load(files.read(store.unfinished(key))[64:])  # after its sha256
        return About.model_validate_json(arrays[ABOUT].tobytes()).iteration
    except (KeyError, ValueError, SafetensorError):
        return 0
