"""Pictures whose parts say of what kind they are and how long: PNG's and WebP's chunks, JPEG's segments."""

import re
import struct
import zlib
from random import Random

from fuzz import octets
from fuzz.odd import SIDES

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
BLOWN_UP = 2**26  # bytes of one kind, which shrink to little


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(rng: Random, data: bytes, other: bytes) -> bytes:
    found, at = list[tuple[bytes, bytes]](), len(PNG_SIGNATURE)
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += length + 12
    which = rng.randrange(len(found))
    match rng.randrange(8):
        case 0 | 1:
            head = bytearray(found[0][1])
            if rng.random() < 0.5:
                struct.pack_into(">I", head, rng.choice([0, 4]), rng.choice(SIDES))
            else:  # depth, kind of colour, compression, filter, interlacing
                head[rng.randrange(8, 13)] = rng.choice([0, 1, 2, 3, 4, 6, 8, 16, 255])
            found[0] = b"IHDR", bytes(head)
        case 2:
            found.insert(rng.randrange(len(found)), found[which])
        case 3:
            del found[which]
        case 4:
            found.insert(rng.randrange(len(found) + 1), _ancillary(rng))
        case 5:
            found[which] = found[which][0], octets.changed(rng, found[which][1])
        case 6:
            which = [kind for kind, _ in found].index(b"IDAT")
            pixels = zlib.decompress(found[which][1])
            pixels = bytes(BLOWN_UP) if rng.random() < 0.1 else octets.changed(rng, pixels)
            found[which] = b"IDAT", zlib.compress(pixels)
        case 7:
            rng.shuffle(found)
    return PNG_SIGNATURE + b"".join(chunk(*each) for each in found)


def _ancillary(rng: Random) -> tuple[bytes, bytes]:
    few, much = rng.randbytes(rng.randint(0, 12)), zlib.compress(bytes(BLOWN_UP))
    animation = struct.pack(">IIIIIHHBB", 0, *rng.choices(SIDES[:9], k=4), 1, 1, 0, 0)
    return rng.choice(
        [
            *((b"tRNS", few), (b"PLTE", few * 3), (b"gAMA", few[:4]), (b"bKGD", few), (b"acTL", bytes(7) + b"\2")),
            *((b"eXIf", _exif(rng)), (b"pHYs", few), (b"IEND", b""), (b"fcTL", animation), (b"fdAT", bytes(4) + few)),
            *((b"zTXt", b"a\0\0" + much), (b"iCCP", b"a\0\0" + much), (b"iTXt", b"a\0\1\0\0\0" + much)),
            (bytes(rng.choices(b"abcdXYZ\xff\0", k=4)), few),
        ]
    )


def _exif(rng: Random) -> bytes:
    """A TIFF with an orientation, which may be none."""
    value = rng.choice([0, 1, 2, 5, 6, 8, 9, 255, 65535])
    kind, count = rng.choice([3, 3, 3, 2, 4, 5, 7, 0, 99]), rng.choice([1, 1, 1, 0, 2, 2**31])
    entry = struct.pack("<HHIHH", 0x0112, kind, count, value, 0)
    return (
        b"II*\0" + struct.pack("<IH", 8, rng.choice([1, 1, 1, 0, 500])) + entry + struct.pack("<I", rng.choice([0, 8]))
    )


def jpeg(rng: Random, data: bytes, other: bytes) -> bytes:
    marks, at = list[tuple[int, int]](), 2  # where segments begin and end
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, at + 2)
        marks.append((at, at + 2 + length))
        at += 2 + length
    start, end = rng.choice(marks)
    frame = next((each for each, _ in marks if 0xC0 <= data[each + 1] <= 0xC2), start)
    out = bytearray(data)
    match rng.randrange(6):
        case 0 | 1:
            if rng.random() < 0.6:
                struct.pack_into(">H", out, frame + rng.choice([5, 7]), rng.choice(SIDES) % 65536)
            else:  # bits, components, and how these are sampled
                out[frame + rng.choice([4, 9, 11, 14])] = rng.choice([0, 1, 2, 3, 4, 8, 12, 0x11, 0x44, 255])
        case 2:
            out[at:at] = data[start:end]
        case 3:
            del out[start:end]
        case 4:
            exif = b"Exif\0\0" + _exif(rng)
            out[2:2] = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
        case 5:
            out[start + 4 : end] = octets.changed(rng, data[start + 4 : end])
    return bytes(out)


def webp(rng: Random, data: bytes, other: bytes) -> bytes:
    out = bytearray(data)
    at = rng.choice([place.start() for place in re.finditer(rb"RIFF|VP8[ LX]|ANIM|ANMF|ALPH|EXIF", data)])
    match rng.randrange(3):
        case 0:
            struct.pack_into("<I", out, at + 4, rng.choice([*SIDES, len(data) - 8]))
        case 1:
            out[at + 8 + rng.randrange(16)] = rng.choice([0, 1, 0x10, 0x2F, 0x7F, 0xFF])
        case 2:
            out[at:at] = (
                other[12:] if rng.random() < 0.5 else b"EXIF" + struct.pack("<I", 40) + _exif(rng)[:40].ljust(40)
            )
    return bytes(out)
