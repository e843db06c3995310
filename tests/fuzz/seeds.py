"""Small pictures of every format that is read, in the modes that each has."""

import io
import struct
from typing import Any

import numpy as np
from PIL import Image
from signals import handmade

# What no photograph is read as, whatever its name.
FOREIGN = [
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(PWNED) (w) file closefile\n",
    b"%PDF-1.4\n",
    b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    b"8BPS\0\1" + bytes(20),
    b"\0\0\0\x18ftypheic" + bytes(40),
    b"\0\0\1\0\1\0\x10\x10" + bytes(40),
    b"SIMPLE  =                    T" + b" " * 2850,
    b"",
]


def seeds() -> dict[str, list[bytes]]:
    """Small pictures of each format, in the modes that it has."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (15, 22, 3), dtype=np.uint8)
    deep = rng.integers(0, 65536, (15, 22), dtype=np.uint16)
    turned = Image.Exif()
    turned[0x0112] = 6

    def saved(format: str, mode: str = "RGB", **options: Any) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(pixels).convert(mode).save(buffer, format, **options)
        return buffer.getvalue()

    buffer = io.BytesIO()
    Image.fromarray(deep).save(buffer, "PNG")
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep)
    return {
        "PNG": [
            *(saved("PNG", mode) for mode in ("1", "L", "P", "RGB", "LA", "RGBA")),
            *(saved("PNG", exif=turned), saved("PNG", "P", transparency=3), saved("PNG", "L", bits=4)),
            *(buffer.getvalue(), handmade.png(22, 15, 16, 0, rows, struct.pack(">H", 77))),
            saved("PNG", save_all=True, append_images=[Image.fromarray(pixels[::-1])]),
        ],
        "JPEG": [
            *(saved("JPEG"), saved("JPEG", "L"), saved("JPEG", "CMYK"), saved("JPEG", progressive=True)),
            *(
                saved("JPEG", exif=turned, quality=95, subsampling=0),
                saved("MPO", save_all=True, append_images=[Image.fromarray(pixels[::-1])]),
            ),
        ],
        "TIFF": [
            *(saved("TIFF", mode) for mode in ("1", "L", "P", "RGB", "LA", "RGBA", "CMYK", "YCbCr", "LAB", "I", "F")),
            *(saved("TIFF", compression=name) for name in ("tiff_lzw", "tiff_deflate", "packbits", "jpeg")),
            *(saved("TIFF", exif=turned), saved("TIFF", "1", compression="group4"), saved("TIFF", big_tiff=True)),
            *(handmade.tiff(deep, 16, zero, order=order) for zero in (0, 1) for order in "<>"),
            *(handmade.tiff(deep >> 4, 12, 1, deflate=deflate) for deflate in (False, True)),
            saved("TIFF", save_all=True, append_images=[Image.fromarray(pixels[::-1])]),
        ],
        "WEBP": [
            *(saved("WEBP"), saved("WEBP", lossless=True), saved("WEBP", "RGBA"), saved("WEBP", exif=turned)),
            saved("WEBP", save_all=True, append_images=[Image.fromarray(pixels[::-1])]),
        ],
        "BMP": [saved("BMP", mode) for mode in ("1", "L", "P", "RGB", "RGBA")],
        "GIF": [
            saved("GIF", "P"),
            saved("GIF", "L", interlace=1),
            saved("GIF", "P", save_all=True, append_images=[Image.fromarray(pixels[::-1])]),
        ],
        "PPM": [
            *(saved("PPM"), saved("PPM", "L"), saved("PPM", "1")),
            *(handmade.ppm(deep, 65535), handmade.ppm(deep >> 4, 4095)),
            b"P3\n3 2\n255\n" + b"1 2 3\n" * 6,
            b"P1\n12 12\n" + b"0 1 " * 72,
        ],
    }
