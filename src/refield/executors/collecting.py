"""Hand units to other processes, and wait until the store has them.

All that must outlive this process lies in the store: units, submissions, failures. Started again, it finds what still
runs and waits for that; what was lost with its process is handed out again, elsewhere, a stated number of times.
"""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from refield import files
from refield.executors.advance import Farthest
from refield.executors.packing import pack
from refield.executors.settings import Workers
from refield.executors.spool import Spool
from refield.executors.submission import Submission, submissions
from refield.units.store import Store
from refield.units.unit import Unit

JobId = tuple[str, int]  # a submission's name and the number of one of its jobs
MOST_JOBS = 1000  # of one submission: Slurm's arrays have no more tasks, unless MaxArraySize says so
ABANDONED = 3600.0  # seconds after which a submission that nobody runs is nobody's


class Jobs(Protocol):
    """A way to run jobs: processes here, a cluster there."""

    patience_seconds: float  # how long after a job's end its files may still appear
    poll_seconds: float
    workers: int  # how many jobs run at once

    def submit(self, submission: Submission, avoid: Set[str]) -> None:
        """Start a submission's jobs, on other machines than those to avoid where there are others."""

    def alive(self) -> Set[JobId] | None:
        """The jobs, of whomever, that wait or run; None if that cannot be said now."""

    def describe(self) -> str:
        """What the jobs do at the moment, in a few words."""

    def close(self) -> None:
        """Nobody waits for the jobs any longer."""


class Collector:
    """Waits for wanted units, by key."""

    def __init__(self, store: Store, jobs: Jobs, settings: Workers, device: str) -> None:
        self.store, self.jobs, self.settings, self.device = store, jobs, settings, device
        self.spool = Spool(store.wanted)
        self.job_of: dict[str, tuple[Submission, int]] = {}  # each unit's latest job: found running, or submitted
        self.tries, self.farthest = Counter[str](), Farthest()
        self.away: dict[str, float] = {}  # since when a unit has been nowhere

    def collect(self, wanted: Mapping[str, Unit], ahead: Mapping[str, Unit], title: str) -> dict[str, str]:
        """Wait until all that is wanted is in the store; why some cannot be, by key.

        Units of `ahead` are handed out too, but not waited for.
        """
        self.store.require_writable()
        failed: dict[str, str] = {}
        pending, lacking = dict(wanted), {**ahead, **wanted}
        with _progress_bar() as bar:
            task = bar.add_task(title, total=len(wanted), state="")
            while True:
                alive = self.jobs.alive()  # before the store is asked: what has ended since is there
                failed |= self.failures(pending)
                pending = {k: unit for k, unit in pending.items() if k not in failed and not self.store.has(k)}
                bar.update(task, completed=len(wanted) - len(pending), state=self.jobs.describe())
                if not pending:
                    return failed
                if alive is not None:
                    self.find(alive)
                    failed |= self.hand_out(self.lost(lacking, alive), bar.console)
                    lacking = pending
                time.sleep(self.jobs.poll_seconds)

    def failures(self, keys: Iterable[str]) -> dict[str, str]:
        """Why some of the units cannot be fitted, as their jobs say."""
        noted: dict[str, str] = {}
        for submission, number in {self.job_of[key] for key in keys if key in self.job_of}:
            noted |= submission.failed(number)
        return {key: noted[key] for key in keys if key in noted}

    def find(self, alive: Set[JobId]) -> None:
        """Learn of jobs that an earlier run has submitted, or another clone."""
        known = {submission.name for submission, _ in self.job_of.values()}
        for submission in submissions(self.store):
            for number in submission.numbers() if submission.name not in known else []:
                if (submission.name, number) in alive:
                    self.job_of |= dict.fromkeys(submission.units(number), (submission, number))

    def lost(self, units: Mapping[str, Unit], alive: Set[JobId]) -> list[Unit]:
        """Those that are neither in the store nor in a job that waits or runs, and have not been for a while."""

        def flies(key: str) -> bool:
            submission, number = self.job_of.get(key, (None, 0))
            return submission is not None and (submission.name, number) in alive

        now = time.monotonic()
        away = [key for key in units if not flies(key) and not self.store.has(key)]
        self.away = {key: self.away.get(key, now) for key in away}
        patience = self.jobs.patience_seconds
        return [units[key] for key in away if key not in self.job_of or now - self.away[key] >= patience]

    def hand_out(self, units: Sequence[Unit], console: Console) -> dict[str, str]:
        """Submit units; why those that have been tried too often are not.

        A job that a unit has come on in was no try: its checkpoint is gone on with, but not where the process was lost.
        """
        most = 1 + self.settings.retries
        by_key = {unit.key(): unit for unit in units}
        idle = self.idle(by_key)
        lost = [key for key in by_key if key in idle and self.tries[key] >= most]
        failed = {key: f"its process was lost {most} times{self.where(key)}" for key in lost}
        again = {key: unit for key, unit in by_key.items() if key not in failed}
        if again:
            avoid = {node for key in again for node in self.nodes(key)}
            for unit in again.values():
                self.spool.put(unit)
            given = self.settings
            parts = pack(
                list(again.values()), given.rate, given.shortest, 60 * given.minutes_per_job, self.jobs.workers
            )
            self.tries.update(again.keys() & idle)
            for start in range(0, len(parts), MOST_JOBS):
                self.submit(parts[start : start + MOST_JOBS], avoid, console)
        return failed

    def idle(self, keys: Iterable[str]) -> set[str]:
        """Those in whose latest job no unit has come any farther."""
        beside = {key: {key, *(job[0].units(job[1]) if (job := self.job_of.get(key)) else ())} for key in keys}
        advanced = self.farthest.advanced(self.store, set().union(*beside.values()))
        return {key for key, units in beside.items() if advanced.isdisjoint(units)}

    def submit(self, parts: Sequence[Sequence[Unit]], avoid: Set[str], console: Console) -> None:
        submission = Submission.create(self.store, parts, self.device)
        for number, part in enumerate(parts):
            self.job_of |= {unit.key(): (submission, number) for unit in part}
        self.jobs.submit(submission, avoid)
        count, elsewhere = sum(map(len, parts)), f", not on {', '.join(sorted(avoid))}" if avoid else ""
        text = f"{submission.name}: {count} units in {len(parts)} jobs{elsewhere}"
        console.print(text, highlight=False, soft_wrap=True)

    def nodes(self, key: str) -> list[str]:
        """The machines on which a unit's latest job has started."""
        return self.job_of[key][0].nodes(self.job_of[key][1]) if key in self.job_of else []

    def where(self, key: str) -> str:
        submission, number = self.job_of[key]
        node = f"on {self.nodes(key)[-1]}" if self.nodes(key) else "before it began"
        return f", at last {node}; {submission.folder} holds its log, job {number}"

    def clear(self) -> None:
        """Forget what has been done, by whomever; what still runs or has failed stays, with its log."""
        alive = self.jobs.alive()
        if alive is None:
            return
        running, mine = {name for name, _ in alive}, {submission.name for submission, _ in self.job_of.values()}
        for submission in submissions(self.store):
            if submission.name in running:
                continue
            keys = [key for number in submission.numbers() for key in submission.units(number)]
            done = [key for key in keys if self.store.has(key)]
            for key in done:
                self.spool.remove(key)
            if 0 < len(keys) == len(done) or (submission.name not in mine and _age(submission) > ABANDONED):
                files.remove(submission.folder)


def _age(submission: Submission) -> float:
    """Seconds since a submission was last written to; none if it is gone."""
    try:
        return time.time() - submission.folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _progress_bar() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[state]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
