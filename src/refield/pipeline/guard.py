"""A profile stops before its first fit where it asks for a GPU and there is none, or where a CPU would take days."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from refield.config import Params
from refield.errors import UserError
from refield.fitting import devices
from refield.machine.forecast import forecasts
from refield.machine.work import Work, of_profile, of_unit
from refield.signals.sources import listed
from refield.units.effort import flop
from refield.units.unit import Unit

LONG = 4e15  # FLOP that take two cores some hours: twelve times all Kodak crops by fifteen methods


def choose_device(params: Params, profile: str, sources: Path) -> str:
    """The device to fit a profile on; `UserError`, with the time on a CPU, if it needs a GPU and there is none.

    `sources` lists its photographs.
    """
    try:
        return devices.choose(params.profiles[profile].device)
    except devices.NoCuda:
        pass

    def work() -> Sequence[Work]:
        wanted = params.profiles[profile].originals
        return of_profile(
            params, profile, len(listed(wanted.source, sources, wanted.names, wanted.beside).images), "cpu"
        )

    raise refusal(f"profile {profile} needs a CUDA GPU and none is available", params, profile, work)


def require_short(units: Sequence[Unit], device: str, params: Params, profile: str) -> None:
    """`UserError`, with the time that they would take, for units that would keep a CPU for more than some hours.

    `REFIELD_DEVICE=cpu` fits them all the same.
    """
    if device == "cpu" and os.environ.get("REFIELD_DEVICE") != "cpu" and sum(map(flop, units)) > LONG:

        def work() -> Sequence[Work]:
            return [of_unit(unit, device) for unit in units]

        raise refusal(f"profile {profile} would keep this CPU for long", params, profile, work)


def refusal(why: str, params: Params, profile: str, work: Callable[[], Sequence[Work]]) -> UserError:
    """How long it would take on this CPU, and what can be done."""
    try:
        found, basis = forecasts({profile: work()})
        told = f"on this CPU {found[profile].fits} fits would take about {found[profile]} ({basis})"
    except UserError as error:  # steps of volumes are not timed, nor of a task that looks with what a stage has to make
        told = f"how long it would take on this CPU cannot be told yet ({error})"
    others = [
        name
        for name, other in params.profiles.items()
        if other.device == "auto" and other.originals.source not in ("folder", "solids") and name != profile
    ]
    instead = f"run {', '.join(others)} instead, or " if others else ""
    return UserError(f"{why}: {told}; {instead}set REFIELD_DEVICE=cpu to fit on the CPU all the same")
