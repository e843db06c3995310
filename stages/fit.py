"""Fit one method to every image of a profile; units that are already in the store are not fitted again."""

import csv
import functools
from collections.abc import Mapping
from pathlib import Path

from refield import config, images, labels, lifetime
from refield.config import Params
from refield.store import Made, Store
from refield.units import Unit
from stages import layout
from stages.command import run


def main(profile: str, method: str) -> None:
    lifetime.end_with_dvc()
    params, store = config.read(profile, method), Store()
    units = [read_unit(params, profile, method, path) for path in sorted(layout.images(profile).glob("*.png"))]
    made = {unit.image_name: kept for unit in units if (kept := store.get(unit.key()))}
    missing = [unit for unit in units if unit.image_name not in made]
    if missing:
        from stages import ahead  # torch, which takes a second, only where there is something to fit

        title = f"{profile}/{method}"
        fitted = ahead.make(missing, store, params, profile, title, lambda: ahead.soon(params, profile))
        made |= {unit.image_name: fitted[unit.key()] for unit in missing}
    write(dict(sorted(made.items())), layout.fits(profile, method), layout.provenance(profile, method))
    print(f"{profile}/{method}: {len(units) - len(missing)} units reused, {len(missing)} fitted")


def read_unit(params: Params, profile: str, method: str, path: Path) -> Unit:
    """What is wanted of an image: the network and its settings, the pixels, and the labels if a gate follows them."""
    name, regions = params.map(method), None
    if name is not None:
        regions = _regions(layout.segments(profile, name) / path.name)
    train = params.profiles[profile].train
    return Unit(path.stem, _pixels(path), regions, params.field(profile, method), train, params.seed)


# Once each: a study has thousands of units of a few images.
_pixels, _regions = functools.cache(images.read), functools.cache(labels.read)


def write(made: Mapping[str, Made], folder: Path, table: Path) -> None:
    """The units' files, a folder each, and one row of provenance each."""
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


if __name__ == "__main__":
    run(main)
