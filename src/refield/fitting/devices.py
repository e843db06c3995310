"""Which device a fit runs on, and what it is called."""

import os
import platform
from pathlib import Path
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_info

from refield.errors import UserError, shown


class NoCuda(UserError):
    """A CUDA GPU is asked for and there is none."""


def choose(wanted: str) -> str:
    """The device, cpu or cuda, for a profile's wish (auto, cpu or cuda); `REFIELD_DEVICE` overrides the wish."""
    wanted = os.environ.get("REFIELD_DEVICE") or wanted
    if wanted not in ("auto", "cpu", "cuda"):
        raise UserError(f"REFIELD_DEVICE = {shown(wanted)} is not allowed; it must be auto, cpu or cuda")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise NoCuda("no CUDA GPU is available")
    return "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"


def describe(device: str) -> dict[str, Any]:
    """The machine, for a unit's provenance."""
    return {
        "device": torch.cuda.get_device_name() if device == "cuda" else f"CPU ({_cpu_name()})",
        "threads": torch.get_num_threads(),
        "blas": "" if device == "cuda" else _blas(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
    }


def _blas() -> str:
    """The library that multiplies numpy's matrices, and the kind of processor that it takes this one for."""
    found = [i for i in threadpool_info() if i["user_api"] == "blas" and "numpy" in i["filepath"]]
    return f"{found[0]['internal_api']} {found[0]['version']} {found[0].get('architecture')}" if found else ""


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
