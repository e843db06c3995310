"""A profile stops at once where it asks for a GPU and there is none, or where a CPU would take days."""

import os
from pathlib import Path

from refield.config import Params
from refield.errors import UserError
from refield.fitting import devices
from refield.machine.forecast import forecasts
from refield.machine.work import of_profile
from refield.signals.sources import listed

DAY = 2e16  # effort (`Work.effort`) that takes two cores about a day: thirty times all Kodak crops by fifteen methods


def choose_device(params: Params, profile: str, sources: Path) -> str:
    """The device to fit a profile on; `UserError`, with the time on a CPU, if it needs a GPU and there is none, or
    would keep the CPU for days. `REFIELD_DEVICE=cpu` fits all the same. `sources` lists its photographs.
    """
    try:
        device = devices.choose(params.profiles[profile].device)
        stops = f"profile {profile} would keep this CPU for days"
    except devices.NoCuda:
        device, stops = "", f"profile {profile} needs a CUDA GPU and none is available"
    if device == "cuda" or os.environ.get("REFIELD_DEVICE") == "cpu":
        return device
    images = params.profiles[profile].images
    work = of_profile(params, profile, len(listed(images.source, sources, images.names)), "cpu")
    if device and sum(each.total for each in work) < DAY:
        return device
    found, basis = forecasts({profile: work})
    others = ", ".join(name for name, other in params.profiles.items() if other.device == "auto")
    raise UserError(
        f"{stops}: on this CPU its {found[profile].fits} fits would take about {found[profile]} ({basis}); "
        f"run {others} instead, or set REFIELD_DEVICE=cpu to fit on the CPU all the same"
    )
