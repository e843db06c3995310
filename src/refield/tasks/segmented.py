"""Representation that keeps a segmentation: what a frozen U-Net sees in the field's picture is held to a mask.

SINCO (ICASSP 2023, https://arxiv.org/abs/2210.14974): the squared error plus lambda (1 - Dice). Where its paper is
silent, keys of the task choose, and a comment says why.
"""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from jaxtyping import Bool, Float, Integer, UInt8
from pydantic import Field, StringConstraints, model_validator

from refield.arrays import Tensor
from refield.errors import UserError
from refield.scores.measure import Measure
from refield.scores.segmented import DICE_ORIGINAL, Columns, dice_of
from refield.scores.stored import Precision
from refield.signals.image import Image, as_image
from refield.signals.signal import Signal
from refield.strict import Strict
from refield.structure.dice import soft_dice
from refield.structure.files import sha256_of
from refield.structure.masks import mask_of
from refield.structure.unet import logits, predict, read_network, require_fit
from refield.tasks.problem import Batch, Evaluate, Problem

File = Annotated[str, StringConstraints(pattern=r"^[^\x00]+$")]
Digest = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
FILES = ("network", "masks")


class Segmented(Strict):
    """Fit an image so that a U-Net sees in its picture what is there, and score how much of that is left."""

    # The U-Net's weights, and the true masks of a profile's images (`refield.structure`): paths that are absolute or
    # begin where the command runs. A stage makes both, so nobody can know their sha256 beforehand: without, it is that
    # of the file as it is when the task is read. A fit is known by both, and so is made anew when either changes.
    network_file: File
    network_sha256: Digest | None = None
    masks_file: File
    masks_sha256: Digest | None = None
    # lambda, beside the mean over pixels of the squared error of intensities on [0, 1]. Published as 1, but not whether
    # that error is a mean or a sum: by the mean, 35 dB are 3e-4, where 1 - Dice is about 0.1.
    regularisation: float = Field(1.0, gt=0, allow_inf_nan=False)
    # What the U-Net shall see. mask: the true one, which is what scores are of, and which whoever compresses a scan may
    # have from whoever looked at it. prediction: what it sees in the original, which needs no expert.
    reference: Literal["mask", "prediction"] = "mask"
    # soft: each pixel counts as much as it is probable. hard: whole or not at all, as in scores; that has no slope, so
    # it has the soft one's (Bengio et al., https://arxiv.org/abs/1308.3432). Only the soft one is a loss by itself.
    dice: Literal["soft", "hard"] = "soft"
    precision: Precision = "half"  # of the weights that are scored: SINCO stores halves

    least_squares: ClassVar[bool] = False
    measures: ClassVar[tuple[Measure, ...]] = Columns()  # type: ignore[assignment]  # read, it is that
    only_scores: ClassVar[frozenset[str]] = frozenset({"precision"})

    @model_validator(mode="before")
    @classmethod
    def files_are_known_by_their_sha256(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        named = {key: values.get(f"{key}_file") for key in FILES if values.get(f"{key}_sha256") is None}
        known = {
            key: sha256_of(Path(file)) for key, file in named.items() if isinstance(file, str) and "\0" not in file
        }
        return values | {f"{key}_sha256": sha256 for key, sha256 in known.items() if sha256}

    def network(self, device: str) -> dict[str, Tensor]:
        """The U-Net's weights; `UserError` if the file is missing, another, or holds none."""
        return read_network(self.network_file, self.network_sha256, "task.network_file", device)

    def mask(self, image: Image) -> Bool[np.ndarray, "h w"]:
        """The true mask of an image; `UserError`, without its name, if there is none, or of another size."""
        return mask_of(image, self.masks_file, self.masks_sha256, "task.masks_file")

    def predict(self, pixels: UInt8[np.ndarray, "h w c"]) -> Bool[np.ndarray, "h w"]:
        """The mask that the U-Net sees in a picture."""
        return predict(self.network("cpu"), pixels)

    def problem(self, signal: Signal, labels: Integer[np.ndarray, " n"] | None) -> Problem:
        """Every pixel, as in `represent`; `UserError` if the U-Net does not take such an image, or a file is not what
        it should be."""
        image = as_image(signal)
        weights, mask = self.network("cpu"), self.mask(image)
        require_fit(weights, image.pixels.shape)
        seen = mask if self.reference == "mask" else self.predict(image.pixels)
        error = StructuralError(self, seen)
        return Problem(image.points(), image.values(), image.channels, labels, loss=error, pointwise=False)

    def finish(self, values: Float[np.ndarray, "n c"], signal: Signal) -> Signal:
        return signal.with_values(values)

    def score(self, signal: Signal, estimate: Signal) -> dict[str, float]:
        """The Dice of what the U-Net sees in the original, which no picture can be expected to exceed."""
        image = as_image(signal)
        return {DICE_ORIGINAL.name: dice_of(self, image, image)}


class StructuralError:
    """The loss of a whole picture, whose pixels are all points of the problem, row by row."""

    def __init__(self, task: Segmented, seen: Bool[np.ndarray, "h w"]) -> None:
        self.task, self.seen = task, seen
        self.kept: dict[Any, Tensor] = {}  # what shall be seen, by device

    def __call__(self, evaluate: Evaluate, batch: Batch) -> Tensor:
        """The loss (); `UserError` if the points are not the picture."""
        import torch

        if len(batch.points) != self.seen.size:
            raise UserError("a U-Net looks at whole pictures; remove train.batch")
        values = evaluate(batch.points, batch.labels)
        error = (values - batch.target).square().mean() / 4  # of intensities on [0, 1]
        device = values.device
        if device not in self.kept:  # kept, as a captured graph goes on to read it
            self.kept[device] = torch.tensor(self.seen, dtype=values.dtype, device=device)
        network = {name: weight.to(values.dtype) for name, weight in self.task.network(str(device)).items()}
        picture = (values.T.reshape(1, -1, *self.seen.shape) + 1) / 2
        found = torch.sigmoid(logits(network, picture)[0])
        if self.task.dice == "hard":
            found = found + ((found > 0.5).to(found.dtype) - found).detach()
        return error + self.task.regularisation * (1 - soft_dice(found, self.kept[device]))
