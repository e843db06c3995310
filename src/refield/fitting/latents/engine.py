"""The fast descent on a CPU: grids of latents and a network, fitted to an image's pixels."""

from typing import Self

import numpy as np
import torch

from refield.fields.field import Weights
from refield.fitting.adam import Adam, State
from refield.fitting.autograd import AutogradDescent
from refield.fitting.job import Job
from refield.fitting.latents.evaluation import Evaluation, parameters_of, weights_of
from refield.fitting.latents.gating import AnyLatents
from refield.fitting.latents.regular import axes_of


def descent(
    job: Job, start: Weights, device: torch.device, dtype: torch.dtype = torch.float32
) -> "LatentsDescent | AutogradDescent":
    """The fast descent where there is one, on a CPU for points on a grid; else the definition's."""
    fast = device.type == "cpu" and axes_of(job.problem.points) is not None
    return (LatentsDescent if fast else AutogradDescent)(job, start, device, dtype)


class LatentsDescent:
    """Adam on all pixels at once, for `Latents`, `GatedLatents` and the squared error."""

    def __init__(self, job: Job, start: Weights, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        assert isinstance(job.field, AnyLatents)
        self.problem, self.shapes = job.problem, {name: array.shape for name, array in start.items()}
        self.adam = Adam(parameters_of(start, dtype), job.train.beta2)
        self.evaluation = Evaluation(job.field, job.problem, job.train.span, self.adam.parameters)

    def __enter__(self) -> Self:
        self.evaluation.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.evaluation.__exit__()

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """One step of Adam."""
        self.evaluation.run(back=True)
        self.adam.set_rate(rate)
        self.adam.step()

    def loss(self) -> float:
        """The mean squared error that the last step started from."""
        return self.evaluation.loss()

    def finish(self) -> tuple[np.ndarray, float]:
        """The intensities at the problem's points, and their mean squared error."""
        self.evaluation.run(back=False)
        intensities = self.evaluation.values()
        return intensities, self.problem.mean_squared_error(intensities)

    def weights(self) -> Weights:
        """The weights by name, shaped as they came."""
        return weights_of(self.adam.parameters, self.shapes)

    def state(self) -> State:
        """The weights, and Adam's means."""
        return self.adam.state()

    def resume(self, state: State, steps: int) -> None:
        """Go on from a state."""
        self.adam.resume(state, steps)
