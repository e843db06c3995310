"""What a machine has of all that a run needs, in words."""

import importlib.metadata
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil

from refield.config import Params
from refield.errors import UserError
from refield.executors import settings as executor_settings
from refield.fitting import devices
from refield.machine.duration import duration
from refield.machine.estimate import image_size, seconds_per_step
from refield.signals.sources import KODAK_DIRECTORY, KODAK_URLS
from refield.units.store import Store

GIB = 1024**3
KODAK_IMAGES = 24  # where `names: all` does not say how many
TIMEOUT = 5.0  # seconds to wait for Kodak's first address


def machine() -> Iterator[tuple[str, str]]:
    """Topic and finding, one by one."""
    import torch

    yield "Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    about = devices.describe("cpu")
    yield "processor", f"{about['device']}, {os.cpu_count()} cores, {about['blas']}"
    memory = psutil.virtual_memory()
    yield "memory", f"{memory.available / GIB:.1f} of {memory.total / GIB:.1f} GiB free"
    yield "torch", torch.__version__
    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        yield "CUDA", f"{torch.cuda.get_device_name()}, {free / GIB:.1f} of {total / GIB:.1f} GiB free"
    else:
        yield "CUDA", "none: profiles with device: cuda stop at once"
    executor = executor_settings.read()
    kept = {key: value for key, value in executor.model_dump(exclude_defaults=True).items() if key != "kind"}
    yield "executor", f"{executor.kind}{''.join(f', {key}: {value}' for key, value in kept.items())}"
    yield "DVC", importlib.metadata.version("dvc")
    for topic, folder in (("DVC's cache", Path(".dvc/cache")), ("unit store", Store().root)):
        free = shutil.disk_usage(folder if folder.exists() else ".").free
        yield topic, f"{folder}, {_size(folder)}; {free / GIB:.0f} GiB free"
    yield "Kodak", kodak()


def kodak() -> str:
    """Where Kodak's photographs would come from."""
    local = os.environ.get(KODAK_DIRECTORY)
    if local:
        count = len(list(Path(local).glob("kodim*.png")))
        return f"{count} photographs in {local} ({KODAK_DIRECTORY})"
    import requests

    address = KODAK_URLS[0].format(name="kodim01.png", number="01.png")
    try:
        requests.head(address, timeout=TIMEOUT, allow_redirects=True).raise_for_status()
    except requests.RequestException as problem:
        return f"{address} cannot be reached ({type(problem).__name__}); {KODAK_DIRECTORY}=FOLDER takes local files"
    return f"{address} can be reached"


def times(params: Params) -> Iterator[tuple[str, str]]:
    """Each profile and how long all of its fits take here, measured on a few steps of one method."""
    for profile, settings in params.profiles.items():
        try:
            device = devices.choose(settings.device)
            note = ""
        except UserError:
            device, note = "cpu", " on this CPU; it asks for a CUDA GPU"
        count = KODAK_IMAGES if settings.images.names == "all" else len(settings.images.names)
        method = list(params.methods)[-1]
        field, train, size = params.field(profile, method), params.train(profile, method), image_size(settings.images)
        seconds = seconds_per_step(field, params.task(profile), train, *size, device) * train.iterations
        fits = count * len(params.methods)
        yield profile, f"{fits} fits, {duration(seconds)} each, {duration(fits * seconds)} in all{note}"


def _size(folder: Path) -> str:
    """What a folder holds."""
    total = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return f"{total / GIB:.1f} GiB" if total >= GIB / 10 else f"{total / 1024**2:.0f} MiB"
