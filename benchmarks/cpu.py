"""The engine beside the textbook, on a CPU, in one run: `python benchmarks/cpu.py`, about ten minutes.

It needs `pip install -c constraints.txt -e '.[bench]'`. Contestants take turns, each in a process of its own that then
rests, because torch's threads go on spinning after a product and would take the next one's cores; a machine whose
speed drifts slows them all, and ratios are taken within a turn. What is timed is one step of full-batch Adam: forward,
backward and update. Writes cpu.csv, scaling.csv and cpu.svg beside itself.
"""

import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.ticker import NullFormatter, StrMethodFormatter
from siren_pytorch import SirenNet
from torch import Tensor, nn

from refield.engine import Descent
from refield.fields.gated import Gated
from refield.plotting import PAGE, save, style
from refield.samples import Samples, sample_image

GATES = {
    "siren": ("dense",) * 4,
    "ftc": (128.0, 8.0, 4.0, 2.0),
    "qt": (2.0, 4.0, 8.0, 128.0),
    "ours": (128.0, 8.0, 4.0, "segment"),
}
SIZES = [(128, 192, 64), (256, 384, 128)]  # height, width, network width
TURNS = 9
REST = 0.5  # seconds after a turn: longer than threads spin

Step = Callable[[], object]


class Textbook(nn.Module):
    """A Levels-of-Experts network as one writes it down: per expert a mask, a gather, a product and a scatter."""

    def __init__(self, field: Gated, samples: Samples) -> None:
        super().__init__()
        self.layers = field.layers(samples.values.shape[1])
        self.omega = field.omega
        self.experts = nn.ModuleList(
            nn.ModuleList(nn.Linear(layer.fan_in, layer.fan_out) for _ in range(layer.experts)) for layer in self.layers
        )
        tiles = [torch.as_tensor(field.experts(layer, samples.points, samples.labels)) for layer in self.layers]
        self.masks = [[tile == e for e in range(layer.experts)] for tile, layer in zip(tiles, self.layers, strict=True)]

    def forward(self, h: Tensor) -> Tensor:
        for layer, experts, masks in zip(self.layers, self.experts, self.masks, strict=True):
            z = torch.zeros(len(h), layer.fan_out)
            for expert, mask in zip(experts, masks, strict=True):
                z[mask] = expert(h[mask])
            h = torch.sin(self.omega * z) if layer.activated else z
        return h


def module_step(module: nn.Module, samples: Samples) -> Step:
    points = torch.as_tensor(samples.points, dtype=torch.float32)
    target = torch.as_tensor(samples.values, dtype=torch.float32)
    adam = torch.optim.Adam(module.parameters(), lr=1e-4)

    def step() -> None:
        adam.zero_grad()
        nn.functional.mse_loss(module(points), target).backward()
        adam.step()

    return step


def problem(method: str, height: int, width: int, hidden: int, regions: int = 4) -> tuple[Gated, Samples]:
    """A method on an image of noise, its tiles as large in pixels as the paper's; regions in patches of random size."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    labels = rng.integers(0, regions, (height // 8, width // 8)).repeat(8, axis=0).repeat(8, axis=1)
    field = Gated(gates=GATES[method], width=hidden, regions=regions, tile_scale=width / 768)
    return field, sample_image(image, labels)


def refield_step(field: Gated, samples: Samples) -> Step:
    descent = Descent(field, field.initialise(3, np.random.default_rng(0)), samples, torch.device("cpu")).__enter__()
    return lambda: float(descent.step(1e-4))


def siren_pytorch_step(field: Gated, samples: Samples) -> Step:
    depth = len(field.gates)
    net = SirenNet(dim_in=2, dim_hidden=field.width, dim_out=3, num_layers=depth, w0=30.0, w0_initial=30.0)
    return module_step(net, samples)


STEPS: dict[str, Callable[[Gated, Samples], Step]] = {
    "refield": refield_step,
    "textbook": lambda field, samples: module_step(Textbook(field, samples), samples),
    "siren-pytorch": siren_pytorch_step,
}


def contestant(turn: Connection, by: str, problem_is: tuple[Any, ...]) -> None:
    """In a process of its own: at each word from `turn`, answer with a step's milliseconds, the median of three."""
    step = STEPS[by](*problem(*problem_is))
    while turn.recv():
        durations = []
        for _ in range(4):
            start = time.perf_counter()
            step()
            durations.append(1000 * (time.perf_counter() - start))
        turn.send(statistics.median(durations[1:]))


