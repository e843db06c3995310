"""Latents, what draws them and what expects them, on their way to a picture of few bits."""

import math
from typing import Self

import numpy as np
import torch

from refield.coding.latents.entropy import LARGEST
from refield.coding.latents.file import field_of, shapes
from refield.coding.latents.leaking import LEAKING
from refield.coding.latents.rate import Rate, vector_of
from refield.coding.latents.softening import QUANTILES, Softness, shown
from refield.errors import UserError
from refield.fitting.adam import Adam
from refield.fitting.latents.banded import cut
from refield.fitting.latents.evaluation import Evaluation, gradient_of, parameters_of
from refield.fitting.train import SPANS
from refield.signals.image import Image
from refield.tasks.problem import Problem

CHUNK = 2**14  # latents at a time
BETA2 = 0.9  # of Adam: a short descent is not held back by the large gradients of its start


class Descent:
    """Adam on D + lambda R: the mean squared error of intensities on [0, 1], and the bits of a pixel.

    While it is entered, threads take chunks of the work; each number has a place of its own, and sums have one order.
    """

    def __init__(self, image: Image, levels: int, width: int, hidden: int, seed: int) -> None:
        """With grids of zeros, a network `width` wide that draws them, and one `hidden` wide that expects them."""
        height, columns = image.shape
        self.image, self.pixels, self.rng = image, height * columns, np.random.default_rng(seed)
        self.field = field_of((height, columns), levels, width)
        start = self.field.initialise(2, image.channels, self.rng)
        start[f"layers.{self.field.hidden_layers + 1}.bias"][:] = 0.5  # a medium grey
        parameters = parameters_of(start, torch.float32)
        self.latents = Adam({name: each for name, each in parameters.items() if name != "network"}, BETA2)
        expecting = torch.from_numpy(vector_of(hidden, levels, self.rng))
        self.networks = Adam({"network": parameters["network"], "entropy": expecting}, BETA2)
        self.shown = {name: torch.zeros_like(each) for name, each in self.latents.parameters.items()}
        for each in self.shown.values():
            each.grad = torch.zeros_like(each)
        problem = Problem(image.points(), image.values(), image.channels)
        self.leak = torch.zeros(())
        seen = {**self.shown, "network": parameters["network"]}
        self.evaluation = Evaluation(self.field, problem, SPANS["unit"], seen, LEAKING, self.leak)
        self.rate = Rate(self.field.sizes(2), expecting.numpy(), hidden, self.evaluation.workers)
        self.slopes = [np.ones_like(grid) for grid in self._grids()]
        self.parts = [
            (level, rows) for level, (h, w) in enumerate(self.field.sizes(2)) for rows in cut(h, max(1, CHUNK // w))
        ]

    def __enter__(self) -> Self:
        self.evaluation.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.evaluation.__exit__()

    @torch.no_grad()
    def step(self, softness: Softness | None, lambda_: float, rates: tuple[float, float]) -> tuple[float, float]:
        """One step by learning rates of latents and of networks; what it started from, as D and R. `UserError` if
        these are no numbers.

        Without softness latents are shown rounded, and the derivatives there are taken for their own.
        """
        self.show(softness)
        self.evaluation.run(back=True)
        bits = self.rate.run(back=True)
        if not math.isfinite(self.distortion() + lambda_ * bits):
            raise UserError("the descent of latents diverged; fewer bits a pixel help")
        price = np.float32(lambda_ / self.pixels)
        for level, (name, latents) in enumerate(self.latents.parameters.items()):
            gradient = gradient_of(latents).numpy()[0]
            np.multiply(self.rate.by_grid(level), price, out=gradient)
            gradient += gradient_of(self.shown[name]).numpy()[0]
            gradient *= self.slopes[level]
        self.latents.set_rate(rates[0])
        self.latents.step()
        by_entropy = torch.from_numpy(self.rate.by_network() * price)
        gradient_of(self.networks.parameters["entropy"]).copy_(by_entropy)
        self.networks.set_rate(rates[1])
        self.networks.step()
        return self.distortion(), bits / self.pixels

    def show(self, softness: Softness | None) -> None:
        """Put latents, softened or rounded, where they are evaluated, by a network that leaks or does not."""
        self.leak.fill_(0.0 if softness is None else softness.leak)
        grids = self._grids()
        if softness is not None:
            quantiles = softness.noise()
            drawn = [self.rng.integers(0, QUANTILES, grid.shape, np.uint16) for grid in grids]
        places = [each.numpy()[0] for each in self.shown.values()]

        def work(number: int) -> None:
            level, rows = self.parts[number]
            part = grids[level][rows]
            if softness is None:
                values = np.clip(np.rint(part), -LARGEST, LARGEST)
                self.slopes[level][rows] = 1
            else:
                values, slopes = shown(part, quantiles[drawn[level][rows]], softness.temperature)
                self.slopes[level][rows] = slopes
            places[level][rows] = values
            self.rate.put(level, rows, values)

        for _ in self.evaluation.workers.map(work, range(len(self.parts))):
            pass

    def distortion(self) -> float:
        """D of the last run with derivatives."""
        return self.evaluation.loss() / SPANS["unit"] ** 2

    def error(self) -> float:
        """D of the last run, in float64."""
        total, first, pixels = 0.0, 0, self.image.pixels.reshape(-1, 1, self.image.channels)
        for found in self.evaluation.parts():
            wanted = Image(pixels[first : first + len(found)]).values()
            total, first = total + float(np.sum((found - wanted) ** 2)), first + len(found)
        return total / pixels.size / SPANS["unit"] ** 2

    def symbols(self) -> list[np.ndarray]:
        """The latents, rounded, as whole numbers."""
        return [np.clip(np.rint(grid), -LARGEST, LARGEST).astype(np.int16) for grid in self._grids()]

    def tensors(self) -> dict[str, np.ndarray]:
        """The places of both networks' tensors, by the names and in the order of a file."""
        vectors = [each.numpy() for each in self.networks.parameters.values()]
        sizes = shapes(self.field, self.image.channels, self.rate.hidden)
        ends = np.cumsum([math.prod(shape) for shape in sizes.values()]).tolist()
        second = len(vectors[0])  # where the second vector begins
        found = {}
        for (name, shape), end in zip(sizes.items(), ends, strict=True):
            vector, last = (vectors[0], end) if end <= second else (vectors[1], end - second)
            found[name] = vector[last - math.prod(shape) : last].reshape(shape)
        return found

    def _grids(self) -> list[np.ndarray]:
        return [each.numpy()[0] for each in self.latents.parameters.values()]
