"""Which kernels multiply numpy's matrices here: how fast fits are depends on nothing more."""

import os
import subprocess
import sys
from functools import cache

from threadpoolctl import threadpool_info

FORCED = "OPENBLAS_CORETYPE"
TIMEOUT = 5.0  # seconds; a Python with numpy starts in 0.2


def in_words() -> str:
    """Such as "openblas 0.3.31 with kernels for Haswell", and whether someone chose them."""
    library, kind = _in_use()
    if not library:
        return "numpy's own products"
    if FORCED not in os.environ:
        return f"{library} with kernels for {kind}" if kind else library
    found = f"{library} with kernels for {kind}, as {FORCED} = {os.environ[FORCED]!r} says"
    return f"{found}; {slower}" if (slower := others()) else found


def others() -> str:
    """What this machine would take of itself, if someone forces other kernels on it; else nothing."""
    if FORCED not in os.environ or (own := _unforced()) in ("", _in_use()[1]):
        return ""
    return f"without it they would be for {own}, which may be far faster"


def _in_use() -> tuple[str, str]:
    import numpy as np

    del np  # loaded, so that its library is found
    blas = [each for each in threadpool_info() if each["user_api"] == "blas" and "numpy" in each["filepath"]]
    if not blas:
        return "", ""
    version = ".".join((blas[0]["version"] or "").split(".")[:3])
    return f"{blas[0]['internal_api']} {version}", blas[0].get("architecture") or ""


@cache
def _unforced() -> str:
    """What kernels a process takes that is not told which; empty if that cannot be found out."""
    environment = {key: value for key, value in os.environ.items() if key != FORCED}
    code = f"from {__name__} import _in_use; print(_in_use()[1])"
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
