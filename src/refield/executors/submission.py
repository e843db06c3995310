"""What is handed to other processes together: a folder of plain files in the unit store, which outlives who wrote it.

jobs/<name>/0.json           a job: the keys and names of its units, and what is needed to fit them
jobs/<name>/0.failed.json    why some of them cannot be fitted, by key
jobs/<name>/0.nodes          the machines that it has started on, one per line

Other machines write here too: what is not as it should be counts as not there.
"""

import functools
import json
import os
import platform
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from refield import files
from refield.errors import UserError
from refield.settings import sentence
from refield.strict import Strict
from refield.units.record import LONGEST, Digest, Text
from refield.units.store import Store
from refield.units.unit import Unit

PREFIX = "refield-"
NUMBER, NODE = re.compile(r"0|[1-9][0-9]{0,8}"), re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
MOST_BYTES = 2**26  # of one file: a job of 500,000 units
REASONS = TypeAdapter(dict[Digest, Text])


class Job(Strict):
    """The content of a job's file."""

    device: Literal["auto", "cpu", "cuda"]
    units: Annotated[dict[Digest, Text], Field(min_length=1)]  # their names, by key


@dataclass(frozen=True)
class Submission:
    """Some jobs, each of some units."""

    folder: Path

    @classmethod
    def create(cls, store: Store, jobs: Sequence[Sequence[Unit]], device: str) -> "Submission":
        """Write the jobs of a new submission, whose units are in the spool; `device` is a wish (auto, cpu or cuda)."""
        files.make_folder(store.jobs)
        name = uuid.uuid4().hex[:8]
        draft, submission = cls(store.jobs / f"draft-{name}"), cls(store.jobs / f"{PREFIX}{name}")
        draft.folder.mkdir(mode=0o700)  # for nobody else: submitit's own files in it are pickles, which nodes open
        for number, units in enumerate(jobs):
            named = {unit.key(): unit.name for unit in units}
            draft.job(number).write_text(json.dumps({"device": device, "units": named}, indent=1))
        draft.folder.rename(submission.folder)  # others see all of its jobs, or none
        return submission

    @property
    def name(self) -> str:
        return self.folder.name

    def job(self, number: int) -> Path:
        return self.folder / f"{number}.json"

    def numbers(self) -> list[int]:
        return sorted(int(path.stem) for path in self.folder.glob("*.json") if NUMBER.fullmatch(path.stem))

    def units(self, number: int) -> Mapping[str, str]:
        """The names of a job's units, by key; none if its file is damaged."""
        return _units(self.job(number))

    def failed(self, number: int) -> dict[str, str]:
        """Why units of a job cannot be fitted, by key."""
        return failures(self.job(number))

    def nodes(self, number: int) -> list[str]:
        """The machines that a job has started on."""
        return nodes(self.job(number))


def submissions(store: Store) -> Iterator[Submission]:
    """Those that the store knows of, by whomever."""
    folders = sorted(store.jobs.glob(f"{PREFIX}*")) if files.is_folder(store.jobs) else []
    yield from (Submission(folder) for folder in folders if files.is_folder(folder))


def read_job(job: Path) -> Job:
    """A job's file; `UserError` if it is missing or damaged."""
    try:
        return Job.model_validate_json(files.read(job, MOST_BYTES))
    except ValidationError as error:
        raise UserError(sentence(error, f"{job}: ")) from None


def store_of(job: Path) -> Store:
    """The store that a job's file lies in, as jobs/<name>/<number>.json."""
    return Store(job.resolve().parents[2], refit=False)


@functools.cache
def _units(job: Path) -> Mapping[str, str]:
    try:
        return read_job(job).units
    except UserError:
        return {}


def failures(job: Path) -> dict[str, str]:
    try:
        return REASONS.validate_json(files.read(job.with_suffix(".failed.json"), MOST_BYTES), strict=True)
    except ValueError:  # also pydantic's
        return {}


def note_failure(job: Path, key: str, reason: str) -> None:
    """Add to a job's failures; only the job itself writes them."""
    printable = "".join(letter if letter.isprintable() else " " for letter in reason)
    noted: Mapping[str, str] = {**failures(job), key: printable[:LONGEST]}
    _write(job.with_suffix(".failed.json"), json.dumps(noted, indent=1))


def nodes(job: Path) -> list[str]:
    try:
        lines = files.read(job.with_suffix(".nodes"), MOST_BYTES).decode().split()
    except ValueError:
        return []
    return [line for line in lines if NODE.fullmatch(line)]


def note_start(job: Path) -> None:
    """Add this machine to those that the job has started on."""
    started = [*nodes(job), node()]
    _write(job.with_suffix(".nodes"), "".join(f"{name}\n" for name in started))


def _write(file: Path, text: str) -> None:
    try:
        files.write(file, text.encode())
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}") from None


def node() -> str:
    """This machine's name, Slurm's where it is a node of Slurm's."""
    return os.environ.get("SLURMD_NODENAME") or platform.node()
