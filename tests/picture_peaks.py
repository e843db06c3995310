"""What is done with a photograph for which no method is named, and how much memory that takes.

`python -m picture_peaks HEIGHT WIDTH STAGE...`, from tests/, tells of each stage two numbers of bytes: what a process
came to hold at most for it, and what it held at most in all. `render` shows what `fit` has left, `decompress` what
`compress` has.
"""

import contextlib
import io
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from held import tell

from refield import cli, interface
from refield.coding.latents import compress as compressing

PICTURE, FITTED, CODED, AGAIN = "picture.ppm", "fitted", "picture.rfd", "again.png"
SMALL = (48, 64)
STEPS = 2  # of a descent: what they hold is there from the first


def draw(folder: Path, height: int, width: int) -> None:
    """A picture of waves, row by row."""
    across = np.arange(width)[:, None] * [0.31, 0.047, 0.0113]
    with (folder / PICTURE).open("wb") as stream:
        stream.write(f"P6 {width} {height} 255\n".encode())
        for y in range(height):
            stream.write((127.5 + 120 * np.sin(across + 0.083 * y)).astype(np.uint8).tobytes())


def fit(folder: Path) -> None:
    """A few steps, the files, and the scores."""
    result = interface.ask(folder / PICTURE, None, None, settings={"iterations": STEPS}).make(progress=False)
    result.save(folder / FITTED)
    assert result.method == "latents"
    assert "PSNR" in str(result)


def render(folder: Path) -> None:
    """The field as a picture of its own size."""
    cli.render(folder / FITTED, 1.0, None, folder / AGAIN)


def compress(folder: Path) -> None:
    """A file that may have as many bits as it takes."""
    cli.compress(folder / PICTURE, folder / CODED, bpp=64, iterations=STEPS)


def decompress(folder: Path) -> None:
    """The file as a picture."""
    cli.decompress(folder / CODED, folder / AGAIN, force=True)


STAGES: dict[str, Callable[[Path], None]] = {each.__name__: each for each in (fit, render, compress, decompress)}


def quietly(stage: Callable[[Path], None], folder: Path) -> None:
    """A command without what it prints."""
    with contextlib.redirect_stdout(io.StringIO()):
        stage(folder)


if __name__ == "__main__":
    compressing.REPAIRS = 0  # further descents, each of which keeps three bytes a pixel
    with TemporaryDirectory() as place:
        os.environ["REFIELD_UNITS"] = f"{place}/units"
        sizes = {Path(place, "small"): SMALL, Path(place, "large"): (int(sys.argv[1]), int(sys.argv[2]))}
        for folder, size in sizes.items():
            folder.mkdir()
            draw(folder, *size)
        for stage in sys.argv[3:]:
            tell(stage, *(partial(quietly, STAGES[stage], folder) for folder in sizes))
