"""The training of a U-Net on pictures with masks.

A batch's gradient is the mean of its examples' gradients in their order, each computed by one thread: so the
weights do not depend on how many threads there are. They are those after the last step.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from refield.errors import UserError
from refield.fitting.adam import Adam
from refield.fitting.workers import Workers
from refield.structure.examples import Example
from refield.structure.training import Training
from refield.structure.unet import initialise, logits, require_fit

RARE = 1e-4, 1 - 1e-4  # the shares that masks are taken to have at least and at most


@dataclass(frozen=True)
class Trained:
    """A network, and how it came to be."""

    weights: dict[str, np.ndarray]  # float32
    curve: list[float]  # the mean loss of each epoch's examples, as it was before their steps

    def tensors(self) -> dict[str, torch.Tensor]:
        """The weights as the network takes them."""
        return {name: torch.tensor(array) for name, array in self.weights.items()}


def train(
    examples: Sequence[Example], settings: Training, progress: Callable[[int, float], None] = lambda *_: None
) -> Trained:
    """The U-Net that has learned from examples, on the CPU; `progress` hears of each epoch and its loss.

    `UserError` if there are no examples, one has sides that the levels do not halve, or the loss is no number.
    """
    if not examples:
        raise UserError("a U-Net is trained on examples, and there are none")
    rng = np.random.default_rng(settings.seed)
    start = initialise(examples[0].pixels.shape[2], settings.width, settings.levels, rng)
    # It begins with no opinion but the share of pixels that masks have (Lin et al., ICCV 2017, section 4.1,
    # https://arxiv.org/abs/1708.02002): to learn that first would turn all channels against what is looked for.
    share = np.clip(np.mean([example.mask.mean() for example in examples]), *RARE)
    start["output.bias"][:], start["output.weight"][:] = np.log(share / (1 - share)), 0
    weights = {name: torch.tensor(array, requires_grad=True) for name, array in start.items()}
    for example in examples:
        require_fit(weights, example.pixels.shape)
    pictures = [torch.tensor(each.pixels.transpose(2, 0, 1)[None] / 255, dtype=torch.float32) for each in examples]
    masks = [torch.tensor(each.mask[None], dtype=torch.float32) for each in examples]
    adam, curve = Adam(weights), []

    def gradient(number: int) -> tuple[float, tuple[torch.Tensor, ...]]:
        loss = binary_cross_entropy_with_logits(logits(weights, pictures[number]), masks[number])
        return float(loss.detach()), torch.autograd.grad(loss, list(weights.values()))

    with Workers(settings.batch) as workers:
        adam.set_rate(settings.learning_rate)
        for epoch in range(settings.epochs):
            order, total = rng.permutation(len(examples)).tolist(), 0.0
            for first in range(0, len(order), settings.batch):
                found = list(workers.map(gradient, order[first : first + settings.batch]))
                for i, parameter in enumerate(weights.values()):
                    assert parameter.grad is not None
                    parameter.grad.copy_(torch.stack([gradients[i] for _, gradients in found]).mean(dim=0))
                adam.step()
                total += sum(loss for loss, _ in found)
            curve.append(total / len(examples))
            if not np.isfinite(curve[-1]):
                raise UserError(f"the U-Net's loss is {curve[-1]} in epoch {epoch + 1}; lower unet.learning_rate")
            progress(epoch + 1, curve[-1])
    return Trained({name: tensor.detach().numpy().copy() for name, tensor in weights.items()}, curve)
