"""A job of another process: fits the units of its file that the store lacks, and keeps each as soon as it is done.

python -m refield.executors.worker JOB.json
"""

import sys
from pathlib import Path

from refield import lifetime
from refield.errors import UserError
from refield.executors.spool import Spool
from refield.executors.submission import note_failure, note_start, read_job, store_of
from refield.fitting import devices
from refield.units import memory
from refield.units.failures import Failed
from refield.units.make import make_each
from refield.units.unit import Unit


def work(job: Path) -> None:
    """Started again, on this or another machine, it goes on with what is missing."""
    wanted = read_job(job)
    note_start(job)
    store = store_of(job)
    store.require_writable()
    spool, device = Spool(store.wanted), devices.choose(wanted.device)
    units = [spool.get(key, name) for key, name in wanted.units.items() if store.get(key) is None]
    for unit, result in make_each([unit for unit in units if _has_room(unit, device, job)], store, device):
        if isinstance(result, Failed):
            note_failure(job, unit.key(), result.reason)
        else:
            store.put(unit.key(), result)
        print(f"{unit.name}: {result.reason if isinstance(result, Failed) else 'fitted'}", flush=True)


def _has_room(unit: Unit, device: str, job: Path) -> bool:
    """Whether this machine's memory may hold a fit; that it does not is noted."""
    try:
        memory.require([unit], device)
    except UserError as error:
        note_failure(job, unit.key(), str(error))
        return False
    return True


if __name__ == "__main__":
    lifetime.end_with_parent()
    try:
        work(Path(sys.argv[1]))
    except UserError as error:
        sys.exit(f"error: {error}")
