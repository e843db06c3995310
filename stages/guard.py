"""A profile that asks for a GPU stops at once on a machine without one."""

from refield import devices
from refield.config import Params
from refield.errors import UserError
from refield.estimate import image_size, seconds_per_step
from refield.sources import listed
from refield.wording import duration
from stages import layout


def choose_device(params: Params, profile: str) -> str:
    """The device to fit a profile on; `UserError`, with the time on a CPU, if it needs a GPU and there is none."""
    try:
        return devices.choose(params.profiles[profile].device)
    except devices.NoCuda:
        pass
    settings, field = params.profiles[profile], params.field(profile, params.method_names[0])
    photographs = listed(settings.images.source, layout.source(profile), settings.images.names)
    fits = len(photographs) * len(params.method_names)
    step = seconds_per_step(field, settings.train, *image_size(settings.images), "cpu")
    each = step * settings.train.iterations
    others = ", ".join(name for name, other in params.profiles.items() if other.device != "cuda")
    raise UserError(
        f"profile {profile} needs a CUDA GPU and none is available: on this CPU its {fits} fits would take about "
        f"{duration(each * fits)} ({duration(each)} each); run {others} instead, "
        "or set REFIELD_DEVICE=cpu to fit on the CPU all the same"
    )
