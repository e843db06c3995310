"""Jobs as tasks of Slurm's job arrays, through submitit."""

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Set
from pathlib import Path
from typing import Any

from refield.errors import UserError
from refield.executors.advance import Farthest
from refield.executors.settings import Slurm
from refield.executors.submission import PREFIX, Submission, read_job, store_of

ANSWER_SECONDS = 120.0  # that squeue may take


class Work:
    """What a task runs; stopped before its time limit, or for another job, it is queued again and goes on with what is
    missing.

    As often as that takes, if some unit has come farther each time; otherwise `retries` times in a row.
    """

    def __init__(self, retries: int) -> None:
        self.retries, self.left, self.farthest = retries, retries, Farthest()

    def __call__(self, job: str) -> None:
        from refield.executors.worker import work  # on the node only: it imports torch

        self._advanced(job)
        work(Path(job))

    def checkpoint(self, job: str) -> Any:
        """What is queued again; None, which ends the job, where that has led nowhere."""
        import submitit

        self.left = self.retries if self._advanced(job) else self.left - 1
        return submitit.helpers.DelayedSubmission(self, job) if self.left >= 0 else None

    def _advanced(self, job: str) -> bool:
        """Whether a unit has come farther than ever before, as far as this has seen."""
        file = Path(job)
        return bool(self.farthest.advanced(store_of(file), read_job(file).units))


class SlurmJobs:
    """Knows its jobs by their names, which are their submissions': nothing need be remembered."""

    def __init__(self, settings: Slurm) -> None:
        try:
            import submitit  # noqa: F401
        except ImportError:
            raise UserError(
                "executor kind: slurm needs submitit; `pip install -c constraints.txt -e '.[slurm]'`"
            ) from None
        if lacking := [program for program in ("sbatch", "squeue") if not shutil.which(program)]:
            raise UserError(f"executor kind: slurm needs {' and '.join(lacking)}; run this where jobs are submitted")
        self.settings = settings
        self.patience_seconds, self.poll_seconds = settings.patience_seconds, settings.poll_seconds
        self.workers = settings.at_once
        self.saying = ""

    def submit(self, submission: Submission, avoid: Set[str]) -> None:
        """One array; without any machine left to avoid it runs where it can."""
        import submitit

        given = self.settings
        # It would count time limits whether or not a job has come on between them; `Work` does.
        executor = submitit.SlurmExecutor(
            folder=submission.folder / "log", python=given.python, max_num_timeout=sys.maxsize
        )
        wanted = {
            "job_name": submission.name,
            "time": given.minutes,
            "partition": given.partition,
            "account": given.account,
            "qos": given.qos,
            "constraint": given.constraint,
            "cpus_per_task": given.cpus,
            "gpus_per_node": given.gpus or None,
            "mem": None if given.memory_gb is None else f"{round(1024 * given.memory_gb)}M",
            "array_parallelism": given.at_once,
            # Where nothing binds a job to its cores, it would start a thread on every core of the node.
            "setup": [f"export OMP_NUM_THREADS={given.cpus} OPENBLAS_NUM_THREADS={given.cpus}", *given.setup],
            "signal_delay_s": given.warning_seconds,
            "exclude": ",".join(sorted(avoid)) or None,
            "additional_parameters": {"open_mode": "append", **given.options},
        }
        executor.update_parameters(**{key: value for key, value in wanted.items() if value is not None})
        try:
            executor.map_array(
                Work(given.retries), [str(submission.job(number).resolve()) for number in submission.numbers()]
            )
        except submitit.core.utils.FailedJobError as error:
            if avoid:
                self.submit(submission, set())
                return
            raise UserError(f"sbatch refuses the jobs: {' '.join(str(error).split())}") from None

    def alive(self) -> Set[tuple[str, int]] | None:
        command = ["squeue", "--me", "--noheader", "--array", "--format=%j|%K|%T|%r"]
        try:
            listed = subprocess.check_output(command, text=True, stderr=subprocess.DEVNULL, timeout=ANSWER_SECONDS)
        except subprocess.SubprocessError:
            self.saying = "Slurm's controller does not answer"
            return None
        lines = [line.split("|", 3) for line in listed.splitlines() if line.startswith(PREFIX)]
        states = Counter(
            state.lower() if state != "PENDING" else f"waiting ({reason})" for _, _, state, reason in lines
        )
        self.saying = ", ".join(f"{count} {state}" for state, count in states.most_common())
        return {(name, int(task) if task.isdigit() else 0) for name, task, _, _ in lines}

    def describe(self) -> str:
        return self.saying

    def close(self) -> None:
        """They go on: the next run finds them."""
