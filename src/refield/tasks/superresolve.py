"""Super-resolution: the field is fitted to a reduced image, and scored on the image that this was reduced from.

Published code fits either the reduced image's own pixels (INCODE, https://arxiv.org/abs/2310.18846) or the means of the
field over the pixels that each was made of (WIRE, https://arxiv.org/abs/2301.05187), which keeps the step that was
nearest to the answer; here it is the last one. Others compare what a network sees of both (`perceptual`). Labels are
passed on as they come: regions that were cut from the large image tell a field about what it does not see.
"""

from functools import partial
from typing import Annotated, ClassVar, Literal

import numpy as np
from jaxtyping import Float, Float64, Integer, Shaped
from pydantic import Field, StringConstraints, model_validator

from refield.arrays import Tensor
from refield.errors import UserError
from refield.scores import controls, metrics
from refield.scores.detail import DETAIL, DETAIL_BICUBIC, DETAIL_BICUBIC_ENDS, DETAIL_LANCZOS, detail_share
from refield.scores.measure import PSNR, SSIM, Measure
from refield.signals.image import as_image, pixel_grid
from refield.signals.resizing import Aligned, resized
from refield.signals.signal import Signal
from refield.strict import Strict
from refield.tasks.perceptual import PerceptualError
from refield.tasks.problem import Batch, Evaluate, Problem, squared_error

PSNR_BICUBIC = Measure("psnr_bicubic", "PSNR bicubic", 2, unit="dB")
SSIM_BICUBIC = Measure("ssim_bicubic", "SSIM bicubic", 4)
PSNR_LANCZOS = Measure("psnr_lanczos", "PSNR Lanczos", 2, unit="dB")
SSIM_LANCZOS = Measure("ssim_lanczos", "SSIM Lanczos", 4)
PSNR_BICUBIC_ENDS = Measure("psnr_bicubic_ends", "PSNR bicubic, ends aligned", 2, unit="dB")
SSIM_BICUBIC_ENDS = Measure("ssim_bicubic_ends", "SSIM bicubic, ends aligned", 4)


