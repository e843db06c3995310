"""What a signal is: values at points of a box, which a field is fitted to."""

from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Float64


@runtime_checkable
class Signal(Protocol):
    """Something that is sampled, such as an image; a signal is immutable."""

    suffix: ClassVar[str]  # of its files, such as .png
    axes: ClassVar[tuple[str, ...]]  # what the numbers of `shape` are called

    @property
    def shape(self) -> tuple[int, ...]:
        """The samples along each axis, such as (height, width); without channels."""

    @property
    def channels(self) -> int: ...

    def digest(self) -> str:
        """The hexadecimal sha256 of all that the signal is."""

    def points(self) -> Float64[np.ndarray, "n d"]:
        """The coordinates (n, d) float64 of its samples, each in [-1, 1]."""

    def values(self) -> Float64[np.ndarray, "n c"]:
        """Its samples (n, c) float64, nominally in [-1, 1], in the order of `points`."""

    def with_values(self, values: Float[np.ndarray, "n c"]) -> "Signal":
        """The signal of this shape whose samples are nearest to `values` (n, c): clamped and rounded."""

    @classmethod
    def blank(cls, shape: tuple[int, ...], channels: int) -> "Signal":
        """A signal of this shape without content: `points` and `with_values` are those of any other."""

    def encode(self) -> bytes:
        """A file's content, which depends on the signal alone."""

    @classmethod
    def decode(cls, data: bytes) -> "Signal":
        """The signal of `encode`; `UserError` if it is none, without a file's name."""
