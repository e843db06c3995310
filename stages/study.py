"""Fit what a study asks for and score it: one row per combination, method and image.

Rows are written as they come, each with its unit's key: what has a row already is neither fitted nor scored again.
"""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from refield import lifetime
from refield.errors import UserError
from refield.metrics import psnr_8bit
from refield.store import Made, Store
from refield.study import COURSE, Study, read_study
from refield.units import Unit
from stages import layout
from stages.command import run
from stages.fit import read_unit

MEASURES = ["psnr_8bit", "psnr_raw", *COURSE]
FILES = ["scores.csv", "provenance.csv"]
PROVENANCE = ["seconds", "together", "date", "device", "precision", "torch", "code"]

Row = dict[str, Any]


def main(name: str) -> None:
    lifetime.end_with_dvc()
    folder, store = layout.STUDIES / name, Store()
    study = read_study(folder / "params.yaml")
    choices = [(choice, study.params(choice)) for choice in study.combinations()]  # all are right, or none is fitted
    paths = images(study, name)
    earlier = [read_rows(folder / file) for file in FILES]
    known = by_unit(*earlier)
    scores: list[Row] = []
    origins: list[Row] = []

    def missing_units() -> Iterator[Unit]:
        """All that the study lacks, for an executor that fits much at once."""
        for _, params in choices:
            for method in study.methods:
                for unit in (read_unit(params, study.profile, method, path) for path in paths):
                    if unit.key() not in known and not store.has(unit.key()):
                        yield unit

    for number, (choice, params) in enumerate(choices, 1):
        for method in study.methods:
            units = {unit.key(): unit for unit in (read_unit(params, study.profile, method, path) for path in paths)}
            rows = {key: known.get(key) or row_of(store.get(key), unit) for key, unit in units.items()}
            if missing := [key for key in units if not rows[key]]:
                from stages.ahead import make  # torch, which takes a second, only where there is something to fit

                title = f"{name} {number}/{len(choices)} {method}"
                made = make([units[key] for key in missing], store, params, study.profile, title, missing_units)
                rows |= {key: row_of(made[key], units[key]) for key in missing}
            for key, row in rows.items():
                about = {**choice, "method": method, "image": units[key].image_name}
                scores.append({**about, **{column: row[column] for column in MEASURES}, "unit": key})
                origins.append({"unit": key, **{column: row[column] for column in PROVENANCE}})
            last = len(scores) == len(choices) * len(study.methods) * len(paths)
            for file, rows_now, rows_then in zip(FILES, (scores, origins), earlier, strict=True):
                write(rows_now, None if last else rows_then, folder / file)


def images(study: Study, name: str) -> list[Path]:
    """The prepared images of a study; `UserError` if one is missing."""
    folder = layout.images(study.profile)
    paths = [path for path in sorted(folder.glob("*.png")) if study.images == "all" or path.stem in study.images]
    if not paths or (study.images != "all" and len(paths) < len(study.images)):
        raise UserError(f"{folder} lacks images of the study {name}; `dvc repro` makes them")
    return paths


def row_of(made: Made | None, unit: Unit) -> Row:
    """Where a fit comes from and its PSNR in dB: of the 8-bit reconstruction; before rounding, and on the way."""
    if made is None:
        return {}
    with Image.open(io.BytesIO(made.files["reconstruction.png"])) as picture:
        reconstruction = np.asarray(picture).reshape(unit.image.shape)
    curve = pd.read_csv(io.BytesIO(made.files["curve.csv"]))
    course = curve.set_index("iteration")["psnr"]
    psnr = {"psnr_8bit": psnr_8bit(unit.image, reconstruction), "psnr_raw": float(course.iloc[-1])}
    psnr |= {name: nearest(course, part) for name, part in COURSE.items()}
    return {**psnr, **{column: made.provenance[column] for column in PROVENANCE}}


def nearest(course: pd.Series, part: float) -> float:
    """The value at the traced iteration that is nearest to a part of all."""
    return float(course.iloc[int(np.abs(course.index.to_numpy() - part * course.index[-1]).argmin())])


def read_rows(file: Path) -> pd.DataFrame:
    """What an earlier run has written; nothing where it has not, or in another form."""
    rows = pd.read_csv(file, dtype={"image": str, "unit": str, "code": str}) if file.exists() else pd.DataFrame()
    return rows if "unit" in rows else pd.DataFrame(columns=["unit"])


def by_unit(scores: pd.DataFrame, origins: pd.DataFrame) -> Mapping[str, Row]:
    """The measures and provenance of each unit that has both."""
    rows = scores.drop_duplicates("unit").merge(origins.drop_duplicates("unit"), on="unit").set_index("unit")
    if not {*MEASURES, *PROVENANCE} <= set(rows):
        return {}
    return {str(unit): {str(k): v for k, v in row.items()} for unit, row in rows[[*MEASURES, *PROVENANCE]].iterrows()}


def write(rows: list[Row], earlier: pd.DataFrame | None, file: Path) -> None:
    """The rows, and those of an earlier run that this one has not come to; all or nothing."""
    table = pd.DataFrame(rows)
    if earlier is not None:
        table = pd.concat([table, earlier[~earlier["unit"].isin(table["unit"])]])
    table.to_csv(file.with_suffix(".tmp"), index=False, float_format="%.6f", lineterminator="\n")
    file.with_suffix(".tmp").replace(file)


if __name__ == "__main__":
    run(main)
