"""Fit a field to samples: full-batch Adam (0.9, 0.999) on the mean squared error over values in [-1, 1]."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from refield.engine import Descent
from refield.fields.gated import Gated
from refield.samples import Samples
from refield.training import Train

Progress = Callable[[int, float], None]  # (iteration, PSNR in dB), at every traced iteration


class Diverged(RuntimeError):
    """A fit whose loss is no longer a number."""


@dataclass(frozen=True)
class Fit:
    """A field fitted to samples: all that later stages need and cannot recompute."""

    weights: dict[str, np.ndarray]  # float32
    values: np.ndarray  # (n, c) float32: the fitted field at the samples' points
    curve: list[tuple[int, float, float]]  # (iterations done, mean squared error, its PSNR in dB)


def fit(
    field: Gated,
    samples: Samples,
    train: Train,
    seed: int,
    *,
    device: str = "cpu",
    progress: Progress = lambda *_: None,
) -> Fit:
    """Fit `field` to `samples`; the result depends on the arguments alone, not on threads or on other fits."""
    weights = field.initialise(samples.values.shape[1], np.random.default_rng(seed))
    curve: list[tuple[int, float, float]] = []

    def trace(iteration: int, loss: float) -> None:
        if not math.isfinite(loss):
            raise Diverged(
                f"the loss is {loss} at iteration {iteration}; lower train.learning_rate ({train.learning_rate})"
            )
        curve.append((iteration, loss, mse_to_psnr(loss)))
        progress(iteration, curve[-1][2])

    descend = DESCENTS[train.engine]
    with descend(field, weights, samples, torch.device(device)) as descent:
        for i in range(train.iterations):
            loss = descent.step(train.rate(i))
            if i % train.trace_every == 0:
                trace(i, float(loss))
        values = descent.values()
        trace(train.iterations, float(np.mean((values - samples.values) ** 2)))
        return Fit(descent.weights(), values, curve)


def mse_to_psnr(mse: float) -> float:
    """PSNR in dB of a mean squared error on values in [-1, 1], whose peak-to-peak range is 2."""
    return 10 * math.log10(4 / mse) if mse > 0 else math.inf


class ReferenceDescent:
    """The same descent by the definition: `Gated.evaluate`, autograd and Adam."""

    def __init__(
        self,
        field: Gated,
        weights: Mapping[str, np.ndarray],
        samples: Samples,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.field, self.samples = field, samples
        self.parameters = {
            name: torch.as_tensor(array, dtype=dtype, device=device).requires_grad_() for name, array in weights.items()
        }
        self.target = torch.as_tensor(samples.values, dtype=dtype, device=device)
        self.adam = torch.optim.Adam(list(self.parameters.values()), betas=(0.9, 0.999))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def evaluate(self) -> Tensor:
        return self.field.evaluate(self.parameters, self.samples.points, self.samples.labels)

    def step(self, rate: float) -> Tensor:
        """One step of Adam; the mean squared error before it."""
        self.adam.param_groups[0]["lr"] = rate
        self.adam.zero_grad()
        loss = (self.evaluate() - self.target).square().mean()
        loss.backward()
        self.adam.step()
        return loss.detach()

    @torch.no_grad()
    def values(self) -> np.ndarray:
        return self.evaluate().cpu().numpy()

    def weights(self) -> dict[str, np.ndarray]:
        return {name: tensor.detach().cpu().numpy() for name, tensor in self.parameters.items()}


DESCENTS: dict[str, type[Descent] | type[ReferenceDescent]] = {"fast": Descent, "reference": ReferenceDescent}
