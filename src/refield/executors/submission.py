"""What is handed to other processes together: a folder of plain files in the unit store, which outlives who wrote it.

jobs/<name>/0.json           a job: the keys and names of its units, and what is needed to fit them
jobs/<name>/0.failed.json    why some of them cannot be fitted, by key
jobs/<name>/0.nodes          the machines that it has started on, one per line
"""

import functools
import json
import os
import platform
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from refield.units.store import Store
from refield.units.unit import Unit

PREFIX = "refield-"


@dataclass(frozen=True)
class Submission:
    """Some jobs, each of some units."""

    folder: Path

    @classmethod
    def create(cls, store: Store, jobs: Sequence[Sequence[Unit]], device: str) -> "Submission":
        """Write the jobs of a new submission, whose units are in the spool; `device` is a wish (auto, cpu or cuda)."""
        submission = cls(store.jobs / f"{PREFIX}{uuid.uuid4().hex[:8]}")
        submission.folder.mkdir(parents=True)
        for number, units in enumerate(jobs):
            named = {unit.key(): unit.name for unit in units}
            text = json.dumps({"store": str(store.root.resolve()), "device": device, "units": named}, indent=1)
            submission.job(number).write_text(text)
        return submission

    @property
    def name(self) -> str:
        return self.folder.name

    def job(self, number: int) -> Path:
        return self.folder / f"{number}.json"

    def numbers(self) -> list[int]:
        return sorted(int(path.stem) for path in self.folder.glob("*.json") if path.stem.isdigit())

    def units(self, number: int) -> dict[str, str]:
        """The names of a job's units, by key."""
        return _units(self.job(number))

    def failed(self, number: int) -> dict[str, str]:
        """Why units of a job cannot be fitted, by key."""
        return failures(self.job(number))

    def nodes(self, number: int) -> list[str]:
        """The machines that a job has started on."""
        file = self.job(number).with_suffix(".nodes")
        return file.read_text().split() if file.exists() else []


@functools.cache
def _units(job: Path) -> dict[str, str]:
    return dict(json.loads(job.read_text())["units"])


def submissions(store: Store) -> Iterator[Submission]:
    """Those that the store knows of, by whomever."""
    yield from (Submission(folder) for folder in sorted(store.jobs.glob(f"{PREFIX}*")))


def failures(job: Path) -> dict[str, str]:
    file = job.with_suffix(".failed.json")
    return dict(json.loads(file.read_text())) if file.exists() else {}


def note_failure(job: Path, key: str, reason: str) -> None:
    """Add to a job's failures; only the job itself writes them."""
    noted: Mapping[str, str] = {**failures(job), key: reason}
    draft = job.with_suffix(".draft")
    draft.write_text(json.dumps(noted, indent=1))
    draft.replace(job.with_suffix(".failed.json"))


def note_start(job: Path) -> None:
    """Add this machine to those that the job has started on."""
    with job.with_suffix(".nodes").open("a") as stream:
        stream.write(f"{node()}\n")


def node() -> str:
    """This machine's name, Slurm's where it is a node of Slurm's."""
    return os.environ.get("SLURMD_NODENAME") or platform.node()
