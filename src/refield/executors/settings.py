"""Where units are fitted: executor.yaml, which is no parameter. No result depends on it; changing it runs nothing."""

import math
import os
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, ValidationError, model_validator

from refield import settings, yaml
from refield.errors import UserError
from refield.strict import Strict

FILE, VARIABLE = Path("executor.yaml"), "REFIELD_EXECUTOR"
STARTING = 45  # seconds that a job has at least: Slurm looks every 30, and torch takes some to start
MOST = 4096  # cores, and processes, of one machine


class Inline(Strict):
    """One after the other in the process of the stage itself, on all cores or the GPU."""

    kind: Literal["inline"] = "inline"


class Workers(Strict):
    """What all executors of other processes have."""

    shortest: ClassVar[float] = 60.0  # seconds of fits that are worth a job: it waits in a queue, then starts torch

    retries: int = Field(2, ge=0)  # how often a unit is tried elsewhere after its process was lost
    minutes_per_job: float = Field(20.0, ge=1e-3, le=1e6)  # of fits in one job; finished ones are kept at once anyway
    teraflops: float | None = Field(None, ge=1e-9, le=1e6)  # that one worker sustains, to tell how many fits are a job

    @property
    def rate(self) -> float:
        """FLOP/s of one worker."""
        return 1e12 * (self.teraflops or 0.03)


class Local(Workers):
    """Processes on this machine: one per GPU, or one per `cores` cores."""

    shortest: ClassVar[float] = 6.0  # a process starts at once
    kind: Literal["local"]
    workers: int | None = Field(None, ge=1, le=MOST)  # as many as there are GPUs, or groups of cores
    cores: int = Field(1, ge=1, le=MOST)


class Slurm(Workers):
    """Job arrays, through submitit."""

    kind: Literal["slurm"]
    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    constraint: str | None = None
    minutes: int = Field(60, ge=1)  # the time limit of one job
    gpus: int = Field(1, ge=0, le=1)  # of one job: a fit has no use for two
    cpus: int = Field(4, ge=1, le=MOST)
    memory_gb: float | None = Field(None, ge=1e-3, le=1e6)
    at_once: int = Field(64, ge=1)  # jobs of an array that run at the same time
    setup: list[str] = Field(default_factory=list)  # lines of shell before Python starts, such as `module load cuda`
    python: str | None = None  # the interpreter on the nodes, if it is not this one
    options: dict[str, str | int] = Field(default_factory=dict)  # any others of sbatch's
    warning_seconds: int = Field(60, ge=5)  # how long before its time limit a job is stopped and queued again
    patience_seconds: float = Field(60.0, ge=0, le=1e6)  # how long a finished job's files may take to appear (NFS)
    poll_seconds: float = Field(10.0, gt=0, le=1e6)  # between two questions to the controller

    @model_validator(mode="after")
    def a_job_has_time_to_work(self) -> "Slurm":
        least = math.ceil((self.warning_seconds + STARTING) / 60)
        if self.minutes < least:
            raise ValueError(
                f"minutes ({self.minutes}) leave a job no time to work before it is warned, warning_seconds "
                f"({self.warning_seconds}) before its limit; they must be at least {least}"
            )
        return self

    @property
    def rate(self) -> float:
        # A guess on the low side, where nothing is said: a job that is too short only starts too often.
        return 1e12 * (self.teraflops or (10.0 if self.gpus else 0.03 * self.cpus))


KINDS: dict[str, type[Inline] | type[Local] | type[Slurm]] = {"inline": Inline, "local": Local, "slurm": Slurm}
ALONE = ("inline", "local")  # as the variable's value: those that need no more said


def read() -> Inline | Local | Slurm:
    """The executor that `REFIELD_EXECUTOR` or ./executor.yaml describes, or else inline; `UserError` if it is wrong.

    The variable holds a file's name, or simply `inline` or `local`.
    """
    # A link that leads nowhere is no reason to fit here.
    chosen = os.environ.get(VARIABLE) or (str(FILE) if os.path.lexists(FILE) else "inline")
    if chosen not in ALONE and not os.path.lexists(chosen):
        raise settings.refused(VARIABLE, chosen, f"be {', '.join(ALONE)}, or the name of a file like {FILE}")
    values = {"kind": chosen} if chosen in ALONE else yaml.load(Path(chosen))
    kind = values.get("kind") if isinstance(values, dict) else None
    if not settings.among(kind, KINDS):
        raise settings.refused(f"{chosen}: kind", kind, f"be one of {settings.choices(KINDS)}")
    try:
        return KINDS[kind].model_validate(values)
    except ValidationError as error:
        raise UserError(settings.sentence(error, f"{chosen}: ")) from None
