"""Grids of latents beside plain PyTorch, on a CPU: `python -m benchmarks.latents`, some minutes.

A step of full-batch Adam at 768x512: by refield's descent; by the same field as one writes it in PyTorch, channels
first, as `interpolate` and convolutions of one pixel (plain); and by PyTorch with all that helps it: matrix products
over chunks of pixels that stay in cache, and an allocator that keeps what is freed (chunked). `passes` is refield's
descent without llvmlite, which else takes a part, and `two` the same as refield's on two threads. Below that, what no
step can do without: the matrix products of refield's alone (products); a copy of as many bytes as its arrays in memory
are read and written in a step (traffic); and both (floor). What activations compute is in neither. At last, how long a
file of latents takes to be read (decoding), whose size stands beside, as bits per pixel.

Each has a process and, but for `two`, one thread of its own, and they take turns, with nothing else running; ratios are
taken within a turn. Times are as in `benchmarks.cpu`. Writes latents.csv beside itself, or into `--out FOLDER`.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import Popen
from typing import Annotated

import numpy as np
import pandas as pd
import skimage.data
import typer

from benchmarks import contestants
from benchmarks.contestants import KEPT, RATE, Descending, by_passes, by_refield
from benchmarks.plain_latents import ACTIVATIONS, by_torch
from benchmarks.quoted import DECODING, TWO
from benchmarks.race import compared, on_this_machine, race, started
from benchmarks.subjects import noise
from refield.coding import file
from refield.coding.envelope import wrap
from refield.coding.latents import file as latents_file
from refield.coding.latents.compress import START, Size, learning_rates
from refield.coding.latents.descent import Descent
from refield.coding.latents.file import CodedLatents
from refield.coding.latents.networks import quantised
from refield.coding.latents.slope import slope
from refield.coding.latents.softening import Softness
from refield.coding.latents.start import begin
from refield.fields.latents import Latents
from refield.fitting.fit import descend
from refield.fitting.job import Job
from refield.fitting.latents import level, passes
from refield.fitting.latents.engine import LatentsDescent
from refield.fitting.train import Train
from refield.signals import Image
from refield.tasks.problem import Problem

THREADS = "OMP_NUM_THREADS"
# By name, the environment of its process.
STEPPING = {"refield": {}, TWO: {THREADS: "2"}, "passes": {}, "plain": {}, "chunked": KEPT}
CONTESTANTS: Mapping[str, Mapping[str, str]] = {**STEPPING, "products": {}, "traffic": {}}
ALONE = {THREADS: "1"}
WIDTH = 24
BPP, ENCODED = 0.6, 20  # of the file that is decoded: about its bits per pixel, and after how many steps


def of_memory(descent: LatentsDescent) -> int:
    """Bytes that a step reads and writes of arrays that are too large to stay in a cache until they are used again."""
    moved = 0
    for each in descent.evaluation.levels:
        moved += 2 * (each.spread.nbytes + sum(part.nbytes for part in each.parts))  # written, and read
        moved += 4 * each.by_spread.nbytes  # cleared, added to (read and written), and read
    for parameter in descent.adam.parameters.values():
        # Read to be spread; its gradient written; and by Adam read, as it and two means are, which are written as well.
        moved += 9 * parameter.nbytes
    return moved + sum(chunk.target.nbytes + chunk.output.nbytes for chunk in descent.evaluation.chunks)


def by_copies(descent: LatentsDescent) -> Descending:
    """Memory read and written as much as in a step, and nothing computed."""
    here = np.ones(of_memory(descent) // 2, np.uint8)
    there = here.copy()
    return Descending(lambda: np.copyto(there, here), lambda: 0.0)


class Products(contestants.Products):
    """Of calls only the matrix products."""

    def call(self, function: object, *arguments: object) -> None: ...


def descent(field: Latents, problem: Problem) -> LatentsDescent:
    found = descend(Job(field, problem, Train(iterations=1, learning_rate=RATE), seed=0), "cpu")
    assert isinstance(found, LatentsDescent)
    return found.__enter__()


def by_products(field: Latents, problem: Problem) -> Descending:
    """A step without Adam and all that is no matrix product, in a process that then takes no other."""
    level.Program = passes.Program = Products
    evaluation = descent(field, problem).evaluation
    return Descending(lambda: evaluation.run(back=True), lambda: 0.0)


def encoded(height: int, width: int) -> bytes:
    """A photograph as a file."""
    photograph = skimage.data.coffee()
    rows, columns = (max(0, wanted - there) for wanted, there in zip((height, width), photograph.shape, strict=False))
    image = Image(np.pad(photograph, ((0, rows), (0, columns), (0, 0)), "reflect")[:height, :width].copy())
    size = Size.of(image.shape)
    lambda_ = START * slope(image, BPP, None)
    with Descent(image, *size, 0) as fit:
        begin(fit.tensors(), size.width, size.hidden)
        for step in range(ENCODED):
            progress = step / ENCODED
            fit.step(Softness.at(progress, lambda_), lambda_, learning_rates(lambda_, progress))
        coded = CodedLatents(image.shape, image.channels, fit.symbols(), quantised(fit, lambda_))
    return wrap(latents_file.KIND, latents_file.encode(coded))


def by_reader(height: int, width: int) -> Descending:
    data = encoded(height, width)
    return Descending(lambda: file.decode(data).signal(), lambda: 0.0)


def start(by: str, name: str, height: int, width: int) -> Descending:
    """A contestant's steps with an activation of some name, or the reading of a file."""
    if name == DECODING:
        return by_reader(height, width)
    problem, shape = noise(height, width, 2), (height, width)
    field = Latents(finest=shape, levels=7 if height >= 128 else 3, width=WIDTH, activation=name)
    if by in ("products", "traffic"):
        return by_products(field, problem) if by == "products" else by_copies(descent(field, problem))
    if by in ("refield", TWO, "passes"):
        return (by_passes if by == "passes" else by_refield)(field, problem, "cpu")
    return by_torch(field, problem, shape, chunked=by == "chunked")


