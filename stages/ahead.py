"""Have units fitted by whoever executor.yaml names; a cluster begins meanwhile what the next stages will ask for."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from refield import executors
from refield.config import Params
from refield.executors import settings
from refield.executors.settings import Slurm
from refield.store import Made, Store
from refield.units import Unit
from stages import guard, pending
from stages.verify import LOCK, entries


def make(
    units: Sequence[Unit], store: Store, params: Params, profile: str, title: str, more: Callable[[], Iterable[Unit]]
) -> dict[str, Made]:
    """The units, by key; `UserError` for those that fail. `more` says what else a cluster may begin meanwhile."""
    executor = settings.read()
    if not isinstance(executor, Slurm):
        return executors.make_units(units, store, guard.choose_device(params, profile), title, executor)
    wish = params.profiles[profile].device
    return executors.make_units(units, store, wish, title, executor, list(more()))


def soon(params: Params, profile: str) -> Iterator[Unit]:
    """The units of all fits of a profile that `dvc repro` would run now, and whose images and maps are there."""
    planned = pending.to_run(params, entries(LOCK) if LOCK.exists() else {}, {})[1]
    for method in params.method_names:
        group = "fit_segmented" if method in params.methods.segmented else "fit"
        if any(stage.name == f"{group}@{profile}-{method}" for stage in planned):
            yield from pending.units_ready(params, profile, method, planned)
