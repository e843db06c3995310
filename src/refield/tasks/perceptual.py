"""A perceptual loss: how far a picture is from another in what a network sees that was trained to classify.

The network is a VGG (Simonyan and Zisserman, ICLR 2015, https://arxiv.org/abs/1409.1556): blocks of convolutions of
3 x 3 pixels with rectifiers, and a maximum over 2 x 2 pixels between two blocks. As in a published super-resolution by
fields (https://github.com/koudounasalkis/SIREN at 75e637e, src/mylibs/loss_functions.py) the loss is the sum of mean
squared differences: of both pictures at 224 x 224 pixels, and of the outputs of each block. There, and so here,
intensities in [-1, 1] are normalised by ImageNet's means and deviations of intensities in [0, 1].

The weights are a file of torchvision's names, features.I.weight and features.I.bias: five blocks of its VGG16 and
VGG19. torch is imported where it is used: every stage reads the tasks, one fits.
"""

import functools
import hashlib
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxtyping import Float

from refield.arrays import Tensor
from refield.errors import UserError, one_line
from refield.files import read
from refield.tasks.problem import Batch, Evaluate

SIDE = 224  # pixels, of the pictures that VGGs were trained with
MEANS, DEVIATIONS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's red, green and blue

Blocks = list[list[tuple[Tensor, Tensor]]]  # of convolutions: weight (out, in, 3, 3) and bias (out,)


class PerceptualError:
    """The loss of a whole picture, whose pixels are all points of the problem, row by row."""

    def __init__(self, shape: tuple[int, int], file: str, sha256: str) -> None:
        """`UserError` if the file is not the one that is meant, or holds no VGG."""
        self.shape, self.file, self.sha256 = shape, file, sha256
        self.wanted: dict[Any, list[Tensor]] = {}  # what is seen of the target, by device
        read_blocks(file, sha256, "cpu")

    def __call__(self, evaluate: Evaluate, batch: Batch) -> Tensor:
        """The loss (); `UserError` if the points are not the picture."""
        import torch

        if len(batch.points) != self.shape[0] * self.shape[1]:
            raise UserError("a perceptual loss is of whole pictures; remove train.batch")
        device = batch.points.device
        if device not in self.wanted:  # kept, as a captured graph goes on to read it
            with torch.no_grad():
                self.wanted[device] = self.seen(batch.target.float())
        found = self.seen(evaluate(batch.points, batch.labels))
        errors = [(ours - theirs).square().mean() for ours, theirs in zip(found, self.wanted[device], strict=True)]
        return torch.stack(errors).sum()

    def seen(self, values: Float[Tensor, "n c"]) -> list[Tensor]:
        """The picture of intensities (n, c) as the network gets it, and what each block makes of it."""
        import torch

        picture = values.T.reshape(1, -1, *self.shape).expand(-1, 3, -1, -1)
        means, deviations = (picture.new_tensor(each).view(3, 1, 1) for each in (MEANS, DEVIATIONS))
        normal = (picture - means) / deviations
        outputs = [torch.nn.functional.interpolate(normal, (SIDE, SIDE), mode="bilinear", align_corners=False)]
        for number, block in enumerate(read_blocks(self.file, self.sha256, str(values.device))):
            h = torch.nn.functional.max_pool2d(outputs[-1], 2) if number else outputs[-1]
            for weight, bias in block:
                h = torch.relu(torch.nn.functional.conv2d(h, weight.to(h.dtype), bias.to(h.dtype), padding=1))
            outputs.append(h)
        return outputs


@functools.lru_cache(maxsize=2)
def read_blocks(file: str, sha256: str, device: str) -> Blocks:
    """The blocks of a VGG in a safetensors file, or a file of torch's that holds nothing but tensors, on a device.

    `UserError` if the file is missing or another, or holds none.
    """
    try:
        data = read(Path(file), links=True)
        if not (found := hashlib.sha256(data).hexdigest()).startswith(sha256):
            raise UserError(f"{file} has the sha256 {found}; task.features_sha256 is {sha256}")
        try:
            blocks = blocks_of(_tensors(data, file))
        except UserError as error:
            raise UserError(f"{file} {error}") from None
    except UserError as error:
        raise UserError(f"task.features_file: {error}") from None
    return [[(weight.float().to(device), bias.float().to(device)) for weight, bias in block] for block in blocks]


def blocks_of(tensors: Mapping[str, Tensor]) -> Blocks:
    """The convolutions of a VGG by blocks; `UserError`, without the file's name, if they are none.

    Layers are numbered: a convolution and its rectifier count one each, and so does the maximum after a block.
    """
    numbers = sorted(int(match[1]) for name in tensors if (match := re.fullmatch(r"features\.(\d+)\.weight", name)))
    blocks: Blocks = []
    channels = 3
    for before, number in zip([-3, *numbers], numbers, strict=False):
        weight, bias = tensors[f"features.{number}.weight"], tensors.get(f"features.{number}.bias")
        fits = weight.dim() == 4 and weight.shape[1:] == (channels, 3, 3)
        if not fits or bias is None or bias.shape != weight.shape[:1] or number - before not in (2, 3):
            raise UserError(f"has a features.{number} that is no convolution of a VGG")
        if number - before == 3:
            blocks.append([])
        blocks[-1].append((weight, bias))
        channels = len(weight)
    if not blocks:
        raise UserError("has no convolutions, as features.0.weight, of a VGG")
    return blocks


def _tensors(data: bytes, file: str) -> dict[str, Tensor]:
    """Tensors by name; what would run code is not read."""
    import safetensors.torch
    import torch

    try:
        if file.endswith(".safetensors"):
            return safetensors.torch.load(data)
        found = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file may be taken for any of torch's formats
        raise UserError(f"is no readable file of tensors ({one_line(error)})") from None
    if not isinstance(found, dict) or not all(isinstance(each, torch.Tensor) for each in found.values()):
        raise UserError("holds no tensors by name")
    return found
