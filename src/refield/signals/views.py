"""Posed views: pictures of one scene by cameras whose places are known, some of which are held out."""

import hashlib
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float64, UInt8

from refield.errors import UserError, one_line
from refield.signals.cameras import Cameras, is_pose
from refield.signals.image import array_sha256
from refield.signals.signal import Signal

CHANNELS = 4  # red, green and blue over white, and opacity


@dataclass(frozen=True, eq=False)
class Views:
    """Pictures over white and their cameras; the first of them are `seen`, and the samples are the pixels of the rest.

    A radiance field has as many numbers at a place as a pixel has here: a colour, and in the place of opacity density.
    """

    pixels: UInt8[np.ndarray, "n h w 4"]
    cameras: Cameras
    seen: int

    suffix: ClassVar[str] = ".safetensors"
    axes: ClassVar[tuple[str, ...]] = ("views", "height", "width")

    @property
    def shape(self) -> tuple[int, int, int]:
        """The views that are held out, and the height and width of each."""
        views, height, width, _ = self.pixels.shape
        return views - self.seen, height, width

    @property
    def channels(self) -> int:
        return CHANNELS

    @property
    def held_out(self) -> "Views":
        """The views that are not seen, as all that there are."""
        rest = slice(self.seen, None)
        return Views(self.pixels[rest], self.cameras.some(rest), 0)

    def digest(self) -> str:
        cameras = f"{self.seen} {float(self.cameras.focal)!r} {array_sha256(self.cameras.poses)}"
        return hashlib.sha256(f"{array_sha256(self.pixels)} {cameras}".encode()).hexdigest()

    def points(self) -> Float64[np.ndarray, "n 3"]:
        """Where a sample is among them: its view, row and column, each from -1 to 1; not a place in the scene."""
        axes = [np.linspace(-1, 1, side) for side in self.shape]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)

    def values(self) -> Float64[np.ndarray, "n 4"]:
        """Of each held-out pixel red, green and blue over white, and opacity, in [-1, 1]."""
        return self.pixels[self.seen :].reshape(-1, self.channels) / 127.5 - 1.0

    def with_values(self, values: Float[np.ndarray, "n 4"]) -> "Views":
        """Other pictures by the cameras that are held out, without the views that are seen."""
        pixels = np.rint((np.clip(values, -1.0, 1.0) + 1.0) * 127.5).astype(np.uint8)
        return Views(pixels.reshape(*self.shape, self.channels), self.cameras.some(slice(self.seen, None)), 0)

    @classmethod
    def blank(cls, shape: tuple[int, ...], channels: int) -> "Views":
        """Views without content, whose cameras are all at the centre."""
        if len(shape) != 3 or channels != CHANNELS:
            raise UserError(f"views have 3 axes and 4 channels, not {len(shape)} and {channels}")
        views, height, width = shape
        cameras = Cameras(np.tile(np.eye(4), (views, 1, 1)), float(width), height, width)
        return cls(np.zeros((*shape, channels), np.uint8), cameras, 0)

    def encode(self) -> bytes:
        """A file of safetensors: pixels, poses, focal length, and how many are seen."""
        from safetensors.numpy import save

        about = np.array([self.cameras.focal, self.seen], np.float64)
        poses = np.ascontiguousarray(self.cameras.poses)
        return save({"pixels": np.ascontiguousarray(self.pixels), "poses": poses, "focal_and_seen": about})

    @classmethod
    def decode(cls, data: bytes) -> "Views":
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            arrays = load(data)
            pixels, poses, about = arrays["pixels"], arrays["poses"], arrays["focal_and_seen"]
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise UserError(f"holds no readable views ({one_line(error)})") from None
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[3] != CHANNELS or not pixels.size:
            raise UserError("holds no views; they must be pictures of 8 bits and four channels")
        views, height, width, _ = pixels.shape
        if poses.dtype != np.float64 or poses.shape != (views, 4, 4) or not all(map(is_pose, poses)):
            raise UserError(f"holds other cameras than those of {views} views")
        if about.dtype != np.float64 or about.shape != (2,) or about[1] not in range(views):
            raise UserError(f"holds no focal length, or more views that are seen than {views - 1}")
        focal, seen = map(float, about)
        if not 0 < focal < np.inf:
            raise UserError(f"has a focal length of {focal}; it must be a positive number of pixels")
        return cls(pixels, Cameras(poses, focal, height, width), int(seen))


def as_views(signal: Signal) -> Views:
    """The signal, if it is one of views; `UserError` otherwise, without its name."""
    if not isinstance(signal, Views):
        raise UserError(f"is no set of views but an {type(signal).__name__.lower()}")
    return signal
