"""Photographs of every format that is read, changed where their formats say what is what."""

import re
import struct
import zlib
from collections.abc import Callable
from random import Random

from fuzz import octets
from fuzz.seeds import FOREIGN

SIDES = [0, 1, 2, 10, 11, 12, 13, 255, 256, 9000, 30_000, 65_535, 65_536, 2**31 - 1, 2**31, 2**32 - 1]
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
BLOWN_UP = 2**26  # bytes of one kind, which shrink to little


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


TIFF_TAGS = [
    254,
    256,
    257,
    258,
    259,
    262,
    266,
    273,
    274,
    277,
    278,
    279,
    284,
    317,
    320,
    322,
    323,
    324,
    325,
    330,
    338,
    339,
]
TIFF_VALUES = [*SIDES, 3, 4, 5, 6, 7, 8, 16, 32, 64, 32773, 32946, 34712, 50000, 34892]


def tiff(rng: Random, data: bytes, other: bytes) -> bytes:
    order = "<" if data[:2] == b"II" else ">"
    (first,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, first)
    out, entry = bytearray(data), first + 2 + 12 * rng.randrange(count)
    match rng.randrange(6):
        case 0 | 1 | 2:  # a value, where it stands in its entry
            (kind,) = struct.unpack_from(f"{order}H", data, entry + 2)
            struct.pack_into(f"{order}{'H' if kind == 3 else 'I'}", out, entry + 8, rng.choice(TIFF_VALUES) % 65536)
        case 3:
            struct.pack_into(f"{order}H", out, entry + 2, rng.choice([0, 1, 2, 3, 4, 5, 9, 11, 12, 13, 16, 99]))
        case 4:
            struct.pack_into(f"{order}I", out, entry + 4, rng.choice([0, 1, 2, 3, 4, 1000, 2**28, 2**32 - 1]))
        case 5:
            if rng.random() < 0.5:
                struct.pack_into(f"{order}H", out, entry, rng.choice(TIFF_TAGS))
            else:  # the next picture is this one
                struct.pack_into(f"{order}I", out, first + 2 + 12 * count, rng.choice([first, 8, len(data), 2**32 - 1]))
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


def bmp(rng: Random, data: bytes, other: bytes) -> bytes:
    """Sizes, planes and bits, compression, colours."""
    out, (at, kind) = (
        bytearray(data),
        rng.choice(
            [(2, "I"), (10, "I"), (14, "I"), (18, "I"), (22, "I"), (26, "H")] * 2 + [(28, "H"), (30, "I"), (46, "I")]
        ),
    )
    value = rng.choice([*SIDES, 3, 4, 8, 16, 24, 32, 40, 108, 124, len(data)])
    struct.pack_into(f"<{kind}", out, at, value % (65536 if kind == "H" else 2**32))
    return bytes(out)


def gif(rng: Random, data: bytes, other: bytes) -> bytes:
    out, at = bytearray(data), data.index(b",", 13)
    match rng.randrange(3):
        case 0:
            struct.pack_into("<H", out, rng.choice([6, 8, at + 1, at + 3, at + 5, at + 7]), rng.choice(SIDES) % 65536)
        case 1:
            out[rng.choice([10, 11, 12, at + 9, at + 10])] = rng.choice([0, 1, 0x40, 0x77, 0x80, 0xF7, 0xFF])
        case 2:
            out[at:at] = rng.choice(
                [data[at:-1], b"!\xf9\4\1\0\0\0\0", b"!\xff\x0bNETSCAPE2.0\3\1\0\0\0", b"!\xfe" + b"\xff" * 600]
            )
    return bytes(out)


def ppm(rng: Random, data: bytes, other: bytes) -> bytes:
    words = data.split(maxsplit=4 if data[1:2] not in b"14" else 3)
    number = rng.randrange(len(words))
    words[number] = rng.choice(
        [
            *(
                b"P1",
                b"P2",
                b"P3",
                b"P4",
                b"P5",
                b"P6",
                b"P7",
                b"Pf",
                b"PF",
                b"Py",
                b"-1",
                b"1.5",
                b"x",
                b"1_0",
                b"0x10",
            ),
            *(str(side).encode() for side in SIDES),
            *(
                b"256",
                b"65535",
                b"65537",
                b"9" * 50,
                b"# " + words[number] + b"\n" + words[number],
                b"\0" * 9,
                b" " * 5000,
            ),
        ]
    )
    return words[0] + b"\n" + b" ".join(words[1:-1]) + b"\n" + words[-1]


OF_FORMAT: dict[str, Callable[[Random, bytes, bytes], bytes]] = {
    "PNG": png,
    "JPEG": jpeg,
    "TIFF": tiff,
    "WEBP": webp,
    "BMP": bmp,
    "GIF": gif,
    "PPM": ppm,
}
