"""Who fits: this process, others of this machine, or a cluster's. A unit's result does not depend on it."""

from collections.abc import Sequence

from refield.executors.settings import Inline, Local, Slurm
from refield.units.store import Made, Store
from refield.units.unit import Unit


def make_units(
    units: Sequence[Unit],
    store: Store,
    device: str,
    title: str,
    executor: Inline | Local | Slurm,
    ahead: Sequence[Unit] = (),
) -> dict[str, Made]:
    """Have the units fitted and kept, by key; `UserError` in the end for those that fail, which do not stop the rest.

    `device` is cpu or cuda; for Slurm's nodes a wish, which may be auto. An executor that outlives this process may
    begin units of `ahead` as well, for those who will soon ask for them.
    """
    if isinstance(executor, Inline):
        from refield.units.make import make_all

        return make_all(units, store, device, title)
    from refield.executors.elsewhere import fit_elsewhere

    return fit_elsewhere(units, store, device, title, executor, ahead)
