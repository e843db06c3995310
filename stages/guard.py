"""A profile that asks for a GPU stops at once on a machine without one."""

from refield import devices
from refield.config import Params
from refield.errors import UserError
from refield.estimate import duration, seconds_per_step
from stages import layout

KODAK = (512, 768)  # the size assumed for images that are not there yet


def choose_device(params: Params, profile: str) -> str:
    """The device to fit a profile on; `UserError`, with the time on a CPU, if it needs a GPU and there is none."""
    try:
        return devices.choose(params.profiles[profile].device)
    except devices.NoCuda:
        pass
    settings, names = params.profiles[profile], params.profiles[profile].images.names
    listed = (layout.source(profile) / "SHA256SUMS").read_text().split("\n") if names == "all" else names
    fits = sum(map(bool, listed)) * len(params.method_names)
    height, width = (settings.images.short or KODAK[0], settings.images.long or KODAK[1])
    method = params.method_names[0]
    step = seconds_per_step(params.field(profile, method), settings.train, height, width, "cpu")
    each = step * settings.train.iterations
    others = ", ".join(name for name, other in params.profiles.items() if other.device != "cuda")
    raise UserError(
        f"profile {profile} needs a CUDA GPU and none is available: on this CPU its {fits} fits would take about "
        f"{duration(each * fits)} ({duration(each)} each); run {others} instead, "
        "or set REFIELD_DEVICE=cpu to fit on the CPU all the same"
    )
