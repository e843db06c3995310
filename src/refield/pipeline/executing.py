"""Have units fitted by whoever executor.yaml names; a cluster begins meanwhile what will be asked for next."""

from collections.abc import Callable, Iterable, Sequence

from refield import executors
from refield.config import Params
from refield.executors import settings
from refield.executors.settings import Slurm
from refield.pipeline import guard
from refield.pipeline.layout import Layout
from refield.units import memory
from refield.units.store import Made, Store
from refield.units.unit import Unit


def make(
    units: Sequence[Unit],
    store: Store,
    params: Params,
    layout: Layout,
    profile: str,
    title: str,
    more: Callable[[], Iterable[Unit]] = list,
    later: Sequence[Unit] = (),
) -> dict[str, Made]:
    """The units, by key; `UserError` for those that fail, or if they and `later` ones, for which the same run will ask,
    would keep a CPU for long. A cluster may begin these meanwhile, and what `more` says.
    """
    executor = settings.read()
    if not isinstance(executor, Slurm):
        device = guard.choose_device(params, profile, layout.sources(profile))
        memory.require(units, device)
        guard.require_short([*units, *later], device, params, profile)
        return executors.make_units(units, store, device, title, executor)
    wish = params.profiles[profile].device
    return executors.make_units(units, store, wish, title, executor, [*later, *more()])
