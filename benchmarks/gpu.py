"""The engine beside the textbook, on a CUDA GPU, in one run: `python -m benchmarks.gpu`, some minutes.

It needs `pip install -c constraints.txt -e '.[bench]'` with a CUDA build of torch, which brings Triton. At the paper's
scale, 768x512 and width 256: the time of one step of full-batch Adam and the memory it takes, by refield in mixed
precision and in float32, by the textbook's masks, and by siren-pytorch, in turns. The floor is what a step's products
alone take in half precision. Writes gpu.csv and gpu.json beside itself, after each method; gpu.json ends with what all
192 fits of the paper's tables would take, one after the other.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import torch
import typer

from benchmarks.contestants import by_refield, by_siren_pytorch, by_textbook
from benchmarks.subjects import noise, subject
from refield import config, papers
from refield.fitting import devices
from refield.machine.estimate import floor_per_step, product_rate
from refield.machine.timing import fastest

CONTESTANTS = {
    "refield, mixed": partial(by_refield, precision="mixed"),
    "refield, float32": by_refield,
    "textbook": by_textbook,
    "siren-pytorch": by_siren_pytorch,
}
KODAK_IMAGES = 24


@dataclass(frozen=True)
class Bench:
    """Where, and at which size."""

    device: str
    height: int
    width: int
    hidden: int
    turns: int = 5
    steps: int = 10

    def wait(self) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()

    def timed(self, step: Callable[[], object]) -> float:
        """Milliseconds of a step, over several that follow each other."""
        self.wait()
        start = time.perf_counter()
        for _ in range(self.steps):
            step()
        self.wait()
        return 1000 * (time.perf_counter() - start) / self.steps

    def race(self, method: str) -> pd.DataFrame:
        """Each contestant's times over the turns, ratios taken within a turn, and the most memory that it held."""
        field, problem = subject(method, self.height, self.width, self.hidden, 4)
        steps, memory = {}, {}
        for name, contestant in CONTESTANTS.items():
            if name == "siren-pytorch" and method != "siren":
                continue
            before = torch.cuda.memory_allocated() if self.device == "cuda" else 0
            if self.device == "cuda":
                torch.cuda.reset_peak_memory_stats()
            steps[name] = contestant(field, problem, self.device).step
            self.timed(steps[name])  # compiles, captures and warms up
            memory[name] = (torch.cuda.max_memory_allocated() - before) / 2**30 if self.device == "cuda" else 0.0
        turns = pd.DataFrame([{name: self.timed(step) for name, step in steps.items()} for _ in range(self.turns)])
        rows = []
        for name in turns:
            ratio = turns[name] / turns["refield, mixed"]
            rows.append(
                {"method": method, "by": name, "median_ms": turns[name].median()}
                | {"min_ms": turns[name].min(), "max_ms": turns[name].max(), "memory_gib": memory[name]}
                | {"times_refield": ratio.median(), "times_min": ratio.min(), "times_max": ratio.max()}
            )
        floor = floor_per_step(field, self.height, self.width, product_rate(self.hidden, self.device, "mixed"))
        return pd.DataFrame(rows).assign(floor_ms=1000 * floor)

    def copy_rate(self) -> float:
        """Bytes per second, read and written, of a copy of some gigabytes within the device's memory."""
        x = torch.randn(2**28 if self.device == "cuda" else 2**20, device=self.device)
        y = torch.empty_like(x)
        return 2 * x.numel() * x.element_size() / fastest(lambda: (y.copy_(x), self.wait()), 10)

    def paper(self) -> dict[str, float]:
        """Milliseconds of a step of each of the paper's methods, as the profile `paper` fits it."""
        params, milliseconds = config.read(), {}
        methods = [row.method for row in papers.read(params.paper).rows]
        problem = noise(self.height, self.width, params.seg.regions)
        for method in methods:
            field = params.field("paper", method).model_copy(update={"width": self.hidden})
            step = by_refield(field, problem, self.device, params.train("paper", method).precision).step
            self.timed(step)
            milliseconds[method] = self.timed(step)
        return milliseconds


def main(device: str = "cuda", height: int = 512, width: int = 768, hidden: int = 256, out: Path | None = None) -> None:
    bench, folder = Bench(device, height, width, hidden), out or Path(__file__).parent
    summary = devices.describe(device) | {
        "pixels": f"{width}x{height}",
        "width": hidden,
        "product_tflops": product_rate(hidden, device, "mixed") / 1e12,
        "copy_terabytes_per_second": bench.copy_rate() / 1e12,
    }
    tables = []
    for method in ("ours", "siren", "ftc", "qt"):
        tables.append(bench.race(method))
        pd.concat(tables).to_csv(folder / "gpu.csv", index=False, float_format="%.3f", lineterminator="\n")
    summary["step_ms"] = bench.paper()
    iterations = config.read().profiles["paper"].train.iterations
    summary["projected_minutes"] = sum(summary["step_ms"].values()) * KODAK_IMAGES * iterations / 60_000
    (folder / "gpu.json").write_text(json.dumps(summary, indent=1) + "\n")
    print(pd.concat(tables).round(2).to_string(index=False), json.dumps(summary, indent=1), sep="\n\n")


if __name__ == "__main__":
    typer.run(main)
