"""The engine beside the textbook, on a CPU, in one run: `python -m benchmarks.cpu`, about eight minutes.

It needs `pip install -c constraints.txt -e '.[bench]'`. Contestants take turns and rest in between; a machine whose
speed drifts slows them all, and ratios are taken within a turn. What is timed is one step of full-batch Adam: forward,
backward and update. Writes cpu.csv, scaling.csv and cpu.svg beside itself.
"""

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from benchmarks.contestants import GATES, STEPS
from refield.fitting import devices
from refield.reports.plotting import PAGE, save, style

SIZES = [(128, 192, 64), (256, 384, 128)]  # height, width, network width
TURNS = 7
REST = 0.3  # seconds after a turn: longer than threads spin


def race(entries: Mapping[str, tuple[object, ...]]) -> pd.DataFrame:
    """Milliseconds of each entry (arguments of `benchmarks.contestants`), a row per turn; the first is left out."""
    running = {
        name: subprocess.Popen(
            [sys.executable, "-m", "benchmarks.contestants", *map(str, entry)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        for name, entry in entries.items()
    }
    rows = []
    for _ in range(TURNS + 1):
        row = {}
        for name, process in running.items():
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("\n")
            row[name] = float(process.stdout.readline())
            time.sleep(REST)
        rows.append(row)
    for process in running.values():
        process.communicate()
    return pd.DataFrame(rows[1:])


def versus(height: int, width: int, hidden: int) -> pd.DataFrame:
    """Each method by the engine, against the textbook, and SIREN against siren-pytorch as well."""
    rows = []
    for method in GATES:
        contestants = list(STEPS) if method == "siren" else ["refield", "textbook"]
        table = race({by: (by, method, height, width, hidden, 4, 1) for by in contestants})
        for name in table:
            ratio = table[name] / table["refield"]
            rows.append(
                {"pixels": f"{width}x{height}", "width": hidden, "method": method, "by": name}
                | {"median_ms": table[name].median(), "min_ms": table[name].min(), "max_ms": table[name].max()}
                | {"times_refield": ratio.median(), "times_min": ratio.min(), "times_max": ratio.max()}
            )
    return pd.DataFrame(rows)


def scaling() -> pd.DataFrame:
    """How a step of the paper's method grows with one quantity at a time, from one image, 192x128, width 64, K = 4."""
    start = {"height": 128, "width": 192, "hidden": 64, "regions": 4, "images": 1}
    series = {
        "pixels": [{"height": 64 * k, "width": 96 * k} for k in (1, 2, 4, 8)],
        "width": [{"hidden": w} for w in (32, 64, 128, 256)],
        "regions": [{"regions": k} for k in (2, 4, 8, 16, 32, 64)],
        "images": [{"images": k} for k in (1, 2, 4, 8)],
    }
    rows = []
    for quantity, changes in series.items():
        for change in changes:
            setting = start | change
            times = race({"step": ("refield", "ours", *setting.values())})["step"]
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
            names = [f"{method}, {by}" for method, by in zip(others["method"], others["by"], strict=True)]
            middle, low, high = (others[column].to_numpy() for column in ("times_refield", "times_min", "times_max"))
            axis.barh(names, middle, xerr=[middle - low, high - middle], color="#0072B2", error_kw={"lw": 0.8})
            axis.axvline(1, color="0.3", lw=0.8)
            axis.invert_yaxis()
            axis.set_title(f"{pixels} pixels, width {width}")
            axis.set_xlabel("time of a step / refield's")
        series = growth.groupby("quantity", sort=False)
        for axis, (quantity, rows) in zip(below.subplots(1, 4, sharey=True), series, strict=True):
            axis.loglog(rows["value"], rows["median_ms"], "o-", ms=3, color="#D55E00", base=2)
            for each, form in ((axis.xaxis, "{x:,.0f}"), (axis.yaxis, "{x:.3g}")):
                each.set_major_formatter(StrMethodFormatter(form))
                each.set_minor_formatter(NullFormatter())
            axis.set_xlabel(str(quantity))
        below.supylabel("step, ms", fontsize=8)
        save(figure, file)


def main() -> None:
    here = Path(__file__).parent
    table = pd.concat([versus(*size) for size in SIZES])
    growth = scaling()
    machine = devices.describe("cpu")
    table = table.assign(**{key: machine[key] for key in ("device", "threads", "blas", "torch")})
    table.to_csv(here / "cpu.csv", index=False, float_format="%.3f", lineterminator="\n")
    growth.to_csv(here / "scaling.csv", index=False, float_format="%.3f", lineterminator="\n")
    plot(table, growth, here / "cpu.svg")
    shown = (each.round(2).to_string(index=False) for each in (table.iloc[:, :10], growth))
    print(machine, *shown, sep="\n\n")


if __name__ == "__main__":
    main()
