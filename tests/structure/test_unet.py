"""The network by torch's own layers, its training on phantoms, and what is refused."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from safetensors.numpy import save
from torch import nn

from refield.errors import UserError
from refield.fitting.unet import train
from refield.structure.dice import dice, soft_dice
from refield.structure.examples import Example, read_examples
from refield.structure.training import Training
from refield.structure.unet import initialise, levels_of, logits, predict, read_network

SMALL = Training(examples="phantoms", width=4, levels=2, epochs=12, batch=2, learning_rate=1e-2)


def example(seed: int, height: int = 16, width: int = 24) -> Example:
    """A bright disc on a darker ellipse, in noise."""
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[:height, :width]
    mask = (row - rng.integers(5, 11)) ** 2 + (column - rng.integers(6, 18)) ** 2 < 12
    head = ((row - 8) / 8) ** 2 + ((column - 12) / 12) ** 2 < 1
    pixels = 70.0 * head + 90 * mask + rng.uniform(0, 20, mask.shape)
    return Example(pixels.astype(np.uint8)[..., None], mask)


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    found = initialise(1, 3, 2, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    return {name: torch.tensor(array + rng.normal(0, 0.05, array.shape)) for name, array in found.items()}


def test_dice_is_twice_what_both_have_over_what_they_have_together() -> None:
    one = np.array([[1, 1, 1], [0, 0, 0]], dtype=bool)
    other = np.array([[0, 1, 1], [1, 1, 1]], dtype=bool)
    assert dice(one, other) == 2 * 2 / (3 + 5)
    assert dice(one, one) == 1
    assert dice(one, ~one) == 0
    assert dice(one & ~one, one & ~one) == 1


def test_the_soft_dice_is_the_same_of_certain_pixels_and_counts_others_by_half() -> None:
    one, other = (torch.tensor(each, dtype=torch.float64) for each in ([[1, 1, 1, 0]], [[0, 1, 1, 1]]))
    assert soft_dice(one, other).item() == pytest.approx(2 * 2 / 6)
    assert soft_dice(one / 2, other).item() == pytest.approx(2 * 1 / (1.5 + 3))


def test_a_network_is_that_of_torchs_layers(weights: dict[str, torch.Tensor]) -> None:
    """Written out by hand, for two levels."""

    def pair(name: str, inputs: int, outputs: int) -> nn.Sequential:
        layers = nn.Sequential()
        for before, each in ((inputs, "first"), (outputs, "second")):
            convolution, norm = (
                nn.Conv2d(before, outputs, 3, padding=1, bias=False),
                nn.InstanceNorm2d(outputs, affine=True),
            )
            layers.extend([convolution.double(), norm.double(), nn.ReLU()])
            convolution.weight.data, norm.bias.data = weights[f"{name}.{each}.weight"], weights[f"{name}.{each}.bias"]
        return layers

    def grow(name: str, outputs: int) -> nn.ConvTranspose2d:
        layer = nn.ConvTranspose2d(2 * outputs, outputs, 2, stride=2).double()
        layer.weight.data, layer.bias.data = weights[f"{name}.grow.weight"], weights[f"{name}.grow.bias"]
        return layer

    picture = torch.rand(2, 1, 8, 12, dtype=torch.float64)
    with torch.no_grad():
        high = pair("down.0", 1, 3)(picture)
        middle = pair("down.1", 3, 6)(nn.MaxPool2d(2)(high))
        low = pair("down.2", 6, 12)(nn.MaxPool2d(2)(middle))
        middle = pair("up.1", 12, 6)(torch.cat([middle, grow("up.1", 6)(low)], dim=1))
        high = pair("up.0", 6, 3)(torch.cat([high, grow("up.0", 3)(middle)], dim=1))
        last = (high * weights["output.weight"]).sum(dim=1) + weights["output.bias"]
        torch.testing.assert_close(logits(weights, picture), last)


def test_the_published_size_has_half_a_million_weights() -> None:
    weights = initialise(1, 8, 4, np.random.default_rng(0))
    assert sum(array.size for array in weights.values()) == 485_673
    assert levels_of(weights) == 4


def test_training_is_the_same_again_with_any_number_of_threads_and_another_by_seed() -> None:
    examples, short = [example(seed) for seed in range(6)], SMALL.model_copy(update={"epochs": 2})
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = train(examples, short)
        torch.set_num_threads(3)
        three = train(examples, short)
    finally:
        torch.set_num_threads(threads)
    assert one.curve == three.curve
    assert all((one.weights[name] == three.weights[name]).all() for name in one.weights)
    other = train(examples, short.model_copy(update={"seed": 1}))
    assert any((one.weights[name] != other.weights[name]).any() for name in one.weights)


def test_a_small_one_learns_to_see_what_no_constant_does() -> None:
    heard: list[tuple[int, float]] = []
    trained = train([example(seed) for seed in range(16)], SMALL, lambda *each: heard.append(each))
    assert heard == list(enumerate(trained.curve, start=1))
    assert trained.curve[-1] < trained.curve[0] / 3
    weights = trained.tensors()
    unseen = [example(seed) for seed in range(100, 106)]
    found = [dice(predict(weights, each.pixels), each.mask) for each in unseen]
    everywhere = [dice(np.ones_like(each.mask), each.mask) for each in unseen]
    assert np.mean(found) > 0.7
    assert np.mean(everywhere) < 0.3


def test_examples_that_cannot_be_used_are_refused() -> None:
    with pytest.raises(UserError, match="trained on examples, and there are none"):
        train([], SMALL)
    with pytest.raises(UserError, match=r"has 18 x 24 pixels; sides must be multiples of 4"):
        train([example(0), example(1, height=18)], SMALL)
    with pytest.raises(UserError, match=r"has 4 x 4 pixels; sides must .* for its U-Net, and not both 4"):
        train([Example(np.zeros((4, 4, 1), np.uint8), np.ones((4, 4), bool))], SMALL)
    with pytest.raises(UserError, match=r"the U-Net's loss is nan in epoch \d; lower unet\.learning_rate"):
        train([example(0)] * 4, SMALL.model_copy(update={"learning_rate": 1e30}))


def test_weights_come_back_from_their_file_and_others_are_refused(tmp_path: Path) -> None:
    file, good = tmp_path / "unet.safetensors", initialise(1, 3, 2, np.random.default_rng(0))

    def written(data: bytes) -> tuple[str, str, str, str]:
        file.write_bytes(data)
        return str(file), hashlib.sha256(data).hexdigest(), "task.network_file", "cpu"

    read = read_network(*written(save(good)))
    assert all((read[name].numpy() == array).all() for name, array in good.items())
    lacking = {name: array for name, array in good.items() if name != "up.0.grow.bias"}
    wide = good | {"output.weight": np.zeros((1, 4, 1, 1), np.float32)}
    for other in ({}, lacking, wide, good | {"more": np.zeros(1, np.float32)}):
        with pytest.raises(UserError, match=r"^task\.network_file: .*unet\.safetensors does not hold the weights of a"):
            read_network(*written(save(other)))
    with pytest.raises(UserError, match="is no readable file of tensors"):
        read_network(*written(b"nothing"))
    with pytest.raises(UserError, match=r"has the sha256 [0-9a-f]{64}; task\.network_sha256 is 0{64}"):
        read_network(str(file), 64 * "0", "task.network_file", "cpu")
    with pytest.raises(UserError, match=r"^task\.network_file: nowhere is missing$"):
        read_network("nowhere", None, "task.network_file", "cpu")


def test_examples_are_pictures_with_masks_framed_alike(tmp_path: Path) -> None:
    def written(name: str, pixels: np.ndarray) -> None:
        Pillow.fromarray(pixels).save(tmp_path / f"{name}.pgm", "PPM")

    pixels, mask = (np.random.default_rng(0).integers(0, 256, (16, 20), dtype=np.uint8) for _ in range(2))
    mask = np.where(mask > 127, 255, 0).astype(np.uint8)
    written("b", pixels)
    with pytest.raises(UserError, match=r"b\.pgm has no mask beside it, b_mask"):
        read_examples(tmp_path, "grey", "native", None, None)
    written("b_mask", mask)
    (found,) = read_examples(tmp_path, "grey", "crop", 14, 12).values()
    np.testing.assert_array_equal(found.pixels[..., 0], pixels[2:14, 3:17])
    np.testing.assert_array_equal(found.mask, mask[2:14, 3:17] == 255)
    (half,) = read_examples(tmp_path, "rgb", "resize", 14, 12).values()
    assert (half.pixels.shape, half.mask.shape, half.mask.dtype) == ((12, 14, 3), (12, 14), bool)
    written("b_mask", mask // 2)
    with pytest.raises(UserError, match=r"b_mask\.pgm has greys; a mask is white where it is and black elsewhere"):
        read_examples(tmp_path, "grey", "native", None, None)
    written("b_mask", mask[:-1])
    with pytest.raises(UserError, match=r"b_mask\.pgm is of another size than .*b\.pgm"):
        read_examples(tmp_path, "grey", "native", None, None)
