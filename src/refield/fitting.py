"""Fit fields to samples: full-batch Adam (0.9, 0.999) on the mean squared error over values in [-1, 1] or [0, 1]."""

import importlib
import importlib.util
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, Self

import numpy as np
import torch

from refield.fields.gated import Gated
from refield.samples import Samples
from refield.training import Train

Progress = Callable[[int, int, float], None]  # (job, iteration, PSNR in dB), at every traced iteration


class Diverged(RuntimeError):
    """A fit whose loss is no longer a number."""


@dataclass(frozen=True)
class Job:
    """One field to be fitted."""

    field: Gated
    samples: Samples
    train: Train
    seed: int


@dataclass(frozen=True)
class Fit:
    """A field fitted to samples: all that later stages need and cannot recompute."""

    weights: dict[str, np.ndarray]  # float32
    values: np.ndarray  # (n, c) float32: the fitted field at the samples' points
    curve: list[tuple[int, float, float]]  # (iterations done, mean squared error, its PSNR in dB)


class Descent(Protocol):
    """What `reference`, `engine` and `fused` each have: the same steps, by other means."""

    def __init__(
        self,
        field: Gated,
        weights: Mapping[str, np.ndarray],
        samples: Samples,
        device: torch.device,
        dtype: torch.dtype = ...,
        precision: str = ...,
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def step(self, rate: float) -> None: ...
    def loss(self) -> float: ...
    def values(self) -> np.ndarray: ...
    def arrays(self) -> dict[str, np.ndarray]: ...


def descend(job: Job, device: str) -> Descent:
    """A descent from the job's initial weights, by the fastest module that can."""
    everywhere, *faster = job.train.modules
    module = importlib.import_module(faster[0] if faster and fuses(job.field, device) else everywhere)
    weights = job.field.initialise(job.samples.values.shape[1], np.random.default_rng(job.seed))
    span = job.train.span
    samples = replace(job.samples, values=(job.samples.values + (span - 1)) / span)
    kind: type[Descent] = module.Descent
    return kind(job.field, weights, samples, torch.device(device), precision=job.train.precision)


def fuses(field: Gated, device: str) -> bool:
    """Whether `refield.fused` can fit it: with Triton, on a GPU whose half-precision matrix units Triton uses."""
    return (
        device == "cuda"
        and torch.cuda.get_device_capability() >= (8, 0)
        and importlib.util.find_spec("triton") is not None
        and len(field.widths) > 0
    )


def fit(
    field: Gated,
    samples: Samples,
    train: Train,
    seed: int,
    *,
    device: str = "cpu",
    progress: Callable[[int, float], None] = lambda *_: None,
) -> Fit:
    """Fit `field` to `samples`; `Diverged` if it does."""
    (result,) = fit_together([Job(field, samples, train, seed)], device, lambda _, *state: progress(*state))
    if isinstance(result, Diverged):
        raise result
    return result


def fit_together(jobs: Sequence[Job], device: str, progress: Progress = lambda *_: None) -> list[Fit | Diverged]:
    """Fit several at once, step by step: a GPU overlaps what each alone would leave idle.

    Each result depends on its job alone, bit by bit, not on the others nor on the number of threads.
    """
    results: list[Fit | Diverged | None] = [None] * len(jobs)
    descents = [descend(job, device) for job in jobs]  # all before any is entered: each counts the threads it may use
    with ExitStack() as stack:
        fits = [
            _steps(job, stack.enter_context(descent), partial(progress, number))
            for number, (job, descent) in enumerate(zip(jobs, descents, strict=True))
        ]
        while None in results:
            for number, result in enumerate(results):
                try:
                    results[number] = result or next(fits[number])
                except Diverged as problem:
                    results[number] = problem
    return [result for result in results if result is not None]


def _steps(job: Job, descent: Descent, progress: Callable[[int, float], None]) -> Iterator[Fit | None]:
    """Nothing after each step, and in the end the fit."""
    train, span, curve = job.train, job.train.span, []

    def trace(iteration: int, loss: float) -> None:
        if not math.isfinite(loss):
            raise Diverged(
                f"the loss is {loss} at iteration {iteration}; lower train.learning_rate ({train.learning_rate})"
            )
        curve.append((iteration, loss, mse_to_psnr(loss)))
        progress(iteration, curve[-1][2])

    for i in range(train.iterations):
        descent.step(train.rate(i))
        if i % train.trace_every == 0:
            trace(i, span**2 * descent.loss())
        yield None
    values = span * descent.values() - (span - 1)
    trace(train.iterations, job.samples.mean_squared_error(values))
    yield Fit(_stretched(descent.arrays(), span), values, curve)


def _stretched(weights: dict[str, np.ndarray], span: float) -> dict[str, np.ndarray]:
    """Weights whose output is the intensity itself: the last layer, which is linear, takes in `Train.span`."""
    last = f"layers.{len(weights) // 2 - 1}"
    weight, bias = weights[f"{last}.weight"], weights[f"{last}.bias"]
    return weights | {f"{last}.weight": span * weight, f"{last}.bias": span * bias - (span - 1)}


def mse_to_psnr(mse: float) -> float:
    """PSNR in dB of a mean squared error on values in [-1, 1], whose peak-to-peak range is 2."""
    return 10 * math.log10(4 / mse) if mse > 0 else math.inf