def race(entries: Mapping[str, tuple[str, tuple[Any, ...]]]) -> pd.DataFrame:
    """Milliseconds of each entry, one row per turn; a first turn is not counted."""
    context, turns = multiprocessing.get_context("spawn"), {}
    for name, entry in entries.items():
        turns[name], theirs = context.Pipe()
        context.Process(target=contestant, args=(theirs, *entry), daemon=True).start()
    rows = []
    for _ in range(TURNS + 1):
        row = {}
        for name, turn in turns.items():
            turn.send(True)
            row[name] = turn.recv()
            time.sleep(REST)
        rows.append(row)
    for turn in turns.values():
        turn.send(False)
    return pd.DataFrame(rows[1:])


def versus(height: int, width: int, hidden: int) -> pd.DataFrame:
    """Each method by the engine, against the textbook, and SIREN against siren-pytorch as well."""
    rows = []
    for method in GATES:
        contestants = list(STEPS) if method == "siren" else ["refield", "textbook"]
        table = race({by: (by, (method, height, width, hidden)) for by in contestants})
        for name in table:
            ratio = table[name] / table["refield"]
            rows.append(
                {"pixels": f"{width}x{height}", "width": hidden, "method": method, "by": name}
                | {"median_ms": table[name].median(), "min_ms": table[name].min(), "max_ms": table[name].max()}
                | {"times_refield": ratio.median(), "times_min": ratio.min(), "times_max": ratio.max()}
            )
    return pd.DataFrame(rows)


def scaling() -> pd.DataFrame:
    """How a step of the paper's method grows with one quantity at a time, from 192x128, width 64, four regions."""
    start = {"height": 128, "width": 192, "hidden": 64, "regions": 4}
    series = {
        "pixels": [{"height": 64 * k, "width": 96 * k} for k in (1, 2, 4, 8)],
        "width": [{"hidden": w} for w in (32, 64, 128, 256)],
        "regions": [{"regions": k} for k in (2, 4, 8, 16, 32, 64)],
    }
    rows = []
    for quantity, changes in series.items():
        for change in changes:
            setting = start | change
            times = race({"step": ("refield", ("ours", *setting.values()))})["step"]
            value = setting["height"] * setting["width"] if quantity == "pixels" else next(iter(change.values()))
            rows.append({"quantity": quantity, "value": value, "median_ms": times.median(), "min_ms": times.min()})
    return pd.DataFrame(rows)


def plot(table: pd.DataFrame, growth: pd.DataFrame, file: Path) -> None:
    """Above: the textbook's time over ours; below: growth with pixels, width and regions."""
    with style():
        figure = plt.figure(figsize=(PAGE, 4.2), layout="constrained")
        above, below = figure.subfigures(2, 1)
        sizes = table.groupby(["pixels", "width"], sort=False)
        for axis, ((pixels, width), rows) in zip(above.subplots(1, 2), sizes, strict=True):
            others = rows[rows["by"] != "refield"]
            names = [
                f"{method}\n{by}" if by != "textbook" else method
                for method, by in zip(others["method"], others["by"], strict=True)
            ]
            middle, low, high = (others[column].to_numpy() for column in ("times_refield", "times_min", "times_max"))
            axis.barh(names, middle, xerr=[middle - low, high - middle], color="#0072B2", error_kw={"lw": 0.8})
            axis.axvline(1, color="0.3", lw=0.8)
            axis.invert_yaxis()
            axis.set_title(f"{pixels} pixels, width {width}")
            axis.set_xlabel("time of a step / refield's")
        for axis, (quantity, rows) in zip(below.subplots(1, 3), growth.groupby("quantity", sort=False), strict=True):
            axis.loglog(rows["value"], rows["median_ms"], "o-", ms=3, color="#D55E00", base=2)
            for each, form in ((axis.xaxis, "{x:,.0f}"), (axis.yaxis, "{x:.3g}")):
                each.set_major_formatter(StrMethodFormatter(form))
                each.set_minor_formatter(NullFormatter())
            axis.set_xlabel(str(quantity))
            axis.set_ylabel("step, ms")
        save(figure, file)


def main() -> None:
    here = Path(__file__).parent
    table = pd.concat([versus(*size) for size in SIZES])
    growth = scaling()
    table.to_csv(here / "cpu.csv", index=False, float_format="%.3f", lineterminator="\n")
    growth.to_csv(here / "scaling.csv", index=False, float_format="%.3f", lineterminator="\n")
    plot(table, growth, here / "cpu.svg")
    print(table.round(2).to_string(index=False), growth.round(2).to_string(index=False), sep="\n\n")


if __name__ == "__main__":
    main()
