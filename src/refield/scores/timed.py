"""When and where something was timed, as its rows in CSV files say beside the seconds."""

import datetime
import platform
from pathlib import Path

SECONDS = ("encode_seconds", "decode_seconds")  # columns
MADE = ("date", "device")  # columns, which older files lack


def made_here() -> tuple[str, str]:
    """Today, and the processor of this machine: a row's `MADE`."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    name = next(names, "") or platform.processor() or platform.machine()
    return datetime.datetime.now(datetime.UTC).date().isoformat(), f"CPU ({name})"
