"""Several photographs as files, side by side."""

import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from refield.coding.latents.file import CodedLatents
from refield.coding.parts import Part, parts
from refield.interface.compressed import decompress
from refield.interface.compression import compress, room
from refield.interface.request import ask
from refield.scores.rates import Rate, rate
from refield.signals import png

LATENTS = "latents"  # where methods have their names


class Wanted(NamedTuple):
    """A file that is to be made, and looked at."""

    photograph: Path
    method: str | None  # None: latents
    iterations: int
    bpp: float
    folder: Path  # of pictures that files hold: `<method>/<bpp>/<photograph>`


class Timed(NamedTuple):
    """What a file takes and shows, and how long it took by the clock, on one thread."""

    rate: Rate
    encode_seconds: float | None  # wherever it was made; None: unknown
    decode_seconds: float  # here
    parts: Sequence[Part]  # of a file of latents; none of others


def compress_all(files: Sequence[Wanted]) -> list[Timed]:
    """What each file takes and shows; `UserError` before any fit if some can hold nothing.

    A process a core, of which each computes alone, is nearly as fast for each file as one that has all cores.
    """
    least = {(file.photograph, file.method): file.bpp for file in sorted(files, key=lambda file: -file.bpp)}
    for (photograph, method), bpp in least.items():
        if method is not None:
            room(ask(photograph, method, "photograph", native=True).unit, bpp)
    if not files:
        return []
    processes, spawn = min(os.cpu_count() or 1, len(files)), multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, spawn, initializer=_alone) as pool:
        try:
            return list(pool.map(_make, files))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _alone() -> None:
    """One thread for this process."""
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    threadpool_limits(1)


def _make(file: Wanted) -> Timed:
    pixels, codec, setting = png.read(file.photograph), file.method or LATENTS, f"{file.bpp:g}"
    options: dict[str, Any] = {"method": file.method, "iterations": file.iterations, "device": "cpu"}
    made = compress(pixels, bpp=file.bpp, progress=False, **options)
    began = time.perf_counter()
    picture = decompress(made.data)
    seconds = time.perf_counter() - began
    png.write(file.folder / codec / setting / file.photograph.name, picture)
    row = rate(file.photograph.stem, codec, setting, len(made.data), pixels, picture)
    told = parts(made.data, made.coded) if isinstance(made.coded, CodedLatents) else []
    return Timed(row, made.seconds, seconds, told)
