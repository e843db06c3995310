"""What the unit store and a waiting process sustain: `python -m benchmarks.jobs`, about half an hour and 30 GB of disk.

Units of 12x16 pixels that nobody fits: the files of one fit are kept under as many keys as are wanted. The cluster is
simulated, by the very packing of units into jobs that a real one gets. Writes jobs.csv, jobs.svg and docs/scaling.md.
"""

import hashlib
import heapq
import json
import multiprocessing
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import psutil
from rich.console import Console

from refield.executors.collecting import Collector
from refield.executors.packing import pack
from refield.executors.settings import Slurm
from refield.executors.submission import Submission
from refield.fields.mlp import Mlp
from refield.fitting import devices
from refield.fitting.train import Train
from refield.reports.plotting import COLORS, MARKERS, PAGE, save, style
from refield.signals import Image
from refield.tasks.represent import Represent
from refield.units.make import make
from refield.units.store import Made, Store
from refield.units.unit import Unit

COUNTS = [10**3, 10**4, 10**5, 10**6]
SAMPLE = 1000
WORKERS, FIT, START = 1000, 20.0, 20.0  # simulated: jobs at once, seconds of a fit, seconds until a job's first fit
SPREAD = 0.3  # of the logarithm of fits' durations around what was expected
MINUTES = [0.5, 1, 2, 5, 10, 20, 40, 60]


class Still:
    """Jobs that wait forever."""

    patience_seconds, poll_seconds, workers = 60.0, 10.0, WORKERS

    def __init__(self) -> None:
        self.jobs: set[tuple[str, int]] = set()

    def submit(self, submission: Submission, avoid: Set[str]) -> None:
        self.jobs |= {(submission.name, number) for number in submission.numbers()}

    def alive(self) -> Set[tuple[str, int]]:
        return self.jobs

    def describe(self) -> str:
        return ""

    def close(self) -> None: ...


def unit(seed: int) -> Unit:
    image, field = Image(np.zeros((12, 16, 3), np.uint8)), Mlp(gates=("dense",), width=4)
    return Unit(str(seed), image, None, Represent(), field, Train(iterations=2, learning_rate=1e-3), seed)


def key_of(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def timed(call: Any, *arguments: Any) -> tuple[float, Any]:
    start = time.perf_counter()
    result = call(*arguments)
    return time.perf_counter() - start, result


def keep(root: Path, made: Made, first: int, count: int) -> None:
    store = Store(root)
    for number in range(first, first + count):
        store.put(key_of(number), made)


def of_store(count: int, made: Made, folder: Path) -> dict[str, float]:
    """Seconds a unit: kept by one process, and a tenth as many more by four at once; asked for; read and checked."""
    store = Store(folder / "store")
    kept, _ = timed(keep, store.root, made, 0, count)
    more = max(40, count // 10) // 4
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=keep, args=(store.root, made, count + i * more, more)) for i in range(4)]
    together, _ = timed(lambda: [[writer.start() for writer in writers], [writer.join() for writer in writers]])
    keys = [key_of(random.randrange(count)) for _ in range(SAMPLE)]
    asked, _ = timed(lambda: [store.has(key) for key in keys])
    read, _ = timed(lambda: [store.get(key) for key in keys])
    return {"keep": kept / count, "keep_by_four": together / (4 * more), "has": asked / SAMPLE, "get": read / SAMPLE}


def of_waiting(count: int, folder: Path) -> dict[str, float]:
    """Seconds a unit: to be described and hashed, handed out, and looked after in one round."""
    units = [unit(number) for number in range(count)]
    keyed, wanted = timed(lambda: {each.key(): each for each in units})
    collector = Collector(Store(folder / "waiting"), jobs := Still(), Slurm(kind="slurm", teraflops=1e-9), "cpu")
    handed, _ = timed(collector.hand_out, units, Console(file=open("/dev/null", "w")))  # noqa: SIM115

    def round_() -> None:
        alive = jobs.alive()
        collector.failures(wanted)
        pending = {key: each for key, each in wanted.items() if not collector.store.has(key)}
        collector.find(alive)
        assert not collector.lost(pending, alive)

    watched, _ = timed(round_)
    return {"key": keyed / count, "hand_out": handed / count, "round": watched / count}


def measure(count: int, folder: Path) -> None:
    """One count in a process of its own, so that memory is its own; prints a row."""
    before = psutil.Process().memory_info().rss
    row = of_waiting(count, folder)
    row["bytes"] = (psutil.Process().memory_info().rss - before) / count
    (made,) = make([unit(0)], Store(folder / "one"), "cpu", lambda *_: None)
    assert isinstance(made, Made)
    row |= of_store(count, made, folder)
    print(json.dumps({"units": count, **row}))


def busy(count: int, minutes: float) -> float:
    """The share of the workers' time that goes into fits, from the first job's start until the last unit is there."""
    rng = np.random.default_rng(0)
    one = unit(0)
    rate = one.flop / FIT
    ends = [0.0] * WORKERS
    useful = 0.0
    for part in pack([one] * count, rate, Slurm.shortest, 60 * minutes, WORKERS):
        durations = FIT * rng.lognormal(-(SPREAD**2) / 2, SPREAD, len(part))
        useful += float(durations.sum())
        heapq.heapreplace(ends, ends[0] + START + float(durations.sum()))
    return useful / (max(ends) * WORKERS)


