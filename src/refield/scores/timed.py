"""When and where something was timed, as its rows in CSV files say beside the seconds."""

import datetime
import platform
from pathlib import Path

import pandas as pd

from refield.scores.numbers import DASH

SECONDS = ("encode_seconds", "decode_seconds")  # columns, as the next are
MADE = ("date", "device")  # which older files lack


def made_here() -> tuple[str, str]:
    """Today, and the processor of this machine: a row's `MADE`."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    name = next(names, "") or platform.processor() or platform.machine()
    return datetime.datetime.now(datetime.UTC).date().isoformat(), f"CPU ({name})"


def made(rows: pd.DataFrame) -> list[str]:
    """On which days and machines, from the first to the last; a dash for what of `MADE` rows lack."""
    known = [sorted({str(each) for each in rows[column].dropna()} - {""}) if column in rows else [] for column in MADE]
    dates, devices = known
    return [" to ".join(dict.fromkeys([*dates[:1], *dates[-1:]])) or DASH, ", ".join(devices) or DASH]
