"""Keep fits whose code has been written anew and computes the same: some are made again, and speak for the rest.

A changed line of the fitting code makes every fit's key another one. Where the line cannot change a result, fitting all
again would take hours and tell nothing that a few fits of each method do not tell.
"""

import hashlib
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from refield import config, files
from refield.config import Params
from refield.errors import UserError
from refield.pipeline import provenance, relock
from refield.pipeline.adopt_studies import anew, of_study
from refield.pipeline.audit import MACHINE
from refield.pipeline.layout import Layout
from refield.pipeline.studies import FILES
from refield.pipeline.units import read_units
from refield.units.effort import flop
from refield.units.store import Store
from refield.units.unit import Unit


@dataclass(frozen=True)
class Renamed:
    """A unit that is wanted under another key than it was made under, because its code is another."""

    before: str
    unit: Unit
    method: str


def main(sample: int, paper: str | None = None) -> None:
    """Take over the fits of all profiles with results, and the rows of studies; `UserError` if a fit comes out
    otherwise, and then nothing of its method is taken over. `sample`: how many are made anew of each method in each
    task, in the profile whose fits take the least time.
    """
    layout, store = Layout(paper), Store()
    profiles = {name: config.read(name, path=layout.params) for name in config.read(path=layout.params).profiles}
    wanted = [
        (renamed, profile, method)
        for profile, params in profiles.items()
        for method in params.methods_of(profile)
        if (renamed := of_method(layout, params, profile, method, store))
    ]
    found, tried = bool(wanted), set[tuple[str, str]]()
    for renamed, profile, method in sorted(wanted, key=lambda each: flop(each[0][0].unit)):
        task = method, type(renamed[0].unit.task).__name__
        count = 0 if task in tried else sample
        done, told = take_over(renamed, store, layout, profiles[profile], profile, f"{profile}/{method}", count)
        if done:  # of fits that nothing is known of none is made anew
            tried.add(task)
        print(f"{profile}/{method}: {done} of {len(renamed)} fits taken over{told}")
    for profile, params in profiles.items():
        if told := relock.update(layout, params, profile):
            print(told)
            found = True
    for folder in sorted(layout.studies.glob("*/")):
        if (folder / FILES[0]).exists() and (rows := of_study(layout, folder, sample)):
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
    for one in found:
        if one.before in held:
            store.put(one.unit.key(), held[one.before])
    if known:
        relock.rename(layout, params, profile, renamed[0].method, {one.before: one.unit.key() for one in found})
    absent = sum(one.before not in held for one in found)
    return len(found), f", {absent} of which are not here" if absent else ""