class Superresolve(Strict):
    """Reduce an image to a pixel for each block of its own, fit what is left, and score the image that comes of it."""

    factor: int = Field(1, ge=1)  # pixels of a block's side, so both sides must be multiples; 1 leaves the image whole
    # What a reduced pixel is. mean: its block's. bilinear: that of a square twice as wide, whose pixels count less the
    # farther they are from its centre: how Pillow reduces images, on whose version a fit's bytes then may depend.
    reduction: Literal["mean", "bilinear"] = "mean"
    # points: the field's value at a block is to be the reduced pixel. averaged: the mean of its values at the block's
    # pixels is. perceptual: the picture of its values at all blocks is to look like the reduced image.
    loss: Literal["points", "averaged", "perceptual"] = "points"
    # Where the reduced pixels are seen; unused by `averaged`. centred: at their blocks' centres. ends: on a grid of
    # their own whose end pixels are on the ends, as in some published code; the picture that comes of it is stretched.
    grid: Literal["centred", "ends"] = "centred"
    # Of `perceptual`: weights of a VGG, by a path that is absolute or begins where the command runs, and the sha256 of
    # the file's bytes, or as many of its first digits as are known: torch's names of weights have eight. A fit is known
    # by both, so that no other weights can take the place of those that were meant.
    features_file: Annotated[str, StringConstraints(pattern=r"^[^\x00]+$")] | None = None
    features_sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{8,64}$")] | None = None

    measures: ClassVar[tuple[Measure, ...]] = (
        *(PSNR, SSIM, DETAIL),
        *(PSNR_BICUBIC, SSIM_BICUBIC, DETAIL_BICUBIC),
        *(PSNR_LANCZOS, SSIM_LANCZOS, DETAIL_LANCZOS),
        *(PSNR_BICUBIC_ENDS, SSIM_BICUBIC_ENDS, DETAIL_BICUBIC_ENDS),
    )
    only_scores: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def means_are_of_blocks(self) -> "Superresolve":
        if self.loss == "averaged" and self.reduction != "mean":
            raise ValueError(f"loss: averaged is the mean of blocks, and reduction: {self.reduction} is not")
        return self

    @model_validator(mode="after")
    def features_are_named_with_their_sha256(self) -> "Superresolve":
        named = (self.features_file is not None) + (self.features_sha256 is not None)
        if self.loss == "perceptual" and named < 2:
            raise ValueError("loss: perceptual needs both features_file and features_sha256, as sha256sum says it")
        if self.loss != "perceptual" and named:
            raise ValueError(f"loss: {self.loss} sees no features; remove features_file and features_sha256")
        return self

    @property
    def least_squares(self) -> bool:
        return self.loss == "points"

    def problem(self, signal: Signal, labels: Integer[np.ndarray, " n"] | None) -> Problem:
        """The pixels of the reduced image, row by row, each in the region of the pixel nearest to its block's centre.

        Of `averaged` a point is the last pixel of its block; the target's columns are the block's mean and, where there
        are labels, those of its pixels. `UserError` if the image's sides are no multiples of the factor, or the file of
        features is not what it should be.
        """
        image, factor = as_image(signal), self.factor
        (height, width), target = image.shape, self.reduce(image)
        points = blocks(image.points().reshape(height, width, 2), factor)
        regions = None if labels is None else blocks(labels.reshape(height, width, 1), factor)[..., 0]
        # The middle pixel, or of an even factor the first after the centre.
        middle = None if regions is None else regions[:, factor // 2 * (factor + 1)]
        wanted = image.points(), labels
        if self.loss != "averaged":
            small = height // factor, width // factor
            at = pixel_grid(*small) if self.grid == "ends" else points.mean(axis=1)
            if self.loss == "points":
                return Problem(at, target, image.channels, middle, loss=squared_error, wanted=wanted)
            assert self.features_file is not None
            assert self.features_sha256 is not None
            error = PerceptualError(small, self.features_file, self.features_sha256)
            return Problem(at, target, image.channels, middle, loss=error, pointwise=False, wanted=wanted)
        if regions is not None:
            target = np.concatenate([target, regions], axis=1)
        loss = partial(averaged_error, factor=factor, apart=(spacing(height), spacing(width)))
        return Problem(points[:, -1], target, image.channels, middle, loss=loss, wanted=wanted)

    def reduce(self, signal: Signal) -> Float64[np.ndarray, "m c"]:
        """The values of the reduced image, row by row, not rounded; `UserError` if blocks do not fill the image."""
        height, width = as_image(signal).shape
        if height % self.factor or width % self.factor:
            raise UserError(
                f"has {height} x {width} pixels; both sides must be multiples of task.factor = {self.factor}"
            )
        values = signal.values().reshape(height, width, -1)
        if self.reduction == "mean":
            return blocks(values, self.factor).mean(axis=1)
        reduced = resized(values, (height // self.factor, width // self.factor), "bilinear")
        return reduced.reshape(-1, signal.channels).astype(np.float64)

    def finish(self, values: Float[np.ndarray, "n c"], signal: Signal) -> Signal:
        """The field's own pixels at the size of `signal`; nothing makes them agree with the reduced image."""
        return signal.with_values(values)

    def score(self, signal: Signal, estimate: Signal) -> dict[str, float]:
        """PSNR in dB, SSIM and detail of the 8-bit picture, and of bicubic and Lanczos enlargements of the reduced one.

        Those begin with the same numbers as the field, and are rounded to 8 bits as its picture is. Bicubic ones are
        aligned as either `grid` is: by the area of pixels, and by the centres of the first and the last. Of a
        factor of 1, which loses nothing, the share of detail is NaN.
        """
        original, (height, width) = as_image(signal).pixels, as_image(signal).shape
        reduced = self.reduce(signal).reshape(height // self.factor, width // self.factor, -1)

        def enlargement(by: Literal["bicubic", "lanczos"], aligned: Aligned = "centres") -> np.ndarray:
            values = controls.enlarged(reduced, self.factor, by, aligned).reshape(height * width, -1)
            return as_image(signal.with_values(values)).pixels

        others = enlargement("bicubic"), enlargement("lanczos"), enlargement("bicubic", "ends")
        pictures = as_image(estimate).pixels, *others
        scores = [
            (metrics.psnr_8bit(original, each), metrics.ssim(original, each), detail_share(original, each, self.factor))
            for each in pictures
        ]
        return dict(zip((measure.name for measure in self.measures), sum(scores, ()), strict=True))


def blocks(array: Shaped[np.ndarray, "h w k"], factor: int) -> Shaped[np.ndarray, "m f k"]:
    """An image's blocks of factor x factor pixels, row by row, and the pixels of each, row by row."""
    height, width, depth = array.shape
    parts = array.reshape(height // factor, factor, width // factor, factor, depth)
    return parts.swapaxes(1, 2).reshape(-1, factor**2, depth)


def spacing(side: int) -> float:
    """How far the pixels of a side of so many are apart, in coordinates from -1 to 1."""
    return 2 / (side - 1) if side > 1 else 0.0


def averaged_error(evaluate: Evaluate, batch: Batch, factor: int, apart: tuple[float, float]) -> Tensor:
    """The mean over blocks and channels of (mean of f over the block - target)^2, each block weighted by importance.

    A point is its block's last pixel: the others lie up to factor - 1 pixels before it, and those are so far `apart`.
    """
    import torch

    # Made where the points are: nothing may be copied to a GPU while a step is captured.
    before = torch.arange(factor - 1, -1, -1, dtype=batch.points.dtype, device=batch.points.device)
    back = torch.stack(torch.meshgrid(before * apart[0], before * apart[1], indexing="ij"), dim=-1).reshape(-1, 2)
    # Both ends are exact, at which a tile of Levels-of-Experts begins: the last as it came, the first by the clamp.
    points = (batch.points[:, None] - back).clamp(min=-1)
    labels = None if batch.labels is None else batch.target[:, -(factor**2) :].reshape(-1).to(batch.labels.dtype)
    values = evaluate(points.reshape(-1, 2), labels).reshape(*points.shape[:2], -1).mean(dim=1)
    error = (values - batch.target[:, : values.shape[1]]).square()
    return (error if batch.importance is None else batch.importance[:, None] * error).mean()
