"""Compress a profile's photographs, as latents or by methods: bytes and quality of real files, and what they show."""

import multiprocessing
import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import refield
from refield import comparison
from refield.comparison import Profile
from refield.interface.compression import room
from refield.interface.request import ask
from refield.pipeline.command import run
from refield.pipeline.comparison_layout import ComparisonLayout
from refield.pipeline.names import FromStage
from refield.scores.rates import Rate, as_csv, rate
from refield.signals import png

LATENTS = "latents"  # where methods have their names


class Wanted(NamedTuple):
    """A file that is to be made."""

    photograph: Path
    method: str | None  # None: latents
    iterations: int
    bpp: float
    picture: Path


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = ComparisonLayout(paper)
    for folder in (layout.compressed(profile), layout.decompressed(profile)):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    photographs = sorted(layout.signals(profile).glob("*.png"))
    files = wanted(comparison.read(layout.params).profile(profile), photographs, layout.decompressed(profile))
    least = {(file.photograph, file.method): file.bpp for file in sorted(files, key=lambda file: -file.bpp)}
    for (photograph, method), bpp in least.items():  # before any is fitted
        if method is not None:
            room(ask(photograph, method, "photograph", native=True).unit, bpp)
    # A process a core, of which each computes alone, is nearly as fast for each file as one that has all cores.
    if files:
        processes, spawn = min(os.cpu_count() or 1, len(files)), multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes, spawn, initializer=alone) as pool:
            try:
                rates = list(pool.map(make, files))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        (layout.compressed(profile) / "rates.csv").write_text(as_csv(rates))
    print(f"{profile}: {len(files)} files")


def wanted(profile: Profile, photographs: list[Path], folder: Path) -> list[Wanted]:
    """All files of a profile, photograph by photograph."""
    asked: list[tuple[str | None, int, float]] = []
    if (methods := profile.compressed) is not None:
        asked += [(method, methods.iterations, bpp) for method, bpp in product(methods.methods, methods.bpp)]
    if (latents := profile.latents) is not None:
        asked += [(None, latents.iterations, bpp) for bpp in latents.bpp]
    return [
        Wanted(file, method, iterations, bpp, folder / (method or LATENTS) / f"{bpp:g}" / file.name)
        for file, (method, iterations, bpp) in product(photographs, asked)
    ]


def alone() -> None:
    """One thread for this process."""
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    threadpool_limits(1)


def make(file: Wanted) -> Rate:
    pixels = png.read(file.photograph)
    options: dict[str, Any] = {"method": file.method, "iterations": file.iterations, "device": "cpu", "progress": False}
    made = refield.compress(pixels, bpp=file.bpp, **options)
    png.write(file.picture, made.picture)
    return rate(file.photograph.stem, file.method or LATENTS, f"{file.bpp:g}", len(made.data), pixels, made.picture)


if __name__ == "__main__":
    run(main)
