"""Small files that unpack to much."""

import io
import struct
import zlib

from PIL import Image


def png(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it has so many pixels."""
    buffer = io.BytesIO()
    Image.new("L", (1, 1)).save(buffer, "png")
    content = buffer.getvalue()
    head = b"IHDR" + struct.pack(">II", width, height) + content[24:29]
    return content[:12] + head + struct.pack(">I", zlib.crc32(head)) + content[33:]
