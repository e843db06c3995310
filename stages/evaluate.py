"""Score a method's fits: one row per image, and the mean of their curves."""

from pathlib import Path

import pandas as pd

from refield import config, scoring
from refield.errors import UserError
from stages import layout
from stages.command import run


def main(profile: str, method: str) -> None:
    regions = config.read(profile, method).scores.iou_regions
    fits = layout.fits(profile, method)
    names = sorted(path.stem for path in layout.images(profile).glob("*.png"))
    fitted = sorted(path.name for path in fits.iterdir()) if fits.is_dir() else []
    if not names or fitted != names:
        odd = ", ".join(sorted(set(names) ^ set(fitted))) or "there are none"
        raise UserError(f"{fits} does not hold exactly the images of {layout.images(profile)}: {odd}")
    scores = [scoring.score(layout.images(profile) / f"{name}.png", fits / name, regions) for name in names]
    _write(layout.scores(profile, method), scoring.table(scores))
    _write(layout.curve(profile, method), scoring.mean_curve([fits / name / "curve.csv" for name in names]))


def _write(file: Path, table: pd.DataFrame) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(file, index=False, float_format="%.6f", lineterminator="\n")


if __name__ == "__main__":
    run(main)
