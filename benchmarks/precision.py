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
import torch
import typer
from rich.progress import track

from refield import config, papers
from refield.fitting import ways
from refield.fitting.job import Job
from refield.fitting.train import Train
from refield.pipeline.layout import Layout
from refield.pipeline.units import files, read_unit
from refield.tasks.problem import mse_to_psnr, squared_error


def psnr(job: Job, device: str, *, nudged: bool = False) -> float:
    """In dB, after all iterations; of a nudged fit, from weights that begin a rounding away."""
    problem, train = job.problem, job.train
    start = job.field.initialise(problem.points.shape[1], problem.channels, np.random.default_rng(job.seed))
    if nudged:
        start = {name: np.nextafter(array.astype(np.float32), np.float32(1)) for name, array in start.items()}
    way = ways.choose(job.field, problem.loss is squared_error, train, device)
    with way.load()(job, start, torch.device(device)) as descent:
        for i in range(train.iterations):
            descent.step(train.rate(i))
        _, loss = descent.finish()
    return mse_to_psnr(loss)


def main(profile: str = "quick", device: str = "cpu", images: int = 4, iterations: int = 500) -> None:
    layout, params = Layout(), config.read(profile)
    methods = [row.method for row in papers.read(params.paper).rows]
    out = Path(__file__).with_name("precision.csv" if profile == "quick" else f"precision-{profile}.csv")
    rows = []
    for file in track(files(layout, params, profile)[:images], "images"):
        for method in methods:
            unit = read_unit(layout, params, profile, method, file)
            problem = unit.task.problem(unit.signal, None if unit.labels is None else unit.labels.reshape(-1))
            rate = {"learning_rate": unit.train.learning_rate, "schedule": "cosine", "final_factor": 0.01}
            exact, mixed = (
                Job(unit.field, problem, Train(iterations=iterations, precision=precision, **rate), unit.seed)
                for precision in ("float32", "mixed")
            )
            reached = psnr(exact, device)
            rows.append(
                {
                    "image": unit.name,
                    "method": method,
                    "psnr_float32": reached,
                    "mixed_minus_float32": psnr(mixed, device) - reached,
                    "nudged_minus_float32": psnr(exact, device, nudged=True) - reached,
                }
            )
            pd.DataFrame(rows).to_csv(out, index=False, float_format="%.4f", lineterminator="\n")
    columns = ["mixed_minus_float32", "nudged_minus_float32"]
    print(pd.DataFrame(rows).groupby("method", sort=False)[columns].agg(["mean", "min", "max"]).round(4).to_string())


if __name__ == "__main__":
    typer.run(main)
