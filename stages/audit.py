"""The fits of this clone, put to the test: do the weights decode to the pictures, does fitting anew give them again?"""

import io
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from refield import codec, metrics, rendering
from refield.config import Params
from refield.errors import UserError
from refield.store import Made, Store
from refield.units import Unit
from stages import ahead, layout
from stages.fit import read_unit

ROUNDING = 1  # grey levels: the definition adds in another order than the engine
MACHINE = ["device", "blas", "torch", "numpy", "platform"]  # what the last bits of a fit may follow

Fit = tuple[str, str, str]  # profile, method, image


def fits_here(params: Params) -> list[Fit]:
    """All fits in data/, of any profile; `UserError` if there are none."""
    folders = [
        (profile, method, folder.name)
        for profile in params.profiles
        for method in params.method_names
        for folder in sorted(layout.fits(profile, method).glob("*/"))
    ]
    if not folders:
        raise UserError(f"{layout.DATA} holds no fits to check; run `dvc repro`, or `dvc pull` where there is a remote")
    return folders


def decoded(params: Params) -> list[str]:
    """What is wrong with the weights of the fits here: the pictures beside them are what scores are of."""
    fits = fits_here(params)
    problems = [f"{layout.fits(p, m) / image}: {wrong}" for p, m, image in fits for wrong in unlike(p, m, image)]
    print(f"{len(fits) - len(problems)} of {len(fits)} fits decode to their pictures")
    return problems


def unlike(profile: str, method: str, image: str) -> Iterator[str]:
    far = rendering.deviation(layout.fits(profile, method) / image)
    if far > ROUNDING:
        yield f"its weights decode to a picture that differs by up to {far} grey levels; remove it and run `dvc repro`"


def refitted(params: Params, count: int) -> list[str]:
    """Fit some of the fits here anew, drawn by chance, wherever the executor fits; the store's units stay as they are.

    What differs is a problem on a machine of the same kind only.
    """
    fits = fits_here(params)
    units = defaultdict[str, dict[Fit, Unit]](dict)
    for profile, method, image in sorted(random.sample(fits, min(count, len(fits)))):
        unit = read_unit(params, profile, method, layout.images(profile) / f"{image}.png")
        units[profile][profile, method, image] = unit
    problems = []
    for profile, chosen in units.items():
        with tempfile.TemporaryDirectory(dir=Store().root, prefix="refit-", ignore_cleanup_errors=True) as folder:
            store = Store(Path(folder), refit=False)
            made = ahead.make(list(chosen.values()), store, params, profile, f"{profile} anew", lambda: [])
        problems += [wrong for fit, unit in chosen.items() for wrong in compared(*fit, unit, made[unit.key()])]
    return problems


def compared(profile: str, method: str, image: str, unit: Unit, made: Made) -> Iterator[str]:
    """Say how a fit came out anew; what is wrong with that."""
    folder = layout.fits(profile, method) / image
    changed = [name for name, data in made.files.items() if (folder / name).read_bytes() != data]
    others = other_machine(profile, method, image, made)
    said = difference(unit.image, folder, made) if changed else "the same bytes"
    print(f"{folder}: fitted anew, {said}{f' (then {others})' if others else ''}")
    if changed and not others:
        yield f"{folder}: {', '.join(changed)} came out otherwise, on a machine of the same kind"


def other_machine(profile: str, method: str, image: str, made: Made) -> str:
    """In what the machine that fitted it, by its provenance, differs from this one; nothing if it is of a kind."""
    table = pd.read_csv(layout.provenance(profile, method), index_col="image", keep_default_na=False, dtype=str)
    there, here = table.loc[image], made.provenance
    return "; ".join(f"{key} {there[key]}, here {here[key]}" for key in MACHINE if there[key] != str(here[key]))


def difference(original: np.ndarray, folder: Path, made: Made) -> str:
    files = (folder / codec.RECONSTRUCTION, io.BytesIO(made.files[codec.RECONSTRUCTION]))
    before, now = (metrics.psnr_8bit(original, np.array(Image.open(file)).reshape(original.shape)) for file in files)
    return f"PSNR {now:.3f} instead of {before:.3f} dB"
