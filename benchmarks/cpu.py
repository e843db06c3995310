"""The engine beside the textbook, on a CPU, in one run: `python -m benchmarks.cpu`, about fifteen minutes.

It needs `pip install -c constraints.txt -e '.[bench]'` and, for what is compiled, gcc. Contestants take turns and rest
in between, and ratios are taken within a turn. What is timed is one step of full-batch Adam, forward, backward and
update, by the clock (ms) and by the processors' time in all threads (cpu_ms). SIREN meets what is written for it alone
as well: siren-pytorch, and plain PyTorch as it comes, with a tuned allocator, so on a single thread, and compiled.
Nothing else may run: torch's threads spin while one of them has no core. Writes cpu.csv, scaling.csv and cpu.svg beside
itself.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from benchmarks.contestants import CONTESTANTS
from benchmarks.race import compared, on_this_machine, race
from benchmarks.subjects import GATES
from refield.reports.plotting import PAGE, save, style

SIZES = [(128, 192, 64), (256, 384, 128)]  # height, width, network width
OF_ALL = ["refield", "textbook", "tuned textbook", "compiled textbook"]  # who take any method's steps


def versus(height: int, width: int, hidden: int) -> pd.DataFrame:
    """Each method by the engine and by others."""
    tables = []
    for method in GATES:
        contestants = list(CONTESTANTS) if method == "siren" else OF_ALL
        table = compared(race({by: (by, method, height, width, hidden, 4, 1) for by in contestants}))
        columns = {"pixels": f"{width}x{height}", "width": hidden, "method": method}
        for place, (name, value) in enumerate(columns.items()):
            table.insert(place, name, value)
        tables.append(table)
    return pd.concat(tables)


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
            times = race({"step": ("refield", "ours", *setting.values())})["ms"]["step"]
            value = setting["height"] * setting["width"] if quantity == "pixels" else next(iter(change.values()))
            rows.append({"quantity": quantity, "value": value, "median_ms": times.median(), "min_ms": times.min()})
    return pd.DataFrame(rows)


def plot(table: pd.DataFrame, growth: pd.DataFrame, file: Path) -> None:
    """Above: the textbook's time over ours; below: growth with pixels, width and regions."""
    sizes = table.groupby(["pixels", "width"], sort=False)
    tall = 0.7 + 0.14 * (sizes.size().max() - len(GATES))  # inches; a bar each, but for refield's own
    with style():
        figure = plt.figure(figsize=(PAGE, tall + 2.4), layout="constrained")
        above, below = figure.subfigures(2, 1, height_ratios=(tall, 2.4))
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
    table = on_this_machine(table)
    table.to_csv(here / "cpu.csv", index=False, float_format="%.3f", lineterminator="\n")
    growth.to_csv(here / "scaling.csv", index=False, float_format="%.3f", lineterminator="\n")
    plot(table, growth, here / "cpu.svg")
    print(*(each.round(2).to_string(index=False) for each in (table, growth)), sep="\n\n")


if __name__ == "__main__":
    main()
