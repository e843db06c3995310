"""Keep fits whose code has been written anew and computes the same: some are made again, and speak for the rest.

A changed line of the fitting code makes every fit's key another one. Where the line cannot change a result, fitting all
again would take hours and tell nothing that a few fits of each method do not tell.
"""

import hashlib
import json
import math
import random
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from refield import config, files
from refield.config import Params
from refield.errors import UserError
from refield.pipeline import executing, provenance, relock
from refield.pipeline.audit import MACHINE
from refield.pipeline.layout import STUDIES, Layout
from refield.pipeline.studies import FILES, Row, row_of, signals
from refield.pipeline.units import read_unit, read_units
from refield.scores.files import read_csv
from refield.study import Study, read_study, varied
from refield.units.store import Made, Store
from refield.units.unit import Unit

DIGITS = 1e-6  # of a study's rows


@dataclass(frozen=True)
class Renamed:
    """A unit that is wanted under another key than it was made under, because its code is another."""

    before: str
    unit: Unit
    method: str


def main(sample: int, paper: str | None = None) -> None:
    """Take over the fits of all profiles with results, and the rows of studies; `UserError` if a fit comes out
    otherwise, and then nothing of its method is taken over. `sample`: how many are made anew of each method.
    """
    layout, store = Layout(paper), Store()
    found = False
    for profile in config.read(path=layout.params).profiles:
        params = config.read(profile, path=layout.params)
        for method in params.methods:
            if renamed := of_method(layout, params, profile, method, store):
                done, told = take_over(renamed, store, layout, params, profile, f"{profile}/{method}", sample)
                print(f"{profile}/{method}: {done} of {len(renamed)} fits taken over{told}")
                found = True
        if told := relock.update(layout, params, profile):
            print(told)
            found = True
    for folder in sorted(STUDIES.glob("*/")) if paper is None else ():
        if (folder / FILES[0]).exists() and (rows := of_study(folder, sample)):
            print(f"{folder}: {rows} rows taken over")
            found = True
    if not found:
        print("nothing to take over: no fit is wanted under another key for its code alone")


def of_method(layout: Layout, params: Params, profile: str, method: str, store: Store) -> list[Renamed]:
    """A method's units of the last run that have another key now, for their code alone, and that the store lacks."""
    file = layout.wanted(profile, method)
    was: Mapping[str, Any] = json.loads(files.read(file)) if file.exists() else {"units": {}}
    found = []
    for unit in read_units(layout, params, profile, method):
        before = was["units"].get(unit.name, unit.key())
        if before == unit.key() or store.has(unit.key()):
            continue
        if key_with(unit, was["code"]) == before:
            found.append(Renamed(before, unit, method))
        else:
            print(f"{profile}/{method}: {unit.name} is wanted with other pixels, settings or map; `dvc repro` fits it")
    return found


def key_with(unit: Unit, code: str) -> str:
    """The key that a unit would have if its code were another."""
    description = {**json.loads(unit.description()), "code": code}
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()


def take_over(
    renamed: list[Renamed], store: Store, layout: Layout, params: Params, profile: str, title: str, sample: int
) -> tuple[int, str]:
    """Make some of the units anew; if they have the bytes that they had, all are kept under their new keys.

    Of fits that are not in the store, reports/provenance tells the digest of their bytes: these keep what git holds of
    them, if their pipeline's keys are all of known fits. How many were taken over, and how many of them are not here.
    """
    known = {row["unit"]: row for row in provenance.read(layout.provenance(profile, renamed[0].method)).values()}
    held = {one.before: made for one in renamed if (made := store.get(one.before)) is not None}
    found = [one for one in renamed if one.before in held or one.before in known]
    chosen = random.sample(found, min(sample, len(found)))
    units = [one.unit for one in chosen]
    for one, made in zip(chosen, anew(units, store, layout, params, profile, title), strict=True):
        was = held.get(one.before)
        origin = known[one.before] if was is None else was.provenance
        if provenance.digest(made.files) == (provenance.digest(was.files) if was else origin["digest"]):
            continue
        if other := [key for key in MACHINE if str(origin[key]) != str(made.provenance[key])]:
            raise UserError(
                f"{title}: {one.unit.name} was fitted where {other[0]} is {origin[other[0]]}, and here it is "
                f"{made.provenance[other[0]]}; bytes differ anyway; adopt on a machine of that kind"
            )
        raise UserError(f"{title}: {one.unit.name} comes out otherwise; its fits must be made anew: `dvc repro`")
    for before, made in held.items():
        store.put(next(one.unit.key() for one in renamed if one.before == before), made)
    if absent := [one for one in found if one.before not in held]:
        relock.rename(layout, params, profile, renamed[0].method, {one.before: one.unit.key() for one in absent})
    return len(found), f", {len(absent)} of which are not here" if absent else ""


