"""Pictures whose numbers stand where their format says: TIFF, BMP, GIF, PPM."""

import struct
from random import Random

from fuzz.odd import SIDES

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
