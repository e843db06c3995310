"""Contestants in turns, each in a process of its own; a machine whose speed drifts slows them all."""

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from benchmarks.contestants import CONTESTANTS
from refield.fitting import devices

TURNS = 5
FEWEST = 2  # turns that are taken however long they last
REST = 0.3  # seconds after a turn: longer than threads spin
ANSWERS = ("ms", "cpu_ms", "first_s")
OF_TIMES = ("median_ms", "min_ms", "max_ms", "times_refield", "times_min", "times_max")


def process(entry: Sequence[object], cache: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.contestants", *map(str, entry)]
    return started(command, CONTESTANTS[str(entry[0])].environment | {"TORCHINDUCTOR_CACHE_DIR": cache})


def started(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, env={**os.environ, **environment}, text=True, bufsize=1)


def race(
    entries: Mapping[str, Sequence[object]],
    seconds: float = math.inf,
    start: Callable[[Sequence[object], str], subprocess.Popen[str]] = process,
) -> dict[str, pd.DataFrame]:
    """What each entry (arguments of `benchmarks.contestants`, or of what `start` makes a process of) answers: a column
    of each of `ANSWERS`, in which a row is one of TURNS turns; of FEWEST, if so many `seconds` are over. The first turn
    is left out."""
    turns = []
    with ExitStack() as stack:
        cache = stack.enter_context(TemporaryDirectory())  # so that what compiles does so
        running = {}
        for name, entry in entries.items():
            running[name] = stack.enter_context(start(entry, cache))
            assert listen(running[name]) == "ready\n", f"{name} does not start"
        begun = time.monotonic()
        while len(turns) < TURNS + 1 and (len(turns) < FEWEST + 1 or time.monotonic() < begun + seconds):
            turns.append({name: answer(each) for name, each in running.items()})
    return {
        what: pd.DataFrame([{name: turn[name][what] for name in entries} for turn in turns[1:]]) for what in ANSWERS
    }


def listen(contestant: subprocess.Popen[str]) -> str:
    assert contestant.stdout is not None
    return contestant.stdout.readline()


def answer(contestant: subprocess.Popen[str]) -> dict[str, float]:
    """A turn, and a rest."""
    assert contestant.stdin is not None
    contestant.stdin.write("\n")
    found = json.loads(listen(contestant))
    time.sleep(REST)
    return found


def compared(turns: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A row for each contestant: its times and, taken within a turn, their ratios to refield's."""
    rows = []
    for by in turns["ms"]:
        row: dict[str, Any] = {"by": by}
        for what, prefix in (("ms", ""), ("cpu_ms", "cpu_")):
            times = turns[what][by]
            ratio = times / turns[what]["refield"]
            numbers = [each for of in (times, ratio) for each in (of.median(), of.min(), of.max())]
            row |= {f"{prefix}{name}": number for name, number in zip(OF_TIMES, numbers, strict=True)}
        rows.append(row | {"first_s": turns["first_s"][by].iloc[0]})
    return pd.DataFrame(rows)


def on_this_machine(table: pd.DataFrame) -> pd.DataFrame:
    machine = devices.describe("cpu")
    return table.assign(**{key: machine[key] for key in ("device", "threads", "blas", "torch")})
