"""Enlargements by SRGAN, which has learnt from other photographs what a small one leaves open.

SRGAN (Ledig et al., CVPR 2017, https://arxiv.org/abs/1609.04802) trains a generator of pictures against a network that
tells these from photographs. The generator here is that of https://github.com/leftthomas/SRGAN at b0323c6, which has 5
residual blocks where the paper has 16, and weights for factors of 2, 4 and 8 by photographs of PASCAL VOC 2012.

torch is imported where it is used: everything that reads params.yaml imports this module.
"""

import functools
import io
from pathlib import Path
from typing import Annotated

import numpy as np
from jaxtyping import Float, Float32
from pydantic import StringConstraints

from refield.arrays import Tensor
from refield.errors import UserError, one_line
from refield.files import read
from refield.scores.measure import Measure
from refield.signals.sources.sums import verified
from refield.strict import Strict

OF_SRGAN = (  # measures of what it makes of the reduced image
    Measure("psnr_srgan", "PSNR SRGAN", 2, unit="dB"),
    Measure("ssim_srgan", "SSIM SRGAN", 4),
    Measure("detail_srgan", "Detail SRGAN", 4),
)
LUMA = np.array([[0.299], [0.587], [0.114]], np.float32)  # of red, green and blue: ITU-R BT.601
RESIDUAL = ("block2", "block3", "block4", "block5", "block6")
# A picture is enlarged in strips of so many of its rows, which bounds the memory. Nothing depends on what is farther
# than the margin: 4 pixels for the first convolution, 2 for each residual block, 1 for the seventh, 3 for all beyond.
STRIP, MARGIN = 128, 18

Weights = dict[str, Tensor]


class Generator(Strict):
    """A file of a generator's weights, by a path that is absolute or begins where the command runs."""

    file: Annotated[str, StringConstraints(pattern=r"^[^\x00]+$")]
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]  # of the file's bytes

    def enlarged(self, values: Float[np.ndarray, "h w c"], factor: int) -> Float32[np.ndarray, "H W c"]:
        """An image of `factor` times the pixels of each side, not rounded; intensities of both are in [-1, 1].

        Grey goes in as three equal channels, and is the luma of what comes out, as it is of photographs. `UserError` if
        the file is missing, another, or of another factor.
        """
        import torch

        weights = read_weights(self.file, self.sha256, factor)
        picture = torch.tensor((values + 1) / 2, dtype=torch.float32).permute(2, 0, 1).expand(3, -1, -1)[None]
        strips = []
        with torch.inference_mode():
            for top in range(0, len(values), STRIP):
                first = max(top - MARGIN, 0)
                strip = generate(weights, picture[:, :, first : top + STRIP + MARGIN], factor)
                strips.append(strip[:, :, factor * (top - first) :][:, :, : factor * STRIP])
        large = torch.cat(strips, dim=2)[0].permute(1, 2, 0).numpy()
        return 2 * (large if values.shape[2] == 3 else large @ LUMA) - 1


def generate(weights: Weights, picture: Float[Tensor, "1 3 h w"], factor: int) -> Float[Tensor, "1 3 H W"]:
    """The enlarged picture, by the means and variances of training; intensities of both are in [0, 1].

    `KeyError` or `RuntimeError` if these are no weights of a generator of the factor, a power of 2.
    """
    import torch
    from torch.nn import functional

    def convolved(name: str, h: Tensor) -> Tensor:
        weight = weights[f"{name}.weight"]
        return functional.conv2d(h, weight, weights[f"{name}.bias"], padding=weight.shape[-1] // 2)

    def normalised(name: str, h: Tensor) -> Tensor:
        parts = ("running_mean", "running_var", "weight", "bias")
        mean, variance, scale, shift = (weights[f"{name}.{part}"] for part in parts)
        return functional.batch_norm(h, mean, variance, scale, shift)

    def rectified(name: str, h: Tensor) -> Tensor:
        return functional.prelu(h, weights[f"{name}.weight"])

    doublings = factor.bit_length() - 1
    first = h = rectified("block1.1", convolved("block1.0", picture))
    for block in RESIDUAL:
        inner = rectified(f"{block}.prelu", normalised(f"{block}.bn1", convolved(f"{block}.conv1", h)))
        h = h + normalised(f"{block}.bn2", convolved(f"{block}.conv2", inner))
    h = first + rectified("block7.1", convolved("block7.0", h))
    for block in (f"block8.{number}" for number in range(doublings)):
        h = rectified(f"{block}.prelu", functional.pixel_shuffle(convolved(f"{block}.conv", h), 2))
    return (torch.tanh(convolved(f"block8.{doublings}", h)) + 1) / 2


@functools.lru_cache(maxsize=1)
def read_weights(file: str, sha256: str, factor: int) -> Weights:
    """The weights in a file of torch's, of which nothing but tensors is read, and that once its sha256 is right.

    `UserError` if it is missing or another, or holds no generator of the factor.
    """
    import torch

    data = verified(read(Path(file), links=True), sha256, file)
    try:
        weights: Weights = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file may be taken for any of torch's formats
        raise UserError(f"{file} is no readable file of tensors ({one_line(error)})") from None
    side = 8
    try:
        with torch.inference_mode():
            made = tuple(generate(weights, torch.zeros(1, 3, side, side), factor).shape)
        reason = "" if made == (1, 3, factor * side, factor * side) else f"of {side} x {side} pixels it makes {made}"
    except (AttributeError, LookupError, RuntimeError, TypeError) as error:
        reason = f"it has no {error.args[0]}" if isinstance(error, KeyError) else one_line(error)
    if reason:
        raise UserError(f"{file} holds no SRGAN that enlarges by {factor} ({reason})")
    return weights
