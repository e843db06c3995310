"""Units fitted by other processes of this machine, or by a cluster's."""

import sys
from collections.abc import Sequence

from refield.errors import UserError
from refield.executors.collecting import Collector, Jobs
from refield.executors.local import LocalJobs
from refield.executors.settings import Local, Slurm
from refield.executors.slurm import SlurmJobs
from refield.units.failures import FitsFailed
from refield.units.kept import kept
from refield.units.store import Made, Store
from refield.units.unit import Unit


def fit_elsewhere(
    units: Sequence[Unit], store: Store, device: str, title: str, executor: Local | Slurm, ahead: Sequence[Unit]
) -> dict[str, Made]:
    """Have the units fitted by an executor's processes, by key; `UserError` for those that cannot be."""
    jobs: Jobs
    if isinstance(executor, Local):
        jobs, ahead = LocalJobs(executor, device), []
    else:
        jobs = SlurmJobs(executor)
    if store.refit:
        for unit in units:
            store.discard(unit.key())
    store = Store(store.root, refit=False)
    wanted = {unit.key(): unit for unit in units}
    collector = Collector(store, jobs, executor, device)
    collector.clear()
    try:
        failed = collector.collect(wanted, {unit.key(): unit for unit in ahead}, title)
    except KeyboardInterrupt:
        if isinstance(executor, Slurm):
            names = ",".join(sorted({submission.name for submission, _ in collector.job_of.values()}))
            print(
                f"the jobs go on, and the next run finds them; `scancel --me --name={names}` stops them",
                file=sys.stderr,
            )
        raise
    finally:
        jobs.close()
    collector.clear()
    if failed:
        made = {key: found for key in wanted.keys() - failed if (found := kept(store, wanted[key]))}
        raise FitsFailed(title, units, failed, made)
    made = {key: found for key, unit in wanted.items() if (found := kept(store, unit))}
    if lacking := [unit.name for key, unit in wanted.items() if key not in made]:
        raise UserError(f"{title}: {', '.join(lacking)} came back damaged; run again")
    return made
