"""Score a method's fits: one row per signal, and the mean of their curves."""

from pathlib import Path

import pandas as pd

from refield import config
from refield.errors import UserError
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage
from refield.pipeline.units import files
from refield.units import scoring
from refield.units.controls import score_srgan
from refield.units.names import CURVE


def main(profile: FromStage, method: FromStage, paper: str | None = None) -> None:
    layout = Layout(paper)
    params, fits = config.read(profile, method, layout.params), layout.fits(profile, method)
    task, kind, signals = params.task(profile), params.profiles[profile].signal, files(layout, params, profile)
    names = [path.stem for path in signals]
    fitted = sorted(path.name for path in fits.iterdir()) if fits.is_dir() else []
    if not names or fitted != names:
        odd = ", ".join(sorted(set(names) ^ set(fitted))) or "there are none"
        raise UserError(f"{fits} does not hold exactly the images of {layout.signals(profile)}: {odd}")
    rows = []
    for path in signals:
        signal = scoring.read_signal(path, kind)
        beside = score_srgan(signal, task, params.profiles[profile].srgan)
        rows.append({**scoring.score(path.stem, signal, fits / path.stem, task), **beside})
    _write(layout.scores(profile, method), scoring.table(rows))
    _write(layout.curve(profile, method), scoring.mean_curve([fits / name / CURVE for name in names]))


def _write(file: Path, table: pd.DataFrame) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(file, index=False, float_format="%.6f", lineterminator="\n")


if __name__ == "__main__":
    run(main)