def serve(by: str, name: str, height: int, width: int) -> None:
    contestants.serve([start(by, name, height, width)])


def process(entry: Sequence[object], cache: str) -> Popen[str]:
    call = f"from benchmarks.latents import serve; serve(*{tuple(entry)!r})"
    return started([sys.executable, "-c", call], {**ALONE, **CONTESTANTS[str(entry[0])]})


def measure(name: str, height: int, width: int) -> pd.DataFrame:
    """A step with an activation by all contestants, a row each; or the reading of a file."""
    entrants = ["refield"] if name == DECODING else list(CONTESTANTS)
    found = race({by: (by, name, height, width) for by in entrants}, start=process)
    if name != DECODING:
        for times in found.values():
            times["floor"] = times["products"] + times["traffic"]
    table = compared(found)
    bpp = 8 * len(encoded(height, width)) / (height * width) if name == DECODING else float("nan")
    columns = {"pixels": f"{width}x{height}", "bpp": bpp, "width": WIDTH, "name": name}
    machine = on_this_machine(pd.concat([pd.DataFrame(columns, index=table.index), table], axis=1))
    return machine.assign(threads=[2 if by == TWO else 1 for by in table["by"]])


def main(
    height: Annotated[int, typer.Option()] = 512,
    width: Annotated[int, typer.Option()] = 768,
    out: Path | None = None,
) -> None:
    table = pd.concat([measure(name, height, width) for name in (*ACTIVATIONS, DECODING)])
    print(table.iloc[:, :-4].round(2).to_string(index=False))
    where = (out or Path(__file__).parent) / "latents.csv"
    table.to_csv(where, index=False, float_format="%.3f", lineterminator="\n")


if __name__ == "__main__":
    typer.run(main)
