"""Who fits: this process, others of this machine, or a cluster's. A unit's result does not depend on it."""

from collections.abc import Sequence
from functools import partial

from refield.executors.searching import search
from refield.executors.settings import Inline, Local, Slurm
from refield.units.failures import FitsFailed
from refield.units.search import dictionary
from refield.units.store import Made, Store
from refield.units.unit import Unit


def make_units(
    units: Sequence[Unit],
    store: Store,
    device: str,
    title: str,
    executor: Inline | Local | Slurm,
    ahead: Sequence[Unit] = (),
    *,
    progress: bool = True,
) -> dict[str, Made]:
    """Have the units fitted and kept, by key; `FitsFailed` in the end for those that fail, which do not stop the rest.

    `device` is cpu or cuda; for Slurm's nodes a wish, which may be auto. An executor that outlives this process may
    begin units of `ahead` as well, for those who will soon ask for them. `progress`: whether a bar shows how far it is.
    """

    def make(units: Sequence[Unit], title: str) -> dict[str, Made]:
        if isinstance(executor, Inline):
            from refield.units.make import make_all

            return make_all(units, store, device, title, progress=progress)
        from refield.executors.elsewhere import fit_elsewhere

        return fit_elsewhere(
            units, store, device, title, executor, [unit for unit in ahead if not dictionary(unit.field)]
        )

    searches = [unit for unit in units if dictionary(unit.field)]
    if not searches:
        return make(units, title)
    made: dict[str, Made] = {}
    reasons: dict[str, str] = {}
    fits = [unit for unit in units if not dictionary(unit.field)]
    parts = [partial(search, searches, store, title, make), *([partial(make, fits, title)] if fits else [])]
    for part in parts:
        try:
            made |= part()
        except FitsFailed as error:
            made |= error.made
            reasons |= error.reasons
    if reasons:
        raise FitsFailed(title, units, reasons, made)
    return made
