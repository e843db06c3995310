"""Volumes: which voxels of a box a solid occupies; the axes are the solid's own x, y and z."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float, Float64, UInt8

from refield.errors import UserError, one_line
from refield.signals.image import array_sha256
from refield.signals.signal import Signal

MOST_VOXELS = 2**30  # of a file
SLAB = 2**22  # voxels that are unpacked at once


@dataclass(frozen=True, eq=False)
class Volume:
    """A box of voxels that are occupied or empty, eight to a byte; a value is 1 where occupied and -1 where empty.

    `points` and `values` are whole arrays, as of any signal: of 512^3 voxels 3 GB and 1 GB. What must take less goes by
    `coordinates`, `bits` and `slabs`.
    """

    bits: UInt8[np.ndarray, "x y b"]  # of eight voxels along z each, the first in the highest bit; others are 0
    length: int  # the voxels along z

    suffix: ClassVar[str] = ".safetensors"
    axes: ClassVar[tuple[str, ...]] = ("x", "y", "z")

    @classmethod
    def of(cls, occupied: Bool[np.ndarray, "x y z"]) -> "Volume":
        return cls(np.packbits(occupied, axis=2), occupied.shape[2])

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along x, y and z."""
        x, y, _ = self.bits.shape
        return x, y, self.length

    @property
    def channels(self) -> int:
        return 1

    @property
    def count(self) -> int:
        """How many voxels are occupied."""
        return int(np.bitwise_count(self.bits).sum(dtype=np.int64))

    def occupied(self, part: slice = slice(None)) -> Bool[np.ndarray, "p y z"]:
        """Whether each voxel is occupied, of some along x."""
        return np.unpackbits(self.bits[part], axis=2, count=self.length).view(bool)

    def slabs(self) -> Iterator[slice]:
        """The whole of x, in parts that are small enough to be unpacked."""
        x, y, z = self.shape
        step = max(1, SLAB // (y * z))
        return (slice(first, min(first + step, x)) for first in range(0, x, step))

    def coordinates(self) -> tuple[Float64[np.ndarray, " _"], ...]:
        """The coordinates of the voxels' centres along each axis; the end voxels are on -1 and 1, as pixels are."""
        return tuple(np.linspace(-1, 1, side) for side in self.shape)

    def digest(self) -> str:
        return array_sha256(np.concatenate([np.array(self.shape, "<i8").view(np.uint8), self.bits.reshape(-1)]))

    def points(self) -> Float64[np.ndarray, "n 3"]:
        """The centres (n, 3) of all voxels, z fastest."""
        return self.points_of(slice(None))

    def points_of(self, part: slice) -> Float64[np.ndarray, "n 3"]:
        """Those of some voxels along x."""
        x, y, z = self.coordinates()
        axes = np.meshgrid(x[part], y, z, indexing="ij", sparse=True)
        points = np.empty((*np.broadcast_shapes(*(axis.shape for axis in axes)), 3))
        for number, axis in enumerate(axes):
            points[..., number] = axis
        return points.reshape(-1, 3)

    def values(self) -> Float64[np.ndarray, "n 1"]:
        return self.occupied().reshape(-1, 1) * 2.0 - 1.0

    def with_values(self, values: Float[np.ndarray, "n c"]) -> "Volume":
        """The voxels whose values are above 0, halfway between empty and occupied."""
        return Volume.of((values > 0).reshape(self.shape))

    @classmethod
    def blank(cls, shape: tuple[int, ...], channels: int) -> "Volume":
        if len(shape) != 3 or channels != 1:
            raise UserError(f"a volume has 3 axes and 1 channel, not {len(shape)} and {channels}")
        x, y, z = shape
        return cls(np.zeros((x, y, -(-z // 8)), np.uint8), z)

    def encode(self) -> bytes:
        """A file of safetensors: the bits as they are, and the number of voxels along each axis."""
        from safetensors.numpy import save

        return save({"bits": np.ascontiguousarray(self.bits), "shape": np.array(self.shape, np.int64)})

    @classmethod
    def decode(cls, data: bytes) -> "Volume":
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            arrays = load(data)
            bits, shape = arrays["bits"], arrays["shape"]
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise UserError(f"is no readable volume ({one_line(error)})") from None
        if shape.shape != (3,) or shape.dtype != np.int64 or bits.dtype != np.uint8 or shape.min() < 1:
            raise UserError("is no volume; it must hold bits and the shape of three axes")
        x, y, z = map(int, shape)
        if x * y * z > MOST_VOXELS:
            raise UserError(f"has {x} x {y} x {z} voxels, more than {MOST_VOXELS:,}")
        if bits.shape != (x, y, -(-z // 8)) or (bits[:, :, -1] & (0xFF >> (z - 1) % 8 + 1)).any():
            raise UserError(f"holds other bits than those of {x} x {y} x {z} voxels")
        return cls(bits, z)


def as_volume(signal: Signal) -> Volume:
    """The signal, if it is a volume; `UserError` otherwise, without its name."""
    if not isinstance(signal, Volume):
        raise UserError(f"is no volume but an {type(signal).__name__.lower()}")
    return signal
