"""The error of an image as a function of its field's weights, with the gradient: what learned coding descends on."""

from collections.abc import Mapping
from typing import Self

import torch
from torch import Tensor

from refield.coding.search import Search
from refield.fields.intensities import Intensities
from refield.fitting.train import SPANS
from refield.fitting.workers import Workers

SHARDS = 8  # partial gradients, which are added in order: sums do not depend on the number of threads
CHUNK_FLOATS = {"cpu": 2**18, "cuda": 2**27}  # of the widest layer's outputs in a chunk


class ImageError:
    """The mean squared error over all pixels and channels, of intensities on [-1, 1].

    While it is entered, threads that compute alone take shards of the points.
    """

    def __init__(self, search: Search, device: str) -> None:
        about, image = search.about, search.image
        self.field, self.span, self.device = about.field, SPANS[about.target], torch.device(device)
        blank = about.signal.blank(image.shape, about.channels)
        self.points = torch.as_tensor(blank.points(), device=self.device)
        self.target = torch.as_tensor(image.values(), dtype=torch.float32, device=self.device)
        labels = None if search.labels is None else search.labels.reshape(-1)
        self.labels = None if labels is None else torch.as_tensor(labels, device=self.device)
        n = len(self.points)
        rows = max(64, CHUNK_FLOATS[device] // about.field.cost(about.dims, about.channels).floats)
        chunks = [slice(first, min(first + rows, n)) for first in range(0, n, rows)]
        count = min(SHARDS, len(chunks))
        self.shards = [chunks[len(chunks) * i // count : len(chunks) * (i + 1) // count] for i in range(count)]
        self.workers = Workers(count)

    def __enter__(self) -> Self:
        self.workers.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.workers.__exit__()

    def gradient(self, weights: Mapping[str, Tensor]) -> tuple[float, dict[str, Tensor]]:
        """The error, and its derivatives by each of the weights, by name."""
        leaves = {name: tensor.detach().requires_grad_() for name, tensor in weights.items()}
        walk = self.workers.map if self.device.type == "cpu" else map
        first, *others = walk(lambda shard: self._of_shard(leaves, shard), range(len(self.shards)))
        total = first
        for part in others:
            total = [sum_ + each for sum_, each in zip(total, part, strict=True)]
        error, *gradients = total
        return float(error), dict(zip(leaves, gradients, strict=True))

    def _of_shard(self, leaves: Mapping[str, Tensor], shard: int) -> list[Tensor]:
        """A shard's share of the error, and of its derivatives."""
        intensities, total = Intensities(self.field, leaves, self.span), [torch.zeros((), device=self.device)]
        total += [torch.zeros_like(tensor) for tensor in leaves.values()]
        for chunk in self.shards[shard]:
            found = intensities(self.points[chunk], None if self.labels is None else self.labels[chunk])
            error = (found - self.target[chunk]).square().sum() / self.target.numel()
            parts = [error.detach(), *torch.autograd.grad(error, list(leaves.values()))]
            total = [sum_ + each for sum_, each in zip(total, parts, strict=True)]
        return total
