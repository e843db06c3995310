"""A U-Net: a network that says of each pixel of a picture how likely it belongs to what is looked for.

Ronneberger et al., MICCAI 2015 (https://arxiv.org/abs/1505.04597): pairs of convolutions of 3 x 3 pixels with
rectifiers, twice as wide on each level below, where a picture has half the pixels of each side, and on the way up
again beside the same level's pictures of the way down. Unlike there, convolutions keep a picture's size, and what
each channel of one makes of a picture is normalised before its bias (Ulyanov et al., https://arxiv.org/abs/1607.08022),
so that the many pixels outside of a mask do not silence the channels that tell the few inside apart.

Its weights are a file of safetensors, which is never unpickled. torch is imported where it is used: every stage reads
the tasks, one fits.
"""

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, UInt8

from refield.arrays import Tensor
from refield.errors import UserError, one_line
from refield.structure.files import read_known

Shape = tuple[int, ...]


def shapes(channels: int, width: int, levels: int) -> Iterator[tuple[str, Shape, int]]:
    """The layers of a network by name, with their weights' shapes (out, in, h, w) and how many numbers each output is
    of; those of the way up from a level below (`grow`) are (in, out, 2, 2)."""
    inputs = channels
    for level in range(levels + 1):
        own = width * 2**level
        yield f"down.{level}.first", (own, inputs, 3, 3), 9 * inputs
        yield f"down.{level}.second", (own, own, 3, 3), 9 * own
        inputs = own
    for level in reversed(range(levels)):
        own = width * 2**level
        yield f"up.{level}.grow", (2 * own, own, 2, 2), 2 * own
        yield f"up.{level}.first", (own, 2 * own, 3, 3), 18 * own
        yield f"up.{level}.second", (own, own, 3, 3), 9 * own
    yield "output", (1, width, 1, 1), width


def outputs(layer: str, shape: Shape) -> int:
    """How many channels a layer makes, each of which has a bias."""
    return shape[1 if layer.endswith("grow") else 0]


def initialise(channels: int, width: int, levels: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights of He's normal law (https://arxiv.org/abs/1502.01852) and biases of 0, float32, by name."""
    weights: dict[str, np.ndarray] = {}
    for layer, shape, fan_in in shapes(channels, width, levels):
        weights[f"{layer}.weight"] = rng.normal(0, (2 / fan_in) ** 0.5, shape).astype(np.float32)
        weights[f"{layer}.bias"] = np.zeros(outputs(layer, shape), np.float32)
    return weights


def levels_of(weights: Mapping[str, Tensor]) -> int:
    """How often a network halves a picture, whose sides must be multiples of 2 to that power."""
    return max(int(name.split(".")[1]) for name in weights if name.startswith("down."))


def logits(weights: Mapping[str, Tensor], pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n h w"]:
    """The logarithm of the odds of each pixel, of pictures with intensities in [0, 1]; differentiable in both."""
    from torch import cat
    from torch.nn.functional import conv2d, conv_transpose2d, instance_norm, max_pool2d, relu

    def layer(name: str) -> tuple[Tensor, Tensor]:
        return weights[f"{name}.weight"], weights[f"{name}.bias"]

    def pair(name: str, h: Tensor) -> Tensor:
        for each in ("first", "second"):
            weight, bias = layer(f"{name}.{each}")
            h = relu(instance_norm(conv2d(h, weight, padding=1)) + bias[:, None, None])
        return h

    passed, levels = [pair("down.0", pictures)], levels_of(weights)
    for level in range(1, levels + 1):
        passed.append(pair(f"down.{level}", max_pool2d(passed[-1], 2)))
    h = passed[levels]
    for level in reversed(range(levels)):
        grown = conv_transpose2d(h, *layer(f"up.{level}.grow"), stride=2)
        h = pair(f"up.{level}", cat([passed[level], grown], dim=1))
    return conv2d(h, *layer("output"))[:, 0]


def predict(weights: Mapping[str, Tensor], pixels: UInt8[np.ndarray, "h w c"]) -> Bool[np.ndarray, "h w"]:
    """The mask that a network sees in an 8-bit picture: where it is more likely than not."""
    import torch

    require_fit(weights, pixels.shape)
    picture = torch.tensor(pixels.transpose(2, 0, 1)[None] / 255, dtype=torch.float32)
    with torch.no_grad():
        return np.asarray(logits(weights, picture)[0] > 0)


def require_fit(weights: Mapping[str, Tensor], shape: Shape) -> None:
    """`UserError`, without its name, unless the network takes a picture of a shape (h, w, c)."""
    *sides, channels = shape
    step, expected = 2 ** levels_of(weights), weights["down.0.first.weight"].shape[1]
    if any(side % step for side in sides) or sides[0] * sides[1] == step**2:  # of one pixel there is no deviation
        size = f"has {sides[0]} x {sides[1]} pixels"
        raise UserError(f"{size}; sides must be multiples of {step} for its U-Net, and not both {step}")
    if channels != expected:
        raise UserError(f"has {channels} channels; its U-Net takes pictures of {expected}")


@functools.lru_cache(maxsize=4)
def read_network(file: str, sha256: str | None, key: str, device: str) -> dict[str, Tensor]:
    """The weights of a U-Net in a safetensors file, on a device.

    `UserError`, beginning with the `key` that names it, if the file is missing, another, or holds none.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load

    data = read_known(Path(file), sha256, key)
    try:
        weights = load(data)
    except (SafetensorError, ValueError) as error:
        raise UserError(f"{key}: {file} is no readable file of tensors ({one_line(error)})") from None
    if not is_network(weights):
        raise UserError(f"{key}: {file} does not hold the weights of a U-Net")
    return {name: tensor.to(device, torch.float32) for name, tensor in weights.items()}


def is_network(weights: Mapping[str, Tensor]) -> bool:
    """Whether these are the weights of a U-Net, all of them and no others."""
    first = weights.get("down.0.first.weight")
    levels = sum(name.startswith("down.") and name.endswith(".first.weight") for name in weights) - 1
    if first is None or first.dim() != 4 or not 1 <= levels <= 8:
        return False
    expected: dict[str, Shape] = {}
    for layer, shape, _ in shapes(first.shape[1], first.shape[0], levels):
        expected |= {f"{layer}.weight": shape, f"{layer}.bias": (outputs(layer, shape),)}
    return {name: tuple(tensor.shape) for name, tensor in weights.items()} == expected
