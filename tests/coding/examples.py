"""Contents of compressed files, drawn: those that lie in golden/ as files, too."""

import zlib
from pathlib import Path
from typing import Any

import numpy as np

from refield.coding.description import Description
from refield.coding.envelope import CHECKSUM
from refield.coding.file import Coded
from refield.coding.tensors import Half, Quantised
from refield.fields.field import Field
from refield.fields.mlp import Mlp
from refield.fields.mlp_same_law import MlpSameLaw
from refield.fields.wire import Wire
from refield.signals import Image, IsotropicImage

GOLDEN = Path(__file__).with_name("golden")
# As those two papers' params.yaml have them, but smaller.
COIN = MlpSameLaw(gates=("dense",) * 2, width=10)
SINCO = Mlp(gates=("dense",) * 5, width=6, activation="relu", init="pytorch", skip=2, encoding={"octaves": 3})


def about(field: Field, channels: int = 3, signal: type[Image] = Image, target: str = "symmetric") -> Description:
    return Description(field, signal, 2, channels, target)


def drawn(
    field: Field, shape: tuple[int, int], seed: int = 0, channels: int = 3, half: bool = False, **said: Any
) -> Coded:
    """Weights as a fit's might be, and blocks of regions; `said` is what else the description says."""
    rng, described = np.random.default_rng(seed), about(field, channels, **said)
    tensors, labels = {}, None
    for i, (name, sizes) in enumerate(described.shapes().items()):
        if half:
            tensors[name] = Half.of(rng.integers(-99, 100, sizes) / 128)
        else:
            spread = 1 + 3 * i
            tensors[name] = Quantised(128 + i, np.rint(rng.integers(-999, 1000, sizes) / 999 * spread).astype(np.int32))
    if described.regions is not None:
        rows, columns = np.indices(shape)
        noise = rng.integers(0, 40, shape) == 0
        labels = ((rows // 5 + columns // 7 + noise) % described.regions).astype(np.uint8)
    return Coded(described, shape, tensors, labels)


def golden() -> dict[str, Coded]:
    return {
        "siren": drawn(Mlp(gates=("dense", "dense"), width=10), (12, 16)),
        "segment": drawn(Mlp(gates=(2.0, "segment"), width=6, regions=4, activation="relu"), (24, 17), seed=1),
        "half": drawn(Mlp(gates=("dense",), width=12, activation="finer"), (9, 14), seed=2, channels=1, half=True),
        "wire": drawn(Wire(width=8), (8, 11), seed=3),
        # Seeds of which half of the picture is inside of the range that values are clamped to.
        "coin": drawn(COIN, (12, 19), seed=90, half=True, signal=IsotropicImage, target="unit"),
        "sinco": drawn(SINCO, (17, 13), seed=70, channels=1),
    }


def same(one: Coded, other: Coded) -> bool:
    """Whether they hold the same, number by number."""
    if (one.about, one.shape, one.tensors.keys()) != (other.about, other.shape, other.tensors.keys()):
        return False
    if (one.labels is None) != (other.labels is None):
        return False
    if one.labels is not None and not np.array_equal(one.labels, other.labels):
        return False
    return all(np.array_equal(array, other.weights[name]) for name, array in one.weights.items())


def mended(data: bytes) -> bytes:
    """A file with the checksum that it should have, as who means harm would write it."""
    return data[:-CHECKSUM] + zlib.crc32(data[:-CHECKSUM]).to_bytes(CHECKSUM, "little")
