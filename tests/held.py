"""How much memory a process comes to hold: what scripts print of their stages, and what tests read."""

import multiprocessing
import os
import resource
import subprocess
import sys
from collections.abc import Callable

from pipeline import ROOT

UNIT = 1024 if sys.platform == "linux" else 1  # bytes, of what the system tells


def peak() -> int:
    """Bytes that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT


def tell(stage: str, small: Callable[[], object], large: Callable[[], object]) -> None:
    """Print what a process of its own came to hold at most for a large call, and in all; in bytes.

    The same in small comes before, which imports what it needs.
    """

    def measure() -> None:
        small()
        before = peak()
        large()
        print(stage, peak() - before, peak(), flush=True)

    process = multiprocessing.get_context("fork").Process(target=measure)
    process.start()
    process.join()


def told(module: str, *arguments: object) -> dict[str, tuple[int, int]]:
    """Both numbers by stage, of a script of tests/ on one thread."""
    said = subprocess.check_output(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=ROOT / "tests",
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"},
        text=True,
    )
    return {stage: (int(taken), int(held)) for stage, taken, held in map(str.split, said.splitlines())}
