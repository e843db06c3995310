"""Photographs of every format that is read, changed where their formats say what is what."""

import struct
import zlib
from collections.abc import Callable
from random import Random

from fuzz import chunks, headers, octets
from fuzz.seeds import FOREIGN


def changed(rng: Random, pictures: dict[str, list[bytes]], format: str) -> bytes:
    """A picture of a format with some changes that fit it, or with some that fit no format."""
    data, other = rng.choice(pictures[format]), rng.choice(pictures[format])
    if rng.random() < 0.03:
        return rng.choice(FOREIGN)
    if rng.random() < 0.15:
        return octets.changed(rng, data, other)
    for _ in range(rng.choice([1, 1, 1, 1, 2, 3])):
        try:
            data = OF_FORMAT[format](rng, data, other)
        except (struct.error, IndexError, ValueError, zlib.error):  # an earlier change has left nothing to go by
            data = octets.changed(rng, data, other)
    return octets.changed(rng, data, other) if rng.random() < 0.05 else data


OF_FORMAT: dict[str, Callable[[Random, bytes, bytes], bytes]] = {
    "PNG": chunks.png,
    "JPEG": chunks.jpeg,
    "TIFF": headers.tiff,
    "WEBP": chunks.webp,
    "BMP": headers.bmp,
    "GIF": headers.gif,
    "PPM": headers.ppm,
}
