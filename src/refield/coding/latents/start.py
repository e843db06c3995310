"""The networks that a descent begins with: what many short descents on other photographs have in common.

`learning` has made the file, of photographs that ship inside scikit-image. A file of latents holds its own networks, so
that a decoder needs to know nothing of this.
"""

import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import load

FILE = Path(__file__).with_name("start.safetensors")


def begin(places: Mapping[str, np.ndarray], width: int, hidden: int) -> None:
    """Put what was learned for networks so wide into the places of tensors by name; what was not stays as it is.

    An image may have fewer grids than those that were learned from, or more.
    """
    for name, place in places.items():
        learned = _learned().get(f"{width}x{hidden}/{name}", np.empty((0, *place.shape[1:])))
        if learned.shape[1:] != place.shape[1:]:  # of a grey image: what three channels have in common
            learned = learned.mean(axis=-1, keepdims=True)
        rows = min(len(place), len(learned))
        place[:rows] = learned[:rows]


@functools.cache
def digest() -> str:
    """The hexadecimal sha256 of what was learned."""
    return hashlib.sha256(FILE.read_bytes()).hexdigest()


@functools.cache
def _learned() -> Mapping[str, np.ndarray]:
    return load(FILE.read_bytes())
