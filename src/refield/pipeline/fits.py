"""Bring a method's fits to their place: from the store, or by whoever executor.yaml names."""

import csv
from collections.abc import Mapping
from pathlib import Path

from refield import config
from refield.pipeline.layout import Layout
from refield.pipeline.units import read_units
from refield.units.store import Made, Store


def fit(layout: Layout, profile: str, method: str) -> str:
    """Fit one method to every signal of a profile, unless the store has it; in a line, what came from where."""
    params, store = config.read(profile, method, layout.params), Store()
    units = read_units(layout, params, profile, method)
    made = {unit.name: kept for unit in units if (kept := store.get(unit.key()))}
    missing = [unit for unit in units if unit.name not in made]
    if missing:
        from refield.pipeline import executing  # torch, which takes a second, only where there is something to fit

        title = f"{profile}/{method}"
        fitted = executing.make(
            missing, store, params, layout, profile, title, lambda: executing.soon(layout, params, profile)
        )
        made |= {unit.name: fitted[unit.key()] for unit in missing}
    write(dict(sorted(made.items())), layout.fits(profile, method), layout.provenance(profile, method))
    return f"{profile}/{method}: {len(units) - len(missing)} units reused, {len(missing)} fitted"


def write(made: Mapping[str, Made], folder: Path, table: Path) -> None:
    """Write the units' files, a folder each, and one row of provenance each."""
    for name, unit in made.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for file, data in unit.files.items():
            (folder / name / file).write_bytes(data)
    rows = [{"image": name, **unit.provenance} for name, unit in made.items()]
    table.parent.mkdir(parents=True, exist_ok=True)
    with table.open("w", newline="") as stream:
        columns = dict.fromkeys(column for row in rows for column in row)  # only Slurm's nodes have names
        writer = csv.DictWriter(stream, columns, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)
