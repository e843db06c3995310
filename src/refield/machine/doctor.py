"""What a machine has of all that a run needs, in words; what needs torch, which takes seconds to load, comes last."""

import importlib.metadata
import os
import platform
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from refield.config import Params, Profile
from refield.executors import settings as executor_settings
from refield.signals.sources.kodak import KODAK_DIRECTORY, KODAK_URLS
from refield.units.store import Store

GIB = 1024**3
KODAK_IMAGES = 24  # where `names: all` does not say how many
TIMEOUT = 3.0  # seconds to wait for Kodak's first address
COUNTING = 0.5  # seconds to count a folder's bytes for
SECONDS = 9.0  # after the process began: then no further kind of step is timed


def machine() -> Iterator[tuple[str, str]]:
    """Topic and finding, one by one."""
    address = Reaching(KODAK_URLS[0].format(name="kodim01.png", number="01.png"))
    yield "Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    memory = psutil.virtual_memory()
    yield "memory", f"{memory.available / GIB:.1f} of {memory.total / GIB:.1f} GiB free"
    executor = executor_settings.read()
    kept = {key: value for key, value in executor.model_dump(exclude_defaults=True).items() if key != "kind"}
    yield "executor", f"{executor.kind}{''.join(f', {key}: {value}' for key, value in kept.items())}"
    yield "DVC", importlib.metadata.version("dvc")
    for topic, folder in (("DVC's cache", Path(".dvc/cache")), ("unit store", Store().root)):
        free = shutil.disk_usage(folder if folder.exists() else ".").free
        yield topic, f"{folder}, {_size(folder)}; {free / GIB:.0f} GiB free"
    yield "Kodak", kodak(address)
    yield from computing()


def computing() -> Iterator[tuple[str, str]]:
    """What computes: processor, GPU, and the libraries."""
    import torch

    from refield.fitting import devices
    from refield.machine import kernels

    about, cores = devices.describe("cpu"), os.cpu_count()
    yield "processor", f"{about['device']}, {cores} cores, of which fits use {about['threads']}"
    yield "kernels", kernels.in_words()
    yield "torch", torch.__version__
    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        yield "CUDA", f"{torch.cuda.get_device_name()}, {free / GIB:.1f} of {total / GIB:.1f} GiB free"
    else:
        yield "CUDA", "none: profiles with device: cuda stop at once"


class Reaching:
    """Whether an address answers, found out while other things are."""

    def __init__(self, address: str) -> None:
        self.address, self.problem, self.end = address, "no answer", time.perf_counter() + TIMEOUT
        # A thread that nobody waits for in the end: looking up a name may take longer than any timeout.
        self.thread = threading.Thread(target=self._ask, daemon=True)
        if not os.environ.get(KODAK_DIRECTORY):
            self.thread.start()

    def wait(self) -> str:
        """What is wrong with it; empty if it can be reached."""
        self.thread.join(max(0.0, self.end - time.perf_counter()))
        return self.problem

    def _ask(self) -> None:
        import requests

        try:
            requests.head(self.address, timeout=TIMEOUT, allow_redirects=True).raise_for_status()
            self.problem = ""
        except requests.RequestException as problem:
            self.problem = type(problem).__name__


def kodak(address: Reaching) -> str:
    """Where Kodak's photographs would come from."""
    local = os.environ.get(KODAK_DIRECTORY)
    if local:
        count = len(list(Path(local).glob("kodim*.png")))
        return f"{count} photographs in {local} ({KODAK_DIRECTORY})"
    if problem := address.wait():
        return f"{address.address} cannot be reached ({problem}); {KODAK_DIRECTORY}=FOLDER takes local files"
    return f"{address.address} can be reached"


def times(params: Params) -> Iterator[tuple[str, str]]:
    """Each profile and how long all of its fits take here, then what that rests on and how busy the machine is."""
    from refield.machine.forecast import forecasts
    from refield.machine.work import device_of, of_profile

    age = time.time() - psutil.Process().create_time()
    works, notes = {}, {}
    for name, profile in params.profiles.items():
        device, notes[name] = device_of(profile)
        works[name] = of_profile(params, name, images(profile) or 1, device)
    found, basis = forecasts(works, clock=SECONDS - age)
    for name, forecast in found.items():
        per = "" if images(params.profiles[name]) else " for each image"
        yield name, f"{forecast.fits} fits{per}, {forecast}{notes[name] and f'; {notes[name]}'}"
    yield "timed", basis.measured()
    yield "meanwhile", basis.meanwhile()


def images(profile: Profile) -> int | None:
    """How many a profile has; None where only its folder can tell."""
    if profile.images.names != "all":
        return len(profile.images.names)
    return KODAK_IMAGES if profile.images.source == "kodak" else None


def _size(folder: Path) -> str:
    """What a folder holds, as far as it can be counted soon."""
    total, end = 0, time.perf_counter() + COUNTING
    for place, _, files in os.walk(folder):
        for file in files:
            total += _bytes(Path(place, file))
        if time.perf_counter() > end:
            return f"more than {_gib(total)}"
    return _gib(total)


def _bytes(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # gone meanwhile
        return 0


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB" if size >= GIB / 10 else f"{size / 1024**2:.0f} MiB"
