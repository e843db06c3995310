"""What there is to say of a compressed file: what it holds, and of latents where its bytes go."""

import json
from collections.abc import Iterator, Sequence
from os import PathLike

from rich.console import Console
from rich.table import Table

from refield import fields
from refield.coding.file import Content
from refield.coding.latents.file import CodedLatents
from refield.coding.parts import Part, parts
from refield.coding.tensors import Half
from refield.interface import compressed


def main(path: str | PathLike[str]) -> None:
    """Print it; `UserError` if it is no such file."""
    data, coded = compressed.opened(path)
    for key, value in facts(len(data), coded):
        print(f"{key:>10}  {value}")
    if isinstance(coded, CodedLatents):
        print()
        Console(highlight=False).print(table(parts(data, coded), coded.samples))


def facts(size: int, coded: Content) -> Iterator[tuple[str, str]]:
    """What a file of so many bytes holds, by keys."""
    count = sum(tensor.values.size for tensor in coded.tensors.values())
    halves = any(isinstance(tensor, Half) for tensor in coded.tensors.values())
    field = fields.describe(coded.about.field)
    yield "picture", f"{' x '.join(map(str, reversed(coded.shape)))} pixels, {coded.about.channels} channels"
    yield "file", f"{size:,} bytes, {8 * size / coded.samples:.3f} bpp"
    if isinstance(coded, CodedLatents):
        yield "latents", f"{sum(grid.size for grid in coded.grids):,}, of {len(coded.grids)} grids"
    yield "weights", f"{count:,}, {'in half precision' if halves else 'quantised and entropy-coded'}"
    yield "map", "none" if coded.labels is None else f"of {coded.about.regions} regions"
    yield "field", json.dumps({key: value for key, value in field.items() if value is not None})


def table(parts: Sequence[Part], samples: int) -> Table:
    """Where the bytes of a file go that holds a picture of so many pixels."""
    shown, size = Table(), sum(part.bytes for part in parts)
    shown.add_column("part")
    for heading in ("numbers", "bits of each", "bytes", "share", "bpp"):
        shown.add_column(heading, justify="right")
    for name, numbers, taken in parts:
        counts = (f"{numbers:,}", f"{8 * taken / numbers:.2f}") if numbers else ("", "")
        shown.add_row(name, *counts, f"{taken:,.0f}", f"{taken / size:.1%}", f"{8 * taken / samples:.4f}")
    return shown
