"""Images: 8-bit, grey or RGB; the only module that knows the coordinate convention."""

import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float64, UInt8
from PIL import Image as Pillow

from refield.errors import UserError
from refield.signals.signal import Signal


@dataclass(frozen=True, eq=False)
class Image:
    """An image as a signal of the plane: its axes are rows and columns."""

    pixels: np.ndarray  # (height, width, channels) uint8, 1 or 3 channels

    suffix: ClassVar[str] = ".png"
    axes: ClassVar[tuple[str, ...]] = ("height", "width")

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        height, width, _ = self.pixels.shape
        return height, width

    @property
    def channels(self) -> int:
        return int(self.pixels.shape[2])

    def digest(self) -> str:
        return array_sha256(self.pixels)

    def points(self) -> Float64[np.ndarray, "n 2"]:
        return pixel_grid(*self.shape)

    def values(self) -> Float64[np.ndarray, "n c"]:
        """Intensities (n, c), mapped from 0..255 to [-1, 1], row by row."""
        return self.pixels.reshape(-1, self.channels) / 127.5 - 1.0

    def with_values(self, values: Float[np.ndarray, "n c"]) -> "Image":
        pixels = np.rint((np.clip(values, -1.0, 1.0) + 1.0) * 127.5).astype(np.uint8)
        return type(self)(pixels.reshape(self.pixels.shape))

    @classmethod
    def blank(cls, shape: tuple[int, ...], channels: int) -> "Image":
        return cls(np.zeros((*shape, channels), np.uint8))

    def encode(self) -> bytes:
        """A PNG."""
        buffer = io.BytesIO()
        Pillow.fromarray(squeezed(self.pixels)).save(buffer, "png", optimize=True)
        return buffer.getvalue()

    @classmethod
    def decode(cls, data: bytes) -> "Image":
        try:
            # Pillow only warns of pictures that are suspiciously large, and refuses those of twice that size.
            with (
                warnings.catch_warnings(action="error", category=Pillow.DecompressionBombWarning),
                Pillow.open(io.BytesIO(data), formats=["PNG"]) as picture,
            ):
                stored, pixels = "".join(str(tile.args) for tile in picture.tile), np.array(picture)
        except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning):
            raise UserError(f"has more than {Pillow.MAX_IMAGE_PIXELS} pixels") from None
        except (OSError, SyntaxError, ValueError):  # Pillow's, for damaged files
            raise UserError("is no readable PNG") from None
        if stored not in ("L", "RGB"):  # 16-bit colours are RGB;16B, which Pillow cuts off to its mode RGB
            raise UserError(f"is no 8-bit grey or RGB PNG; its pixels are {stored}")
        return cls(pixels.reshape(*pixels.shape[:2], -1))


def pixel_grid(height: int, width: int) -> Float64[np.ndarray, "n 2"]:
    """The points (height * width, 2) of an image's pixels, row by row; both axes reach -1 and +1 (SIREN's code)."""
    rows, columns = np.linspace(-1, 1, height), np.linspace(-1, 1, width)
    return np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)


def luma(pixels: UInt8[np.ndarray, "h w c"]) -> UInt8[np.ndarray, "h w"]:
    """ITU-R BT.601 luma `(h, w)` uint8 of pixels (h, w, c): 0.299 R + 0.587 G + 0.114 B, rounded, halves up."""
    if pixels.shape[2] == 1:
        return pixels[..., 0]
    # In integers, so that it rounds alike on every machine.
    return ((pixels.astype(np.uint32) @ np.array([299, 587, 114], np.uint32) + 500) // 1000).astype(np.uint8)


def as_image(signal: Signal) -> Image:
    """The signal, if it is an image; `UserError` otherwise, without its name."""
    if not isinstance(signal, Image):
        raise UserError(f"is no image but a {type(signal).__name__.lower()}")
    return signal


def array_sha256(array: np.ndarray) -> str:
    """The hexadecimal sha256 of an array's type, shape and values."""
    head = f"{array.dtype} {array.shape}\n".encode()
    return hashlib.sha256(head + np.ascontiguousarray(array).tobytes()).hexdigest()


def squeezed(pixels: np.ndarray) -> np.ndarray:
    """Pixels (h, w, c) as Pillow takes them: grey ones as (h, w)."""
    return pixels[..., 0] if pixels.shape[2] == 1 else pixels
