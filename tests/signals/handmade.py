"""Files of kinds that Pillow does not write."""

import struct
import zlib

import numpy as np


def png(width: int, height: int, bits: int, color: int, rows: bytes, transparent: bytes = b"") -> bytes:
    """A PNG of a colour type (0 grey, 2 colours); a row is a zero and its samples, the largest byte first."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0))
    head += chunk(b"tRNS", transparent) if transparent else b""
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def tiff(grey: np.ndarray, bits: int, zero: int, *, order: str = "<", deflate: bool = False) -> bytes:
    """A TIFF of greys (h, w) of 12 or 16 bits, of which 0 is white (`zero` 0) or black (1); `order` of its bytes."""
    height, width = grey.shape
    if bits == 12:
        rows = ["".join(f"{value:012b}" for value in row) for row in grey.tolist()]
        data = b"".join(int(row.ljust(-(-len(row) // 8) * 8, "0"), 2).to_bytes(-(-len(row) // 8)) for row in rows)
    else:
        data = grey.astype(f"{order}u2").tobytes()
    data = zlib.compress(data) if deflate else data
    data += bytes(len(data) % 2)
    tags = {256: width, 257: height, 258: bits, 259: 8 if deflate else 1, 262: zero, 273: 8, 277: 1, 278: height}
    tags[279] = len(data)
    entries = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags.items())
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8 + len(data))
    return head + data + struct.pack(f"{order}H", len(tags)) + entries + bytes(4)


def ppm(pixels: np.ndarray, largest: int) -> bytes:
    """A binary PGM of greys (h, w) or PPM of colours (h, w, 3) from 0 to `largest`."""
    height, width = pixels.shape[:2]
    head = f"P{5 if pixels.ndim == 2 else 6}\n{width} {height}\n{largest}\n"
    return head.encode() + pixels.astype(">u2" if largest > 255 else np.uint8).tobytes()
