"""Units: one method fitted to one image, known by the sha256 of all that determines the result."""

import functools
import hashlib
import json
from dataclasses import dataclass

import numpy as np

from refield.fields.gated import Gated
from refield.fingerprint import fingerprint
from refield.training import Train


def code_of(field: Gated, train: Train) -> tuple[str, ...]:
    """The modules that a fit's result comes from; they import the rest."""
    return ("refield.fitting", "refield.codec", type(field).__module__, *train.modules)


@dataclass(frozen=True)
class Unit:
    """One fit that is wanted."""

    image_name: str
    image: np.ndarray  # (h, w, c) uint8
    labels: np.ndarray | None  # (h, w), for a field with a segment gate
    field: Gated
    train: Train
    seed: int

    @property
    def code(self) -> str:
        """The fingerprint of the code that fits it."""
        return fingerprint(*code_of(self.field, self.train))

    def description(self) -> str:
        """Everything that determines the result, the fitting code included, as JSON; pixels and labels by sha256."""
        return json.dumps(
            {
                "field": self.field.model_dump(mode="json"),
                "train": self.train.model_dump(mode="json"),
                "seed": self.seed,
                "image": array_sha256(self.image),
                "labels": None if self.labels is None else array_sha256(self.labels),
                "code": self.code,
            },
            sort_keys=True,
        )

    def key(self) -> str:
        """The hexadecimal sha256 of the description."""
        return self._key

    @functools.cached_property
    def _key(self) -> str:
        return sha256(self.description().encode())


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def array_sha256(array: np.ndarray) -> str:
    return sha256(f"{array.dtype} {array.shape}\n".encode() + np.ascontiguousarray(array).tobytes())
