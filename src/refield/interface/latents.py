"""A photograph as a file of latents: what `refield compress` makes of it unless a method is named."""

import hashlib
import json
import time
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from refield import files
from refield.coding import file
from refield.coding.latents.aim import Aim
from refield.coding.latents.compress import compress
from refield.coding.latents.file import CodedLatents
from refield.coding.latents.start import digest
from refield.coding.limits import MOST_BYTES
from refield.errors import UserError
from refield.interface.compressed import Compressed
from refield.scores.metrics import psnr_8bit
from refield.signals.image import Image
from refield.units.fingerprint import fingerprint
from refield.units.store import Store


def compressed(image: Image, aim: Aim, steps: int, seed: int, progress: bool) -> Compressed:
    """The file, made now or kept in the user's store from before."""
    place = _place(image, aim, steps, seed)
    with suppress(UserError):  # not there, or damaged
        data = files.read(place, MOST_BYTES)
        coded = file.decode(data)
        if (
            isinstance(coded, CodedLatents)
            and (coded.shape, coded.channels) == (image.shape, image.channels)
            and not Store().refit
        ):
            return Compressed(data, coded, psnr_8bit(image.pixels, coded.signal().pixels), _seconds(place))
    began = time.perf_counter()
    with _bar(progress) as bar:
        task = bar.add_task("latents", total=steps, said="")

        def report(step: int, psnr: float, bpp: float) -> None:
            bar.update(task, completed=step, said=f"{psnr:.2f} dB, {bpp:.3f} bpp")

        made = compress(image, aim, steps, seed, report)
    seconds = time.perf_counter() - began
    with suppress(OSError):  # whoever has a store that cannot be written has a file all the same
        files.make_folder(place.parent)
        files.write(_beside(place), json.dumps({"seconds": seconds}).encode())
        files.write(place, made.data)
    return Compressed(*made, seconds)


def _seconds(place: Path) -> float | None:
    """How long a kept file took, if that was kept as well."""
    with suppress(UserError, ValueError, TypeError, KeyError):
        return float(json.loads(files.read(_beside(place)))["seconds"])
    return None


def _beside(place: Path) -> Path:
    return place.with_suffix(".json")


def _place(image: Image, aim: Aim, steps: int, seed: int) -> Path:
    """Where the store keeps the file, by all that decides about it."""
    pixels = hashlib.sha256(image.pixels.tobytes()).hexdigest()
    code = fingerprint("refield.coding.latents.compress"), digest()
    about = [pixels, image.pixels.shape, aim.bpp, aim.psnr, steps, seed, code]
    key = hashlib.sha256(json.dumps(about).encode()).hexdigest()
    return Store().root / "compressed" / key[:2] / f"{key}.rfd"


def _bar(visible: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[said]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not visible,
    )
