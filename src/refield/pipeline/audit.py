"""The fits of this clone, put to the test: do the weights decode to the pictures, does fitting anew give them again?"""

import random
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from refield.config import Params
from refield.errors import UserError
from refield.files import read
from refield.pipeline import executing
from refield.pipeline.layout import Layout
from refield.pipeline.units import file_of, read_unit
from refield.scores.files import read_csv
from refield.signals import Volume
from refield.signals.signal import Signal
from refield.units.decode import Model
from refield.units.names import WEIGHTS
from refield.units.scoring import check, read_files, read_signal, score_files
from refield.units.store import Made, Store
from refield.units.unit import Unit

# Steps of 8-bit values: the definition adds in another order than the engine, and another machine in yet another. A
# voxel has no steps, but its bit is the sign of a value, which may turn where that is next to 0. So a bit that turned
# is off by how far its value is from 0, and has the room of a pixel: far more than what sums in other orders change.
ROUNDING = 1
REMEDY = "remove it and run `dvc repro`"
UNKNOWN = "on a machine that is not known"
MACHINE = ["device", "blas", "torch", "numpy", "platform"]  # what the last bits of a fit may follow

Fit = tuple[str, str, str]  # profile, method, signal


def fits_here(layout: Layout, params: Params) -> list[Fit]:
    """All fits in data/, of any profile; `UserError` if there are none."""
    folders = [
        (profile, method, folder.name)
        for profile in params.profiles
        for method in params.methods_of(profile)
        for folder in sorted(layout.fits(profile, method).glob("*/"))
    ]
    if not folders:
        raise UserError(f"{layout.data} holds no fits to check; run `dvc repro`, or `dvc pull` where there is a remote")
    return folders


def decoded(layout: Layout, params: Params) -> list[str]:
    """What is wrong with the weights of the fits here: the pictures beside them are what scores are of."""
    fits = fits_here(layout, params)
    problems = [no for fit in fits for no in unlike(layout, params, *fit)]
    print(f"{len(fits) - len(problems)} of {len(fits)} fits decode to their pictures")
    return problems


def unlike(layout: Layout, params: Params, profile: str, method: str, name: str) -> Iterator[str]:
    """In what a fit's estimate differs from what its weights decode to, or which file is damaged."""
    folder, file = layout.fits(profile, method) / name, file_of(layout, params, profile, name)
    try:
        signal = read_signal(file, params.profiles[profile].signal)
        fit = check(signal, read_files(signal, folder), f"{folder}/")
        values = Model(**vars(fit.contents), file=folder / WEIGHTS).render(signal.shape, fit.labels)
    except UserError as error:
        yield str(error)
        return
    again = params.task(profile, method).finish(values, signal)
    far, said = apart(values, again, fit.estimate)
    if far > ROUNDING:
        yield f"{folder}: its weights decode to {said}; {REMEDY}"


def apart(values: np.ndarray, decoded: Signal, estimate: Signal) -> tuple[float, str]:
    """How far what a field's values (n, c) were made to is from an estimate, in `ROUNDING`'s steps, and in words."""
    found, kept = decoded.values(), estimate.values()
    if isinstance(decoded, Volume):
        off = found != kept
        far = 127.5 * float(np.abs(values[off]).max(initial=0))
        told = f"of values up to {far / 127.5:.2g} from the threshold"
        return far, f"a solid with {off.sum():,} of its voxels turned, {told}"
    far = round(127.5 * float(np.abs(found - kept).max()))
    return far, f"a picture that differs by up to {far} grey levels"


def refitted(layout: Layout, params: Params, count: int) -> list[str]:
    """Fit some of the fits here anew, drawn by chance, wherever the executor fits; the store's units stay as they are.

    What differs is a problem on a machine of the same kind only.
    """
    fits = fits_here(layout, params)
    units = defaultdict[str, dict[Fit, Unit]](dict)
    for profile, method, name in sorted(random.sample(fits, min(count, len(fits)))):
        unit = read_unit(layout, params, profile, method, file_of(layout, params, profile, name))
        units[profile][profile, method, name] = unit
    problems = []
    for profile, chosen in units.items():
        with tempfile.TemporaryDirectory(dir=Store().root, prefix="refit-", ignore_cleanup_errors=True) as folder:
            store = Store(Path(folder), refit=False)
            title = f"{profile} anew"
            made = executing.make(list(chosen.values()), store, params, layout, profile, title)
        problems += [no for fit, unit in chosen.items() for no in compared(layout, fit, unit, made[unit.key()])]
    return problems


def compared(layout: Layout, fit: Fit, unit: Unit, made: Made) -> Iterator[str]:
    """Say how a fit came out anew; what is wrong with that."""
    profile, method, name = fit
    folder = layout.fits(profile, method) / name
    changed = [file for file, data in made.files.items() if read(folder / file, links=True) != data]
    others = other_machine(layout.provenance(profile, method), name, made)
    said = difference(unit, folder, made) if changed else "the same bytes"
    print(f"{folder}: fitted anew, {said}{f' (then {others})' if others else ''}")
    if changed and not others:
        yield f"{folder}: {', '.join(changed)} came out otherwise, on a machine of the same kind"


def other_machine(provenance: Path, name: str, made: Made) -> str:
    """In what the machine that fitted it, by its provenance, differs from this one; nothing if it is of a kind."""
    if not provenance.exists():
        return UNKNOWN
    table, here = read_csv(provenance), made.provenance
    if lacking := [column for column in ("image", *MACHINE) if column not in table]:
        raise UserError(f"{provenance} has no column {lacking[0]}")
    rows = table[table["image"] == name].to_dict("records")
    if not rows:
        return UNKNOWN
    if len(rows) > 1:
        raise UserError(f"{provenance} has {len(rows)} rows of {name}; it must have one")
    there = rows[0]
    return "; ".join(f"{key} {there[key]}, here {here[key]}" for key in MACHINE if there[key] != str(here[key]))


def difference(unit: Unit, folder: Path, made: Made) -> str:
    """By how much the measure that ranks methods has changed."""
    ranks = unit.task.measures[0]
    before, now = (
        float(score_files(unit.name, unit.signal, files, unit.task, f"{folder}/")[ranks.name])
        for files in (read_files(unit.signal, folder), made.files)
    )
    return f"{ranks.title} {now:.3f} instead of {before:.3f}"
