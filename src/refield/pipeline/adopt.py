"""Keep fits whose code has been written anew and computes the same: some are made again, and speak for the rest.

A changed line of the fitting code makes every fit's key another one. Where the line cannot change a result, fitting all
again would take hours and tell nothing that a few fits of each method do not tell.
"""

import json
import random
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from refield import config
from refield.config import Params
from refield.errors import UserError
from refield.files import read
from refield.pipeline import executing
from refield.pipeline.layout import STUDIES, Layout
from refield.pipeline.studies import FILES, row_of, signals
from refield.pipeline.units import read_unit, read_units
from refield.scores.files import read_csv
from refield.study import read_study
from refield.units.store import Made, Store
from refield.units.unit import Unit

DIGITS = 1e-6  # of a study's rows


@dataclass(frozen=True)
class Renamed:
    """A unit that is wanted under another key than it was made under."""

    before: str
    unit: Unit


def main(sample: int, paper: str | None = None) -> None:
    """Take over the fits of all profiles with results, and the rows of studies; `UserError` if a fit comes out
    otherwise, and then nothing of its method is taken over. `sample`: how many are made anew of each method and study.
    """
    layout, store = Layout(paper), Store()
    for profile in config.read(path=layout.params).profiles:
        params = config.read(profile, path=layout.params)
        for method in params.methods:
            renamed = [one for one in of_method(layout, params, profile, method) if not store.has(one.unit.key())]
            if renamed:
                done = take_over(renamed, store, layout, params, profile, f"{profile}/{method}", sample)
                print(f"{profile}/{method}: {done} of {len(renamed)} fits taken over")
    for folder in sorted(STUDIES.glob("*/")) if paper is None else ():
        if (folder / FILES[0]).exists():
            print(f"{folder}: {of_study(folder, sample)} rows taken over")


def of_method(layout: Layout, params: Params, profile: str, method: str) -> list[Renamed]:
    """A method's units whose keys differ from those of the last run; those that it did not have are left out."""
    file = layout.wanted(profile, method)
    before: Mapping[str, str] = json.loads(read(file))["units"] if file.exists() else {}
    units = read_units(layout, params, profile, method)
    return [Renamed(before[unit.name], unit) for unit in units if before.get(unit.name, unit.key()) != unit.key()]


def take_over(
    renamed: list[Renamed], store: Store, layout: Layout, params: Params, profile: str, title: str, sample: int
) -> int:
    """Make some of the units anew; if they have the bytes that they had, all are kept under their new keys."""
    held = {one.before: made for one in renamed if (made := store.get(one.before)) is not None}
    found = [one for one in renamed if one.before in held]
    chosen = random.sample(found, min(sample, len(found)))
    for one, made in zip(chosen, anew(chosen, store, layout, params, profile, title), strict=True):
        if made.files != held[one.before].files:
            raise UserError(f"{title}: {one.unit.name} comes out otherwise; its fits must be made anew: `dvc repro`")
    for one in found:
        store.put(one.unit.key(), held[one.before])
    return len(found)


def anew(chosen: list[Renamed], store: Store, layout: Layout, params: Params, profile: str, title: str) -> list[Made]:
    """The units, fitted beside the store."""
    if not chosen:
        return []
    with tempfile.TemporaryDirectory(dir=store.root, prefix="refit-", ignore_cleanup_errors=True) as folder:
        units, beside = [one.unit for one in chosen], Store(Path(folder), refit=False)
        made = executing.make(units, beside, params, layout, profile, f"{title} anew", lambda: [])
    return [made[unit.key()] for unit in units]


def of_study(folder: Path, sample: int) -> int:
    """Give the rows of a study the keys that their units have now; their measures are those of some made anew."""
    layout, study, store = Layout(), read_study(folder / "params.yaml"), Store()
    rows = read_csv(folder / FILES[0])
    choices = [study.params(choice) for choice in study.combinations()]
    paths = signals(layout, choices[0], study, folder.name)
    wanted = [
        (params, method, read_unit(layout, params, study.profile, method, path))
        for params in choices
        for method in study.methods
        for path in paths
    ]
    if [*zip(rows["method"], rows["image"], strict=True)] != [(method, unit.name) for _, method, unit in wanted]:
        raise UserError(f"{folder}: its rows are not those that its params.yaml asks for; run the study")
    keys = dict(zip(rows["unit"], (unit.key() for _, _, unit in wanted), strict=True))
    changed = [number for number, before in enumerate(rows["unit"]) if keys[before] != before]
    for number in random.sample(changed, min(sample, len(changed))):
        (params, method, unit), row = wanted[number], rows.iloc[number]
        (made,) = anew([Renamed(row["unit"], unit)], store, layout, params, study.profile, f"{folder} {method}")
        again = row_of(made, unit)
        for column in rows.select_dtypes("number").columns.intersection([*again]):
            if abs(again[column] - row[column]) > DIGITS:
                raise UserError(f"{folder}: {unit.name}, {method} has another {column}; its rows must be made anew")
    for file in FILES:
        text = (folder / file).read_text()
        for before, now in keys.items():
            text = text.replace(before, now)
        (folder / file).write_text(text)
    return len(changed)
