"""Score all fits of a profile: of each method one row per signal, and the mean of their curves."""

import shutil
from pathlib import Path

import pandas as pd

from refield import config
from refield.config import Params
from refield.errors import UserError
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage
from refield.pipeline.units import files
from refield.units import scoring
from refield.units.controls import score_srgan
from refield.units.names import CURVE


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = Layout(paper)
    params = config.read(profile, path=layout.params)
    methods = params.methods_of(profile)
    there = [method for method in methods if layout.fits(profile, method).is_dir()]
    if not there:
        raise UserError(f"{profile} has no fits; `dvc repro` makes them")
    if lacking := sorted(set(methods) - set(there)):
        print(f"{profile}: no fits of {', '.join(lacking)}, which are not scored")
    tables: dict[Path, pd.DataFrame] = {}
    for method in there:
        rows, curve = score(layout, params, profile, method)
        tables |= {layout.scores(profile, method): rows, layout.curve(profile, method): curve}
    for folder in (layout.scores_of_all, layout.curves_of_all):
        shutil.rmtree(folder / profile, ignore_errors=True)
        (folder / profile).mkdir(parents=True)
    for file, table in tables.items():
        table.to_csv(file, index=False, float_format="%.6f", lineterminator="\n")


def score(layout: Layout, params: Params, profile: str, method: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    task, kind, signals = params.task(profile), params.profiles[profile].signal, files(layout, params, profile)
    names, fits = [path.stem for path in signals], layout.fits(profile, method)
    fitted = sorted(path.name for path in fits.iterdir())
    if not names or fitted != names:
        odd = ", ".join(sorted(set(names) ^ set(fitted))) or "there are none"
        raise UserError(f"{fits} does not hold exactly the images of {layout.signals(profile)}: {odd}")
    rows = []
    for path in signals:
        signal = scoring.read_signal(path, kind)
        beside = score_srgan(signal, task, params.profiles[profile].srgan)
        rows.append({**scoring.score(path.stem, signal, fits / path.stem, task), **beside})
    return scoring.table(rows), scoring.mean_curve([fits / name / CURVE for name in names])


if __name__ == "__main__":
    run(main)
