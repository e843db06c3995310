"""Small problems, and the definition of a descent, which every way of descending is held against."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from refield.fields.field import Field, Weights
from refield.fields.mlp import Mlp
from refield.fitting.job import Descent, Job
from refield.fitting.train import Train
from refield.signals import Image
from refield.tasks.problem import Batch, Problem
from refield.tasks.represent import Represent
from refield.tasks.task import Task

GATES = [
    ("dense",) * 4,
    (32.0, 2.0, 1.0, 0.5),
    (0.5, 1.0, 2.0, 32.0),
    (32.0, 2.0, 1.0, "segment"),
    ("segment", 32.0, 1.0, 0.5),
    (32.0, "segment", 1.0, 0.5),
    (32.0, 2.0, "segment", 0.5),
    ("dense", 8.0),
    ("segment",),
]
RATE = 2**-10  # the same number in float32, in which a GPU reads it
ALL = slice(None)


@dataclass(frozen=True)
class Descended:
    """What some steps lead to."""

    losses: list[float]  # each step's, and in the end finish's
    values: np.ndarray
    weights: Weights
    gradients: Weights | None = None  # of the last step


def mlp(*gates: str | float, **settings: Any) -> Mlp:
    return Mlp(**{"gates": gates, "width": 8, "regions": 4, **settings})


def noise(shape: tuple[int, int, int] = (13, 22, 3), task: Task | None = None) -> Problem:
    """An image of noise with four regions of unequal size, one of them empty."""
    rng = np.random.default_rng(0)
    image = Image(rng.integers(0, 256, shape, dtype=np.uint8))
    return (task or Represent()).problem(image, rng.choice([0, 0, 0, 1, 3], shape[:2]).reshape(-1))


def uneven(problem: Problem) -> np.ndarray:
    """Importances of its points, some of them 0."""
    return np.random.default_rng(2).choice([0.0, 0.5, 3.0], len(problem.points))


def a_job(field: Field, problem: Problem | None = None, seed: int = 1, **train: Any) -> Job:
    return Job(field, problem or noise(), Train(**{"iterations": 1, "learning_rate": RATE, **train}), seed)


def initial(job: Job) -> Weights:
    """The same weights for every seed, which then tells nothing but the order of batches."""
    return job.field.initialise(job.problem.points.shape[1], job.problem.channels, np.random.default_rng(1))


def descend(
    kind: type[Descent], job: Job, steps: int, dtype: torch.dtype = torch.float64, device: str = "cpu"
) -> Descended:
    """Some steps by one way of descending."""
    losses = []
    with kind(job, initial(job), torch.device(device), dtype) as descent:
        for _ in range(steps):
            descent.step(RATE)
            losses.append(descent.loss())
        values, loss = descent.finish()
        return Descended([*losses, loss], values, descent.weights())


def define(job: Job, batches: Sequence[slice | np.ndarray]) -> Descended:
    """A step for each batch by the definition in float64: the field, the loss, torch's gradient and torch's Adam."""
    problem, span = job.problem, job.train.span
    weights = {name: torch.tensor(array, requires_grad=True) for name, array in initial(job).items()}
    adam = torch.optim.Adam(weights.values(), RATE, (0.9, job.train.beta2))

    def evaluate(points: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        return span * job.field.evaluate(weights, points, labels) - (span - 1)

    def loss(which: slice | np.ndarray) -> torch.Tensor:
        importance = None if problem.importance is None else torch.tensor(problem.relative_importance()[which])
        labels = None if problem.labels is None else torch.tensor(problem.labels[which])
        return problem.loss(
            evaluate,
            Batch(torch.tensor(problem.points[which]), labels, torch.tensor(problem.target[which]), importance),
        )

    losses = []
    for batch in batches:
        adam.zero_grad()
        found = loss(batch)
        (found / span**2).backward()
        losses.append(found.item())
        adam.step()
    with torch.no_grad():
        values = evaluate(
            torch.tensor(problem.points), None if problem.labels is None else torch.tensor(problem.labels)
        )
    return Descended(
        losses=[*losses, loss(ALL).item()],
        values=values.numpy(),
        weights={name: weight.detach().numpy() for name, weight in weights.items()},
        gradients={n: np.zeros(w.shape) if w.grad is None else w.grad.numpy() for n, w in weights.items()},
    )


def assert_close(ours: Descended, theirs: Descended, tolerance: float) -> None:
    """Losses within a share of them, values by so much, and weights, which are smaller, by a tenth."""
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=tolerance)
    np.testing.assert_allclose(ours.values, theirs.values, rtol=0, atol=tolerance)
    for name, array in theirs.weights.items():
        np.testing.assert_allclose(ours.weights[name], array, rtol=0, atol=tolerance / 10, err_msg=name)
