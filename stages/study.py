"""Fit what a study asks for and score it: one row per combination, method and image. The fits stay in the store."""

import io

import numpy as np
import pandas as pd
from PIL import Image

from refield import lifetime
from refield.errors import UserError
from refield.metrics import psnr_8bit
from refield.store import Made, Store
from refield.study import read_study
from refield.units import Unit
from stages import layout
from stages.command import run
from stages.fit import read_unit

PROVENANCE = ["date", "device", "precision", "torch", "code"]


def main(name: str) -> None:
    lifetime.end_with_dvc()
    folder, store = layout.STUDIES / name, Store()
    study = read_study(folder / "params.yaml")
    combinations = [
        (choice, study.params(choice)) for choice in study.combinations()
    ]  # all are right, or none is fitted
    paths = [
        path
        for path in sorted(layout.images(study.profile).glob("*.png"))
        if study.images == "all" or path.stem in study.images
    ]
    if not paths or (study.images != "all" and len(paths) < len(study.images)):
        raise UserError(f"{layout.images(study.profile)} lacks images of the study {name}; `dvc repro` makes them")
    scores, origins = [], []
    for number, (choice, params) in enumerate(combinations, 1):
        for method in study.methods:
            units = [read_unit(params, study.profile, method, path) for path in paths]
            made = {unit.image_name: kept for unit in units if (kept := store.get(unit.key()))}
            if missing := [unit for unit in units if unit.image_name not in made]:
                from refield.making import make_all
                from stages.guard import choose_device

                title = f"{name} {number}/{len(combinations)} {method}"
                made |= make_all(missing, store, choose_device(params, study.profile), title)
            for unit in units:
                row = {**choice, "method": method, "image": unit.image_name}
                scores.append(row | measured(unit, made[unit.image_name]))
                origins.append({key: made[unit.image_name].provenance[key] for key in PROVENANCE})
    pd.DataFrame(scores).to_csv(folder / "scores.csv", index=False, float_format="%.6f", lineterminator="\n")
    counted = pd.DataFrame(origins).value_counts(sort=False).rename("fits").reset_index()
    counted.to_csv(folder / "provenance.csv", index=False, lineterminator="\n")


def measured(unit: Unit, made: Made) -> dict[str, float]:
    """PSNR in dB: of the 8-bit reconstruction, and of the values before they are clamped and rounded."""
    with Image.open(io.BytesIO(made.files["reconstruction.png"])) as picture:
        reconstruction = np.asarray(picture).reshape(unit.image.shape)
    curve = pd.read_csv(io.BytesIO(made.files["curve.csv"]))
    return {"psnr_8bit": psnr_8bit(unit.image, reconstruction), "psnr_raw": float(curve["psnr"].iloc[-1])}


if __name__ == "__main__":
    run(main)
