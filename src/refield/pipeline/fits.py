"""Bring a profile's fits to their place: from the store, or by whoever executor.yaml names."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from refield import config, files
from refield.config import Params
from refield.errors import UserError
from refield.pipeline import provenance
from refield.pipeline.layout import Layout
from refield.pipeline.names import require
from refield.pipeline.units import read_units
from refield.units.failures import FitsFailed
from refield.units.kept import kept
from refield.units.store import Made, Store
from refield.units.unit import Unit


def fit(layout: Layout, profile: str, only: Sequence[str] = ()) -> Iterator[str]:
    """Fit the methods of a profile, or some `only`, to every signal, unless the store has the unit, or it is here.

    In the order in which these are named, or the profile lists its own, so that what tells most may come first.
    A line for each method of which something was fitted, and in the end one of all. `UserError` then for those whose
    fits fail, which do not stop the rest; at once, where nothing can be fitted.
    """
    params, store = config.read(profile, path=layout.params), Store()
    for method in only:
        require(method, params.methods_of(profile), f"method of {profile}")
    named = only or params.profiles[profile].methods
    methods = named if isinstance(named, Sequence) else params.methods_of(profile)
    wanted = {method: read_units(layout, params, profile, method) for method in methods}
    problems: list[str] = []
    new = 0
    for number, (method, units) in enumerate(wanted.items()):
        later = [unit for units in list(wanted.values())[number + 1 :] for unit in units]
        try:
            fitted = _fit(layout, params, profile, method, units, store, later)
        except FitsFailed as error:
            problems.append(str(error))
            continue
        new += fitted
        if fitted:
            yield f"{profile}/{method}: {len(units) - fitted} units reused, {fitted} fitted"
    if not only:
        _remove_others(layout.fits_of_all(profile), params.methods_of(profile))
    if problems:
        raise UserError("; ".join(problems))
    yield f"{profile}: {sum(map(len, wanted.values()))} fits, {new or 'none'} of which were made now"


def _fit(
    layout: Layout,
    params: Params,
    profile: str,
    method: str,
    units: Sequence[Unit],
    store: Store,
    later: Sequence[Unit],
) -> int:
    """Bring a method's fits to their place; how many had to be made. `later` are those of the methods to come."""
    made = {unit.name: found for unit in units if (found := kept(store, unit))}
    here = set() if store.refit else _here(layout, profile, method, [unit for unit in units if unit.name not in made])
    missing = [unit for unit in units if unit.name not in made and unit.name not in here]
    if missing:
        from refield.pipeline import executing  # torch, which takes a second, only where there is something to fit

        ahead = [unit for unit in later if not store.has(unit.key())]
        title = f"{profile}/{method}"
        fitted = executing.make(missing, store, params, layout, profile, title, later=ahead)
        made |= {unit.name: fitted[unit.key()] for unit in missing}
    folder = layout.fits(profile, method)
    write(dict(sorted(made.items())), folder)
    _remove_others(folder, [unit.name for unit in units])
    return len(missing)


def _here(layout: Layout, profile: str, method: str, units: Sequence[Unit]) -> set[str]:
    """The units whose fits lie in their place, byte for byte as it was written down when they were made.

    So are those that `dvc pull` has brought from another store.
    """
    rows = provenance.read(layout.provenance(profile, method))
    return {
        unit.name
        for unit in units
        if (folder := layout.fits(profile, method) / unit.name).is_dir()
        and rows.get(unit.name, {}).get("unit") == unit.key()
        and rows[unit.name]["digest"] == provenance.digest_of(folder)
    }


def write(made: Mapping[str, Made], folder: Path) -> None:
    """Write the units' files, a folder each in the place of whatever stands there."""
    for name, unit in made.items():
        files.remove(folder / name)  # through a link of DVC's the cache would be written
        (folder / name).mkdir(parents=True)
        for file, data in unit.files.items():
            (folder / name / file).write_bytes(data)


def _remove_others(folder: Path, names: Sequence[str] | Mapping[str, object]) -> None:
    """What lies in a folder under another name: of a method or a signal that is gone."""
    for path in folder.iterdir() if folder.is_dir() else []:
        if path.name not in names:
            files.remove(path)
