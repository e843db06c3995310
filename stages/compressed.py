"""Compress a profile's photographs as fields: bytes and quality of real files, and the pictures that they hold."""

import shutil
from itertools import product
from pathlib import Path

import refield
from refield import comparison
from refield.interface.compression import room
from refield.interface.request import ask
from refield.pipeline.command import run
from refield.pipeline.comparison_layout import ComparisonLayout
from refield.pipeline.names import FromStage
from refield.scores.rates import as_csv, rate
from refield.signals import png


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = ComparisonLayout(paper)
    asked = comparison.read(layout.params).profile(profile).compressed
    for folder in (layout.compressed(profile), layout.decompressed(profile)):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    if asked is None:
        return
    rates, iterations, files = [], asked.iterations, sorted(layout.signals(profile).glob("*.png"))
    for file, method in product(files, asked.methods):  # before any is fitted
        require_room(file, min(asked.bpp), method, iterations)
    for file, method, bpp in product(files, asked.methods, asked.bpp):
        pixels = png.read(file)
        made = refield.compress(pixels, bpp=bpp, method=method, iterations=iterations, device="cpu", progress=False)
        png.write(layout.decompressed(profile) / method / f"{bpp:g}" / file.name, made.picture)
        rates.append(rate(file.stem, method, f"{bpp:g}", len(made.data), pixels, made.picture))
    (layout.compressed(profile) / "rates.csv").write_text(as_csv(rates))
    print(f"{profile}: {len(rates)} files")


def require_room(file: Path, bpp: float, method: str, iterations: int) -> None:
    """`UserError` if no weights fit into a photograph's file of such a rate."""
    room(ask(file, method, "photograph", native=True, settings={"iterations": iterations}).unit, bpp)


if __name__ == "__main__":
    run(main)
