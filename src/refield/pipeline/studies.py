"""Fit what a study asks for and score it: one row per combination, method and signal.

Rows are written as they come, each with its unit's key: what has a row already is neither fitted nor scored again. That
a fit has diverged is a result as well: its row has no numbers.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from refield.config import Params
from refield.errors import UserError, shown
from refield.files import write
from refield.pipeline.layout import Layout
from refield.pipeline.units import files, read_unit
from refield.study import COURSE, DROP, SEQUENCE, Study, read_scores, read_study
from refield.tasks.task import Task
from refield.units.failures import FitsFailed
from refield.units.kept import kept
from refield.units.names import CURVE
from refield.units.scoring import COSTS, decode_curve, score_files
from refield.units.sequence import sequence
from refield.units.store import Made, Store
from refield.units.unit import Unit

FILES = ["scores.csv", "provenance.csv"]
PROVENANCE = ["seconds", "together", "date", "device", "precision", "torch", "code"]

Row = dict[str, Any]


def main(layout: Layout, folder: Path) -> None:
    """Bring the rows of one of a pipeline's studies, which lies in a folder, up to date."""
    name, study, store = folder.name, read_study(folder / "params.yaml"), Store()
    choices = [(choice, study.params(choice, layout.params)) for choice in study.combinations()]  # all right, or no fit
    names = [*(measure.name for measure in choices[0][1].task(study.profile).measures), DROP]
    names += [*(measure.name for measure in COSTS), SEQUENCE]
    if unknown := [score for score in study.scores if score not in names]:
        raise UserError(f"{folder / 'params.yaml'}: scores names {shown(unknown[0])}; there are {', '.join(names)}")
    paths = signals(layout, choices[0][1], study, name)
    earlier = [read_rows(folder / file) for file in FILES]
    measured = [choices[0][1].task(study.profile).measures[0].name, "psnr_raw", *COURSE, *study.scores]
    known = by_unit(earlier[0], earlier[1], [*measured, *PROVENANCE])
    scores: list[Row] = []
    origins: list[Row] = []

    def earlier_row(unit: Unit, task: Task) -> Row | None:
        """What an earlier run has found of a unit; of one that is scored by another task than its own nothing, as its
        key does not tell whether that has changed."""
        return known.get(unit.key()) if unit.task == task else None

    def missing_units() -> Iterator[Unit]:
        """All that the study lacks, for an executor that fits much at once."""
        for _, params in choices:
            for method in study.methods:
                for unit in (read_unit(layout, params, study.profile, method, path) for path in paths):
                    if not earlier_row(unit, params.task(study.profile)) and not store.has(unit.key()):
                        yield unit

    for number, (choice, params) in enumerate(choices, 1):
        task = params.task(study.profile)
        for method in study.methods:
            asked = [read_unit(layout, params, study.profile, method, path) for path in paths]
            units = {unit.key(): unit for unit in asked}
            rows = {
                key: earlier_row(unit, task) or row_of(kept(store, unit), unit, task) for key, unit in units.items()
            }
            if missing := [key for key in units if not rows[key]]:
                from refield.pipeline.executing import make  # torch, only where there is something to fit

                title, lacking = f"{name} {number}/{len(choices)} {method}", [units[key] for key in missing]
                try:
                    made = make(lacking, store, params, layout, study.profile, title, missing_units)
                except FitsFailed as error:
                    if not error.only_diverged:
                        raise
                    made = error.made
                none = dict.fromkeys([*measured, *PROVENANCE], np.nan)
                rows |= {key: row_of(made.get(key), units[key], task) or none for key in missing}
            for key, row in rows.items():
                about = {**choice, "method": method, "image": units[key].name}
                scores.append({**about, **{column: row[column] for column in measured}, "unit": key})
                origins.append({"unit": key, **{column: row[column] for column in PROVENANCE}})
            last = len(scores) == len(choices) * len(study.methods) * len(paths)
            for file, rows_now, rows_then in zip(FILES, (scores, origins), earlier, strict=True):
                write_rows(rows_now, None if last else rows_then, folder / file)


def signals(layout: Layout, params: Params, study: Study, name: str) -> list[Path]:
    """The prepared signals of a study; `UserError` if one is missing."""
    paths = [
        path for path in files(layout, params, study.profile) if study.images == "all" or path.stem in study.images
    ]
    if not paths or (study.images != "all" and len(paths) < len(study.images)):
        # `segment`, and no more: a later stage would write the keys that `refield adopt` goes by.
        file, stage = (f"{layout.params}:", f"{layout.pipeline}:segment") if layout.paper else ("", "segment")
        remedy = f"`dvc exp run -S '{file}runs=[{study.profile}]' {stage}` makes them"
        raise UserError(f"{layout.signals(study.profile)} lacks images of the study {name}; {remedy}")
    return paths


def row_of(made: Made | None, unit: Unit, task: Task) -> Row:
    """Where a fit comes from and all its scores by a profile's task, be it fitted to another; PSNR in dB also before
    rounding, and on the way; what was chosen."""
    if made is None:
        return {}
    scores: Row = score_files(unit.name, unit.signal, made.files, task)
    course = decode_curve(made.files[CURVE]).set_index("iteration")["psnr"]
    scores["psnr_raw"] = float(course.iloc[-1])
    scores |= {name: nearest(course, part) for name, part in COURSE.items()}
    scores[DROP] = drop(course)
    scores[SEQUENCE] = sequence(made.files)
    return {**scores, **{column: made.provenance[column] for column in PROVENANCE}}


def nearest(course: pd.Series, part: float) -> float:
    """The value at the traced iteration that is nearest to a part of all."""
    return float(course.iloc[int(np.abs(course.index.to_numpy() - part * course.index[-1]).argmin())])


def drop(course: pd.Series) -> float:
    """The largest fall of a PSNR below a value that was traced before it; 0 of one that only rises, NaN without any."""
    return float((course.cummax() - course).max())


def read_rows(file: Path) -> pd.DataFrame:
    """What an earlier run has written; nothing where it has not, or in another form."""
    rows = read_scores(file) if file.exists() else pd.DataFrame()
    return rows if "unit" in rows else pd.DataFrame(columns=["unit"])


def by_unit(scores: pd.DataFrame, origins: pd.DataFrame, columns: Sequence[str]) -> Mapping[str, Row]:
    """The measures and provenance of each unit that has all of them."""
    rows = scores.drop_duplicates("unit").merge(origins.drop_duplicates("unit"), on="unit").set_index("unit")
    if not {*columns} <= set(rows):
        return {}
    return {str(unit): {str(k): v for k, v in row.items()} for unit, row in rows[[*columns]].iterrows()}


def write_rows(rows: list[Row], earlier: pd.DataFrame | None, file: Path) -> None:
    """The rows, and those of an earlier run that this one has not come to; all or nothing."""
    table = pd.DataFrame(rows)
    if earlier is not None:
        table = pd.concat([table, earlier[~earlier["unit"].isin(table["unit"])]])
    write(file, table.to_csv(index=False, float_format="%.6f", lineterminator="\n").encode())
