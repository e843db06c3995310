"""Jobs as processes of this machine: one per GPU, or one per group of cores."""

import os
import subprocess
import sys
from collections.abc import Set

from refield.executors.settings import Local
from refield.executors.submission import Submission


class LocalJobs:
    """Runs as many jobs at once as there are workers; they end with this process."""

    patience_seconds, poll_seconds = 0.0, 0.1

    def __init__(self, settings: Local, device: str) -> None:
        cores, gpus = os.cpu_count() or 1, 0
        if device == "cuda":
            import torch

            gpus = torch.cuda.device_count()
        self.workers = settings.workers or gpus or max(1, cores // settings.cores)
        threads = settings.cores if not gpus else max(1, cores // self.workers)
        self.free = [_environment(threads, number % gpus if gpus else None) for number in range(self.workers)]
        self.waiting: list[tuple[Submission, int]] = []
        self.running: dict[tuple[str, int], tuple[subprocess.Popen[bytes], dict[str, str]]] = {}

    def submit(self, submission: Submission, avoid: Set[str]) -> None:
        """There is no other machine than this one, which `avoid` names if it names any."""
        self.waiting += [(submission, number) for number in submission.numbers()]

    def alive(self) -> Set[tuple[str, int]]:
        for job, (process, environment) in list(self.running.items()):
            if process.poll() is not None:
                del self.running[job]
                self.free.append(environment)
        while self.waiting and self.free:
            (submission, number), environment = self.waiting.pop(0), self.free.pop(0)
            file = submission.job(number)
            with file.with_suffix(".log").open("ab") as log:
                command = [sys.executable, "-m", "refield.executors.worker", str(file)]
                process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            self.running[submission.name, number] = process, environment
        return self.running.keys() | {(submission.name, number) for submission, number in self.waiting}

    def describe(self) -> str:
        return f"{len(self.running)} of {self.workers} workers"

    def close(self) -> None:
        self.waiting.clear()
        for process, _ in self.running.values():
            process.kill()
            process.wait()


def _environment(threads: int, gpu: int | None) -> dict[str, str]:
    limits = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    return {**os.environ, **limits} | ({} if gpu is None else {"CUDA_VISIBLE_DEVICES": str(gpu)})
