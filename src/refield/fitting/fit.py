"""Fit fields to problems, several side by side."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Float32

from refield.fields.field import Weights
from refield.fitting import ways
from refield.fitting.checkpoint import Checkpoint, Checkpoints, NoCheckpoints
from refield.fitting.evaluate import evaluate
from refield.fitting.job import Descent, Job
from refield.tasks.problem import squared_error

Progress = Callable[[int, int, float], None]  # (job, iteration, loss), at every traced iteration


class Diverged(RuntimeError):
    """A fit whose loss is no longer a number."""


@dataclass(frozen=True)
class Fit:
    """A fitted field: all that later stages need and cannot recompute."""

    weights: Weights  # float32
    values: Float32[np.ndarray, "n c"]  # the intensities where the problem wants them
    curve: list[tuple[int, float]]  # (iterations done, loss)


def descend(job: Job, device: str) -> Descent:
    """A descent from the job's initial weights, by the first way that takes it."""
    dims, rng = job.problem.points.shape[1], np.random.default_rng(job.seed)
    start = job.field.initialise(dims, job.problem.channels, rng)
    start |= {name: array.astype(np.float64) for name, array in (job.start or {}).items()}
    way = ways.choose(job.field, job.problem.loss is squared_error, job.train, device)
    return way.load()(job, start, torch.device(device))


def fit_together(
    jobs: Sequence[Job],
    device: str,
    progress: Progress = lambda *_: None,
    checkpoints: Sequence[Checkpoints] | None = None,
) -> list[Fit | Diverged]:
    """Fit several at once, step by step: a GPU overlaps what each alone would leave idle.

    Each result depends on its job alone, bit by bit: not on the others, nor on the number of threads, nor on how often
    it was interrupted. Each job may have its own `checkpoints`.
    """
    results: list[Fit | Diverged | None] = [None] * len(jobs)
    descents = [descend(job, device) for job in jobs]  # all before any is entered: each counts the threads it may use
    with ExitStack() as stack:
        fits = [
            _steps(job, stack.enter_context(descent), device, partial(progress, number), kept)
            for number, (job, descent, kept) in enumerate(
                zip(jobs, descents, checkpoints or [NoCheckpoints()] * len(jobs), strict=True)
            )
        ]
        while None in results:
            for number, result in enumerate(results):
                try:
                    results[number] = result or next(fits[number])
                except Diverged as problem:
                    results[number] = problem
    return [result for result in results if result is not None]


def _steps(
    job: Job, descent: Descent, device: str, progress: Callable[[int, float], None], checkpoints: Checkpoints
) -> Iterator[Fit | None]:
    """Nothing after each step, and in the end the fit."""
    train, problem = job.train, job.problem
    first, curve = _resume(job, descent, checkpoints)

    def trace(iteration: int, loss: float) -> None:
        if not math.isfinite(loss):
            if iteration == 0:  # no step was taken yet
                raise Diverged(
                    f"the loss is {loss} before the first step; a key of its field is far too large or small"
                )
            raise Diverged(
                f"the loss is {loss} at iteration {iteration}; lower train.learning_rate ({train.learning_rate})"
            )
        curve.append((iteration, loss))
        progress(iteration, loss)

    for i in range(first, train.iterations):
        descent.step(train.rate(i))
        if i % train.trace_every == 0:
            trace(i, descent.loss())
        if checkpoints.due():
            checkpoints.keep(Checkpoint(i + 1, list(curve), descent.state()))
        yield None
    values, loss = descent.finish()
    trace(train.iterations, loss)
    weights = descent.weights()
    if problem.wanted is not None:
        values = train.span * evaluate(job.field, weights, *problem.wanted, device=device) - (train.span - 1)
    yield Fit(weights, values, curve)


def _resume(job: Job, descent: Descent, checkpoints: Checkpoints) -> tuple[int, list[tuple[int, float]]]:
    """The steps that are done, and the curve so far; none where the checkpoint is not of this job."""
    last = checkpoints.last()
    if last is None or not 0 < last.iteration <= job.train.iterations:
        return 0, []
    try:
        descent.resume(last.state, last.iteration)
    except (KeyError, ValueError):
        return 0, []
    return last.iteration, list(last.curve)
