"""Activations and other fields beside plain PyTorch, on a CPU: `python -m benchmarks.activations`, about an hour.

MLPs of three hidden layers of each activation, by refield's engine, and fields that have no engine, by its automatic
differentiation: each against the same network written plainly, as PyTorch comes, with an allocator tuned to keep its
memory, so on a single thread, and compiled (which needs gcc). `passes` is the engine without llvmlite, which else
should be installed, and `products` are the matrix products of its step alone: by how much could it be faster at
most? Turns, rests and times as in `benchmarks.cpu`, on the same cores, with nothing else running. Writes
activations.csv and activations.svg beside itself, after each network, the smaller ones first; names of some measure
those alone, and `--out FOLDER` leaves the committed numbers as they are.
"""

from itertools import product
from pathlib import Path
from typing import Annotated

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import typer
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

from benchmarks.cpu import SIZES
from benchmarks.race import compared, on_this_machine, race
from benchmarks.subjects import OTHERS
from refield.fields.activations import ACTIVATIONS
from refield.reports.plotting import COLORS, PAGE, save, style

SECONDS = 120  # after which no other turn begins: some take a minute
CONTESTANTS = ["refield", "passes", "products", "plain", "tuned", "single", "compiled"]
# Wanted: that plain PyTorch, and PyTorch with a tuned allocator, take at least so many times refield's CPU time.
WANTED = {"activation": {"plain": 3.0, "tuned": 2.0}, "field": {"plain": 1.0}}
OF_ENGINE = ("passes", "products")
COLOR = dict(zip(CONTESTANTS[1:], (COLORS[4], "0.75", COLORS[3], COLORS[1], COLORS[2], COLORS[6]), strict=True))
TICKS = [0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 50, 100]


def measure(name: str, height: int, width: int, hidden: int) -> pd.DataFrame:
    """A network of a name by all contestants, a row each."""
    kind = "activation" if name in ACTIVATIONS else "field"
    entrants = [by for by in CONTESTANTS if by not in OF_ENGINE or kind == "activation"]
    table = compared(race({by: (by, name, height, width, hidden, 4, 1) for by in entrants}, SECONDS))
    columns = {"pixels": f"{width}x{height}", "width": hidden, "kind": kind, "name": name}
    return on_this_machine(pd.concat([pd.DataFrame(columns, index=table.index), table], axis=1))


def bars(axis: Axes, rows: pd.DataFrame, kind: str, names: list[str]) -> None:
    """For each network and contestant a bar of CPU time and a dot of time by the clock, in multiples of refield's."""
    entrants = {by: color for by, color in COLOR.items() if (rows["by"] == by).any()}
    height = 0.8 / max(1, len(entrants))  # none of those that come later
    for k, (by, color) in enumerate(entrants.items()):
        own = rows[rows["by"] == by].set_index("name").reindex(names)
        at = np.arange(len(names)) + (k + 0.5) * height - 0.4
        middle = own["cpu_times_refield"]
        ends = [middle - own["cpu_times_min"], own["cpu_times_max"] - middle]
        axis.barh(at, middle - 1, height, left=1, xerr=ends, color=color, error_kw={"lw": 0.6}, label=by)
        axis.plot(own["times_refield"], at, "o", color="white", mec="0.2", ms=2.5, mew=0.6)
        if by in WANTED[kind]:
            axis.axvline(WANTED[kind][by], color=color, lw=0.8, ls="--")
    axis.axvline(1, color="0.3", lw=0.8)
    axis.set_xscale("log")
    axis.set_yticks(np.arange(len(names)), [name.replace("_", " ") for name in names])
    axis.grid(False, axis="y")
    axis.set_ylim(len(names) - 0.5, -0.5)


def plot(table: pd.DataFrame, file: Path) -> None:
    """Left and right the two sizes, above activations and below other fields; to the right of 1, refield is faster."""
    kinds = table.groupby("kind", sort=True)["name"].nunique()
    sizes = table.groupby(["pixels", "width"], sort=False)
    with style():
        figure, axes = plt.subplots(
            len(kinds),
            len(sizes),
            figsize=(PAGE, 0.9 + 0.36 * kinds.sum()),
            height_ratios=kinds,
            sharex=True,
            sharey="row",
            squeeze=False,
            layout="constrained",
        )
        for column, ((pixels, width), rows) in zip(axes.T, sizes, strict=True):
            for axis, kind in zip(column, kinds.index, strict=True):
                names = list(dict.fromkeys(table.loc[table["kind"] == kind, "name"]))
                bars(axis, rows[rows["kind"] == kind], kind, names)
                axis.set_visible((rows["kind"] == kind).any())
            lowest = max(i for i, axis in enumerate(column) if axis.get_visible())
            column[lowest].tick_params(labelbottom=True)
            column[0].set_title(f"{pixels} pixels, width {width}")
        low, high = axes[0, 0].get_xlim()
        axes[0, 0].set_xticks([t for t in TICKS if low <= t <= high], [f"{t:g}" for t in TICKS if low <= t <= high])
        axes[0, 0].xaxis.set_minor_formatter(NullFormatter())
        axes[0, 0].minorticks_off()
        label = "CPU time of a step / refield's (dots: time by the clock; dashed: at least as much is wanted)"
        figure.supxlabel(label, fontsize=8)
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=len(COLOR))
        save(figure, file)
        plt.close(figure)


def main(names: Annotated[list[str] | None, typer.Argument()] = None, out: Path | None = None) -> None:
    folder, tables = out or Path(__file__).parent, []
    for size, name in product(SIZES, names or [*ACTIVATIONS, *OTHERS]):
        tables.append(measure(name, *size))
        print(tables[-1].iloc[:, :-4].round(2).to_string(index=False), flush=True)
        table = pd.concat(tables)
        table.to_csv(folder / "activations.csv", index=False, float_format="%.3f", lineterminator="\n")
        plot(table, folder / "activations.svg")


if __name__ == "__main__":
    typer.run(main)