def plot(table: pd.DataFrame, shares: pd.DataFrame, file: Path) -> None:
    names = {
        "keep": "keep, one process",
        "keep_by_four": "keep, four processes",
        "get": "read and check",
        "has": "ask",
        "hand_out": "hand out",
        "key": "describe and hash",
        "round": "look after, per round",
    }
    with style():
        figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 3.0), layout="constrained")
        for (column, name), color, marker in zip(names.items(), COLORS[1:], MARKERS[1:], strict=True):
            left.loglog(table["units"], 1e6 * table[column], color=color, marker=marker, ms=3, label=name)
        left.set_xlabel("units")
        left.set_ylabel("microseconds a unit")
        figure.legend(loc="outside lower left", ncols=4)
        for (count, rows), color in zip(shares.groupby("units"), COLORS[1:], strict=False):
            right.semilogx(rows["minutes"], 100 * rows["busy"], "o-", color=color, ms=3, label=f"{count:,} units")
        right.set_xticks(MINUTES, [f"{m:g}" for m in MINUTES], minor=False)
        right.minorticks_off()
        right.set_xlabel("minutes_per_job")
        right.set_ylabel("% of 1,000 GPUs' time in fits")
        right.set_ylim(0, 100)
        right.legend()
        save(figure, file)


DOCUMENT = """\
# How far it goes

Made by `python -m benchmarks.jobs` on {machine}, one local disk. Time and memory per unit, with so many of them:

{units}
*Keep*: write a fit's files and their hashes, then rename. *Ask*: is it there? *Key*: describe and hash a unit.
*Hand out*: write it into the spool and the jobs. *A round*: what a waiting process does between two looks at the queue.
*Memory*: of the waiting process, with images of 576 bytes.

![Time per unit over the number of units; share of a thousand GPUs' time that goes into fits](../benchmarks/jobs.svg)

**What breaks first**

1. *Slurm.* An array has at most 1,000 tasks and a cluster 10,000 jobs, unless MaxArraySize and MaxJobCount say
   otherwise. Submissions are split at 1,000 jobs; 10,000 jobs of 20 minutes are {jobs:,.0f} fits of {fit:g} s: for
   more, `minutes_per_job` must grow.
2. *The store's files.* A unit is a folder of four or five files. One process keeps {rate:,.0f} units a second here;
   a thousand GPUs at {fit:g} s a fit make {made:g}. A shared file system is slower in metadata than a local disk: give
   the store one that is made for small files, or each study one of its own (`REFIELD_UNITS`).
3. *The waiting process.* A round over {most:,} units took {round:.0f} s, nearly all of it the question whether a file
   is there; `poll_seconds` should be above that. It holds the images of all units that it waits for.

**How long a job should be.** Simulated, with the packing that real jobs get: {workers:,} GPUs, fits of {fit:g} s that
vary by {spread:.0f} %, {start:g} s until a job's first fit. Share of the GPUs' time that goes into fits:

{shares}
Short jobs start too often, long ones leave GPUs idle at the end; where there are too few units to keep all workers busy
for so long, jobs are made shorter by themselves.
"""


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    return "".join(f"| {' | '.join(row)} |\n" for row in [head, ["---:"] * len(head), *rows])


def document(table: pd.DataFrame, shares: pd.DataFrame) -> str:
    """docs/scaling.md."""
    machine, last = devices.describe("cpu"), table.iloc[-1]
    times = {"keep": "keep", "keep_by_four": "by four", "has": "ask", "get": "read and check", "key": "key"}
    times |= {"hand_out": "hand out", "round": "a round"}
    rows = [
        [f"{row['units']:,.0f}", *[f"{1e6 * row[c]:,.0f} µs" for c in times], f"{row['bytes'] / 1024:.1f} KiB"]
        for _, row in table.iterrows()
    ]
    simulated = shares.pivot(index="minutes", columns="units", values="busy")
    return DOCUMENT.format(
        machine=f"{machine['device']}, {machine['platform']}",
        units=grid(["units", *times.values(), "memory"], rows),
        most=int(last["units"]),
        fit=FIT,
        jobs=10_000 * 1200 / FIT,
        rate=1 / last["keep"],
        made=WORKERS / FIT,
        round=last["round"] * last["units"],
        workers=WORKERS,
        spread=100 * SPREAD,
        start=START,
        shares=grid(
            ["`minutes_per_job`", *[f"{count:,} units" for count in simulated]],
            [[f"{minutes:g}", *[f"{100 * share:.0f} %" for share in row]] for minutes, row in simulated.iterrows()],
        ),
    )


def main() -> None:
    here = Path(__file__).parent
    rows = []
    for count in COUNTS:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            printed = subprocess.check_output([sys.executable, "-m", "benchmarks.jobs", str(count), folder], text=True)
            rows.append(json.loads(printed.splitlines()[-1]))
            print(printed, end="", flush=True)
            shutil.rmtree(folder, ignore_errors=True)
    table = pd.DataFrame(rows)
    shares = pd.DataFrame(
        [{"units": n, "minutes": m, "busy": busy(n, m)} for n in (10**4, 10**5, 10**6) for m in MINUTES]
    )
    table.to_csv(here / "jobs.csv", index=False, float_format="%.4g", lineterminator="\n")
    plot(table, shares, here / "jobs.svg")
    (here.parent / "docs/scaling.md").write_text(document(table, shares))


if __name__ == "__main__":
    measure(int(sys.argv[1]), Path(sys.argv[2])) if len(sys.argv) > 1 else main()
