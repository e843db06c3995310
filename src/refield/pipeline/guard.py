"""A profile that asks for a GPU stops at once on a machine without one."""

from pathlib import Path

from refield.config import Params
from refield.errors import UserError
from refield.fitting import devices
from refield.machine.duration import duration
from refield.machine.estimate import image_size, seconds_per_step
from refield.signals.sources import listed


def choose_device(params: Params, profile: str, sources: Path) -> str:
    """The device to fit a profile on; `UserError`, with the time on a CPU, if it needs a GPU and there is none.

    `sources` lists its photographs.
    """
    try:
        return devices.choose(params.profiles[profile].device)
    except devices.NoCuda:
        pass
    settings, method = params.profiles[profile], next(iter(params.methods))
    field, train = params.field(profile, method), params.train(profile, method)
    photographs = listed(settings.images.source, sources, settings.images.names)
    fits = len(photographs) * len(params.methods)
    step = seconds_per_step(field, params.task(profile), train, *image_size(settings.images), "cpu")
    each = step * train.iterations
    others = ", ".join(name for name, other in params.profiles.items() if other.device != "cuda")
    raise UserError(
        f"profile {profile} needs a CUDA GPU and none is available: on this CPU its {fits} fits would take about "
        f"{duration(each * fits)} ({duration(each)} each); run {others} instead, "
        "or set REFIELD_DEVICE=cpu to fit on the CPU all the same"
    )