def anew(units: Sequence[Unit], store: Store, layout: Layout, params: Params, profile: str, title: str) -> list[Made]:
    """The units, fitted beside the store."""
    if not units:
        return []
    with tempfile.TemporaryDirectory(dir=store.root, prefix="refit-", ignore_cleanup_errors=True) as folder:
        beside = Store(Path(folder), refit=False)
        made = executing.make(list(units), beside, params, layout, profile, f"{title} anew", lambda: [])
    return [made[unit.key()] for unit in units]


def of_study(folder: Path, sample: int) -> int:
    """Give the rows of a study the keys that their units have now, if some made anew have the same measures."""
    layout, study, store = Layout(), read_study(folder / "params.yaml"), Store()
    rows = read_csv(folder / FILES[0])
    wanted = units_of(layout, study, folder, rows)
    keys = dict(zip(rows["unit"], (unit.key() for _, unit in wanted), strict=True))
    changed = [number for number, before in enumerate(rows["unit"]) if keys[before] != before]
    for method in study.methods:
        own = [number for number in changed if rows["method"].iloc[number] == method]
        for number in random.sample(own, min(sample, len(own))):
            (params, unit), row = wanted[number], rows.iloc[number]
            (made,) = anew([unit], store, layout, params, study.profile, f"{folder} {method}")
            if other := differences(row_of(made, unit), row.to_dict()):
                raise UserError(f"{folder}: {unit.name}, {method} has another {other[0]}; its rows must be made anew")
    for file in reversed(FILES):  # the scores last: until they have their keys, this can be done again
        text = files.read(folder / file, links=True).decode()
        for before, now in keys.items():
            text = text.replace(before, now)
        files.write(folder / file, text.encode())
    return len(changed)


def units_of(layout: Layout, study: Study, folder: Path, rows: pd.DataFrame) -> list[tuple[Params, Unit]]:
    """What each row of a study is of; `UserError` if there are other rows than its params.yaml asks for."""
    choices = [(choice, study.params(choice)) for choice in study.combinations()]
    paths = signals(layout, choices[0][1], study, folder.name)
    asked = [
        ({**choice, "method": method, "image": path.stem}, params, path)
        for choice, params in choices
        for method in study.methods
        for path in paths
    ]
    columns = [*varied(rows), "method", "image"]
    there = rows[columns].to_dict("records")
    if len(there) != len(asked) or any(
        differences({str(key): value for key, value in row.items()}, about)
        for row, (about, _, _) in zip(there, asked, strict=True)
    ):
        raise UserError(f"{folder}: its rows are not those that its params.yaml asks for; run the study")
    return [
        (params, read_unit(layout, params, study.profile, str(about["method"]), path)) for about, params, path in asked
    ]


def differences(one: Row, other: Mapping[Any, Any]) -> list[str]:
    """The columns of both whose values differ; numbers within what a row's digits tell."""

    def same(a: Any, b: Any) -> bool:
        if isinstance(a, bool | str) or isinstance(b, bool | str) or a is None or b is None:
            return str(a) == str(b)
        return abs(a - b) <= DIGITS or (math.isnan(a) and math.isnan(b))

    measured = [column for column in one if column in other and column not in ("unit", "code", "date", "seconds")]
    return [column for column in measured if not same(one[column], other[column])]
