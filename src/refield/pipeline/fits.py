"""Bring a method's fits to their place: from the store, or by whoever executor.yaml names."""

from collections.abc import Mapping
from pathlib import Path

from refield import config, files
from refield.pipeline.layout import Layout
from refield.pipeline.units import read_units
from refield.units.kept import kept
from refield.units.store import Made, Store


def fit(layout: Layout, profile: str, method: str) -> str:
    """Fit one method to every signal of a profile, unless the store has it; in a line, what came from where."""
    params, store = config.read(profile, method, layout.params), Store()
    units = read_units(layout, params, profile, method)
    made = {unit.name: found for unit in units if (found := kept(store, unit))}
    missing = [unit for unit in units if unit.name not in made]
    if missing:
        from refield.pipeline import executing  # torch, which takes a second, only where there is something to fit

        title = f"{profile}/{method}"
        fitted = executing.make(
            missing, store, params, layout, profile, title, lambda: executing.soon(layout, params, profile)
        )
        made |= {unit.name: fitted[unit.key()] for unit in missing}
    write(dict(sorted(made.items())), layout.fits(profile, method))
    return f"{profile}/{method}: {len(units) - len(missing)} units reused, {len(missing)} fitted"


def write(made: Mapping[str, Made], folder: Path) -> None:
    """Write the units' files, a folder each in the place of whatever stands there; if there are none, nothing stands
    in the folder, which a stage has to make."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, unit in made.items():
        files.remove(folder / name)  # through a link of DVC's the cache would be written
        (folder / name).mkdir(parents=True)
        for file, data in unit.files.items():
            (folder / name / file).write_bytes(data)
