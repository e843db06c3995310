"""Rows of a study under the keys that their units have now: some are made anew, and speak for the rest (`adopt`)."""

import math
import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from refield import files
from refield.config import Params
from refield.errors import UserError
from refield.pipeline import executing, relock
from refield.pipeline.layout import Layout
from refield.pipeline.studies import FILES, Row, row_of, signals
from refield.pipeline.units import read_unit
from refield.study import Study, read_scores, read_study, varied
from refield.units.effort import flop
from refield.units.store import Made, Store
from refield.units.unit import Unit

DIGITS = 1e-6  # of a study's rows


def of_study(layout: Layout, folder: Path, sample: int) -> int:
    """Give the rows of a study the keys that their units have now, if some made anew have the same measures."""
    study, store = read_study(folder / "params.yaml"), Store()
    rows = read_scores(folder / FILES[0])
    wanted = units_of(layout, study, folder, rows)
    keys = dict(zip(rows["unit"], (unit.key() for _, unit in wanted), strict=True))
    changed = [number for number, before in enumerate(rows["unit"]) if keys[before] != before]
    # With a fit that has diverged there is nothing to compare.
    told = [number for number in changed if not math.isnan(rows["psnr_raw"].iloc[number])]
    for number in to_try(layout, study, rows, wanted, told, sample):
        (params, unit), row = wanted[number], rows.iloc[number]
        (made,) = anew([unit], store, layout, params, study.profile, f"{folder} {row['method']}")
        if other := differences(row_of(made, unit, params.task(study.profile)), row.to_dict()):
            raise UserError(
                f"{folder}: {unit.name}, {row['method']} has another {other[0]}; its rows must be made anew"
            )
    for file in reversed(FILES):  # the scores last: until they have their keys, this can be done again
        text = files.read(folder / file, links=True).decode()
        for before, now in keys.items():
            text = text.replace(before, now)
        files.write(folder / file, text.encode())
    return len(changed)


def to_try(
    layout: Layout,
    study: Study,
    rows: pd.DataFrame,
    wanted: Sequence[tuple[Params, Unit]],
    changed: Sequence[int],
    sample: int,
) -> list[int]:
    """The rows of a study that are made anew: some of each method, by chance; of all methods whose fits in the study's
    own profile are of the code that there is now, which has been tried there, some of those that take the least time.
    """
    chosen: list[int] = []
    tried: list[int] = []
    for method in study.methods:
        own = [number for number in changed if rows["method"].iloc[number] == method]
        if own and relock.is_current(layout, wanted[own[0]][0], study.profile, method):
            tried += own
        else:
            chosen += random.sample(own, min(sample, len(own)))
    random.shuffle(tried)
    return [*chosen, *sorted(tried, key=lambda number: flop(wanted[number][1]))[:sample]]


def units_of(layout: Layout, study: Study, folder: Path, rows: pd.DataFrame) -> list[tuple[Params, Unit]]:
    """What each row of a study is of; `UserError` if there are other rows than its params.yaml asks for."""
    choices = [(choice, study.params(choice, layout.params)) for choice in study.combinations()]
    paths = signals(layout, choices[0][1], study, folder.name)
    asked = [
        ({**choice, "method": method, "image": path.stem}, params, path)
        for choice, params in choices
        for method in study.methods
        for path in paths
    ]
    columns = [*varied(rows), "method", "image"]
    there = rows[columns].astype(object).where(rows[columns].notna(), None).to_dict("records")  # null is read as none
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


def anew(units: Sequence[Unit], store: Store, layout: Layout, params: Params, profile: str, title: str) -> list[Made]:
    """The units, fitted beside the store."""
    if not units:
        return []
    with tempfile.TemporaryDirectory(dir=store.root, prefix="refit-", ignore_cleanup_errors=True) as folder:
        beside = Store(Path(folder), refit=False)
        made = executing.make(list(units), beside, params, layout, profile, f"{title} anew")
    return [made[unit.key()] for unit in units]
