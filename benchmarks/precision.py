"""What half-precision operands cost in PSNR: `python -m benchmarks.precision`, after `dvc repro`; half an hour.

Every method of params.yaml on the images of `quick`, at equal iterations, with a rate that falls to a hundredth so
that a fit's last swing does not hide the difference: in float32, in `mixed`, and once more in float32 from weights
that differ in their last bit. That last difference is chance: rounding moves a descent, whoever rounds. Writes
precision.csv beside itself.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from rich.progress import track
from stages import layout
from stages.fit import read_unit

from refield import config
from refield.engine import Descent
from refield.fields.gated import Gated
from refield.fitting import mse_to_psnr
from refield.samples import Samples, sample_image
from refield.training import Train

TRAIN = Train(iterations=500, learning_rate=1e-3, schedule="cosine", final_factor=0.01)


def psnr(field: Gated, samples: Samples, weights: dict[str, np.ndarray], precision: str) -> float:
    with Descent(field, weights, samples, torch.device("cpu"), precision=precision) as descent:
        for i in range(TRAIN.iterations):
            descent.step(TRAIN.rate(i))
        return mse_to_psnr(samples.mean_squared_error(descent.values()))


def main() -> None:
    params, here = config.read(), Path(__file__).parent
    rows = []
    for path in track(sorted(layout.images("quick").glob("*.png")), "images"):
        for method in params.method_names:
            unit = read_unit(params, "quick", method, path)
            field, samples = unit.field, sample_image(unit.image, unit.labels)
            weights = field.initialise(3, np.random.default_rng(unit.seed))
            nudged = {key: np.nextafter(array.astype(np.float32), np.float32(1)) for key, array in weights.items()}
            exact = psnr(field, samples, weights, "float32")
            rows.append(
                {"image": unit.image_name, "method": method, "psnr_float32": exact}
                | {"mixed_minus_float32": psnr(field, samples, weights, "mixed") - exact}
                | {"nudged_minus_float32": psnr(field, samples, nudged, "float32") - exact}
            )
    table = pd.DataFrame(rows)
    table.to_csv(here / "precision.csv", index=False, float_format="%.4f", lineterminator="\n")
    columns = ["mixed_minus_float32", "nudged_minus_float32"]
    print(table.groupby("method", sort=False)[columns].agg(["mean", "min", "max"]).round(4).to_string())


if __name__ == "__main__":
    main()
