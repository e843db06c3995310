"""How much memory a photograph takes: `python -m benchmarks.memory`, ten minutes and 6 GB.

What processes on one thread hold at most, of each size and each thing that is done with a photograph for which no
method is named; a descent has few steps, after which it holds no more. The tests hold the same numbers to bounds.
Writes memory.csv beside itself.
"""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd

from benchmarks.race import on_this_machine

HERE = Path(__file__).parent
SIZES = ((512, 768), (2000, 3000), (4000, 6000))
STAGES = ("fit", "render", "compress", "decompress")


def measure(height: int, width: int) -> pd.DataFrame:
    """The bytes that are held in all, a row for each stage."""
    said = subprocess.check_output(
        [sys.executable, "-m", "picture_peaks", str(height), str(width), *STAGES],
        cwd=HERE.parent / "tests",
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        text=True,
    )
    rows = [line.split() for line in said.splitlines()]
    held = {"stage": [stage for stage, *_ in rows], "held_mb": [int(row[-1]) / 1e6 for row in rows]}
    return on_this_machine(pd.DataFrame({"pixels": f"{width}x{height}", **held})).assign(threads=1)


def main() -> None:
    table = pd.concat([measure(*size) for size in SIZES])
    table.to_csv(HERE / "memory.csv", index=False, float_format="%.0f", lineterminator="\n")


if __name__ == "__main__":
    main()
