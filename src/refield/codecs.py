"""Standard image codecs, which are held against fields as files: each encodes a photograph at a setting of its own."""

import importlib.util
import io
import time
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from PIL import Image, features

from refield.errors import UserError
from refield.settings import refused

Pixels = np.ndarray  # uint8 (h, w, 3)


class Format(Protocol):
    """Who writes and reads the files of a codec."""

    def missing(self) -> str | None:
        """What is not installed here, in words; None if files can be written and read."""
        ...

    def encode(self, pixels: Pixels, setting: float) -> bytes: ...

    def decode(self, data: bytes) -> Pixels: ...


@dataclass(frozen=True)
class Codec:
    """What it is called, what its settings are, and whose files it has."""

    title: str
    quantity: str  # that a setting is
    least: float
    most: float
    format: Format
    whole: bool = True  # whether settings are whole numbers

    def check(self, key: str, setting: float) -> None:
        """`ConfigError` unless it has such a setting."""
        if not self.least <= setting <= self.most or (self.whole and setting != int(setting)):
            kind = "a whole number" if self.whole else "a number"
            raise refused(key, setting, f"be {kind} from {self.least:g} to {self.most:g}, as {self.quantity} is")


class Coded(NamedTuple):
    """A file, the picture that it holds, and how long the processor worked for each, whatever else it did."""

    data: bytes
    picture: Pixels
    encode_seconds: float
    decode_seconds: float


def code(name: str, pixels: Pixels, setting: float) -> Coded:
    """Encode a photograph and decode it again; `UserError` if the codec is not installed."""
    format = CODECS[name].format
    if missing := format.missing():
        raise UserError(f"the codec {name} needs {missing}")
    start = time.process_time()
    data = format.encode(pixels, setting)
    middle = time.process_time()
    picture = format.decode(data)
    return Coded(data, picture, middle - start, time.process_time() - middle)


def within(name: str, pixels: Pixels, size: int) -> Coded:
    """The file of the highest quality that has at most `size` bytes, by bisection, or that of the lowest.

    It is for codecs whose settings are whole numbers that rise with quality.
    """
    codec = CODECS[name]
    settings = range(int(codec.least), int(codec.most) + 1)
    above = bisect_right(settings, size, key=lambda setting: len(code(name, pixels, setting).data))
    return code(name, pixels, settings[max(0, above - 1)])


@dataclass(frozen=True)
class OfPillow:
    """A format of Pillow's, with options that follow from a setting."""

    kind: str
    options: Callable[[float], Mapping[str, Any]]
    feature: str | None = None  # of Pillow, which may be built without

    def missing(self) -> str | None:
        there = self.feature is None or features.check(self.feature)
        return None if there else f"a Pillow with {self.feature}, which the one installed lacks"

    def encode(self, pixels: Pixels, setting: float) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, self.kind, **self.options(setting))
        return buffer.getvalue()

    def decode(self, data: bytes) -> Pixels:
        with Image.open(io.BytesIO(data), formats=[self.kind]) as picture:
            return np.array(picture.convert("RGB"))


class JpegXl:
    """JPEG XL by imagecodecs, on one thread."""

    def missing(self) -> str | None:
        there = importlib.util.find_spec("imagecodecs")
        return None if there else "the Python package imagecodecs; pip install 'refield[codecs]' brings it"

    def encode(self, pixels: Pixels, setting: float) -> bytes:
        import imagecodecs

        return bytes(imagecodecs.jpegxl_encode(pixels, distance=setting, effort=7, numthreads=1))

    def decode(self, data: bytes) -> Pixels:
        import imagecodecs

        return np.asarray(imagecodecs.jpegxl_decode(data, numthreads=1))


def _avif(subsampling: str) -> OfPillow:
    # On one thread: files do not depend on how many cores there are, nor do seconds.
    fixed = {"subsampling": subsampling, "speed": 6, "max_threads": 1}
    return OfPillow("AVIF", lambda quality: {"quality": int(quality), **fixed}, "avif")


JPEG = OfPillow("JPEG", lambda quality: {"quality": int(quality), "optimize": True})
# The irreversible 9/7 wavelet, with the colour transform that belongs to it: Pillow's default is the lossless one.
WAVELET = {"quality_mode": "rates", "irreversible": True, "mct": 1}
JPEG_2000 = OfPillow("JPEG2000", lambda ratio: {"quality_layers": [ratio], **WAVELET}, "jpg_2000")
WEBP = OfPillow("WEBP", lambda quality: {"quality": int(quality), "method": 6}, "webp")
QUALITY = ("its quality", 0, 100)
CODECS = {
    "jpeg": Codec("JPEG", "its quality", 1, 100, JPEG),
    "jpeg2000": Codec("JPEG 2000", "its compression ratio", 1, 1000, JPEG_2000, whole=False),
    "webp": Codec("WebP", *QUALITY, WEBP),
    "avif_420": Codec("AVIF 4:2:0", *QUALITY, _avif("4:2:0")),
    "avif_444": Codec("AVIF 4:4:4", *QUALITY, _avif("4:4:4")),
    "jpeg_xl": Codec("JPEG XL", "its Butteraugli distance", 0.1, 25, JpegXl(), whole=False),
}
# What one might miss among them, and why it is not there.
ABSENT = {"HEIC": "the wheels that encode it hold x265, whose licence is the GPL"}
