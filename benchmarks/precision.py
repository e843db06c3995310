"""What half-precision operands cost in PSNR: `python -m benchmarks.precision`, after `dvc repro`; half an hour.

Every method of the paper on a profile's images, at equal iterations, with a rate that falls to a hundredth so that a
fit's last swing does not hide the difference: in float32, in `mixed`, and once more in float32 from weights that differ
in their last bit. That last difference is chance: rounding moves a descent, whoever rounds. A CPU rounds as a GPU's
matrix units do. Writes precision.csv beside itself, row by row; `--profile paper --device cuda` writes
precision-paper.csv and asks the question at the paper's scale.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import typer
from rich.progress import track
from stages import layout
from stages.fit import read_unit

from refield import config, papers
from refield.fitting import Job, descend, mse_to_psnr
from refield.samples import sample_image
from refield.training import Train


class Nudged:
    """A field that begins with weights a rounding away."""

    def __init__(self, field):
        self.field = field

    def __getattr__(self, name):
        return getattr(self.field, name)

    def initialise(self, channels, rng):
        weights = self.field.initialise(channels, rng)
        return {name: np.nextafter(array.astype(np.float32), np.float32(1)) for name, array in weights.items()}


def psnr(job: Job, device: str) -> float:
    with descend(job, device) as descent:
        for i in range(job.train.iterations):
            descent.step(job.train.rate(i))
        return mse_to_psnr(job.samples.mean_squared_error(descent.values()))


def main(profile: str = "quick", device: str = "cpu", images: int = 4, iterations: int = 500) -> None:
    params, methods = config.read(profile), [row.method for row in papers.read()["oh_bae_2024"].rows]
    out = Path(__file__).with_name("precision.csv" if profile == "quick" else f"precision-{profile}.csv")
    rate = {
        "learning_rate": params.profiles[profile].train.learning_rate,
        "schedule": "cosine",
        "final_factor": 0.01,
    }
    exact, mixed = (Train(iterations=iterations, precision=p, **rate) for p in ("float32", "mixed"))
    rows = []
    for path in track(sorted(layout.images(profile).glob("*.png"))[:images], "images"):
        for method in methods:
            unit = read_unit(params, profile, method, path)
            samples = sample_image(unit.image, unit.labels)
            reached = {
                "float32": psnr(Job(unit.field, samples, exact, unit.seed), device),
                "mixed": psnr(Job(unit.field, samples, mixed, unit.seed), device),
                "nudged": psnr(Job(Nudged(unit.field), samples, exact, unit.seed), device),
            }
            rows.append(
                {"image": unit.image_name, "method": method, "psnr_float32": reached["float32"]}
                | {f"{name}_minus_float32": reached[name] - reached["float32"] for name in ("mixed", "nudged")}
            )
            pd.DataFrame(rows).to_csv(out, index=False, float_format="%.4f", lineterminator="\n")
    columns = ["mixed_minus_float32", "nudged_minus_float32"]
    print(pd.DataFrame(rows).groupby("method", sort=False)[columns].agg(["mean", "min", "max"]).round(4).to_string())


if __name__ == "__main__":
    typer.run(main)
