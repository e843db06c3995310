import hashlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from refield.errors import UserError
from refield.fields.mlp import Mlp
from refield.fitting.fit import fit_together
from refield.fitting.job import Job
from refield.fitting.train import Train
from refield.signals.image import Image, pixel_grid
from refield.tasks.perceptual import PerceptualError, blocks_of
from refield.tasks.problem import Batch
from refield.tasks.superresolve import Superresolve

# Widths of the convolutions and, where a number is missing, the maximum: as VGG19 and VGG16, of which each is narrower.
VGG19 = [2, 3, 0, 4, 3, 0, 4, 4, 2, 3, 0, 3, 4, 3, 4, 0, 2, 4, 3, 2]
VGG16 = [2, 3, 0, 4, 3, 0, 4, 4, 2, 0, 3, 4, 3, 0, 2, 4, 3]
CUTS = {"vgg19": [0, 4, 9, 18, 27, 36], "vgg16": [0, 4, 9, 16, 23, 30]}


def network(widths: list[int]) -> nn.Sequential:
    """The layers of a VGG, numbered as torchvision's."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    channels = 3
    for width in widths:
        if not width:
            layers.append(nn.MaxPool2d(2))
            continue
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
        channels = width
    return nn.Sequential(*layers)


NETWORKS = {"vgg19": network(VGG19), "vgg16": network(VGG16)}


def named(layers: nn.Module) -> dict[str, torch.Tensor]:
    """And what else is in such files."""
    return {f"features.{name}": tensor for name, tensor in layers.state_dict().items()} | {
        "classifier.0.weight": torch.zeros(2, 2)
    }


def sha256_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture(params=["vgg19", "vgg16"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def file(kind: str, tmp_path: Path) -> Path:
    path = tmp_path / f"{kind}.safetensors"
    safetensors.torch.save_file(named(NETWORKS[kind]), path)
    return path


def loss_of(file: Path, shape: tuple[int, int] = (6, 8)) -> PerceptualError:
    return PerceptualError(shape, str(file), sha256_of(file))


def a_batch(channels: int, points: int = 48) -> Batch:
    target = torch.tensor(np.random.default_rng(0).uniform(-1, 1, (points, channels)), dtype=torch.float32)
    return Batch(torch.tensor(pixel_grid(6, 8)[:points]), None, target, None)


def wave(points: torch.Tensor, channels: int) -> torch.Tensor:
    return torch.sin(points @ torch.tensor([[3.0, -2, 1], [1, 4, -5]]).to(points)[:, :channels]).float()


@pytest.mark.parametrize("channels", [1, 3])
def test_is_the_sum_of_published_parts(file: Path, kind: str, channels: int) -> None:
    """The network cut at the published layers, on the picture as torchvision's normalisation has it."""
    batch, net = a_batch(channels), NETWORKS[kind]
    found = loss_of(file)(lambda points, _: wave(points, channels), batch)

    def prepared(values: torch.Tensor) -> torch.Tensor:
        picture = values.reshape(6, 8, channels).permute(2, 0, 1)[None].repeat(1, 3 // channels, 1, 1)
        means, deviations = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        normal = (picture - means[:, None, None]) / deviations[:, None, None]
        return nn.functional.interpolate(normal, size=(224, 224), mode="bilinear", align_corners=False)

    with torch.no_grad():
        ours, theirs = prepared(wave(batch.points, channels)), prepared(batch.target)
        expected = nn.functional.mse_loss(ours, theirs)
        for first, last in pairwise(CUTS[kind]):
            ours, theirs = net[first:last](ours), net[first:last](theirs)
            expected = expected + nn.functional.mse_loss(ours, theirs)
    assert found.shape == ()
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


def test_is_zero_for_the_target_itself(file: Path) -> None:
    batch = a_batch(3)
    assert loss_of(file)(lambda points, _: batch.target, batch).item() == 0


def test_reads_a_file_of_torchs_that_holds_tensors_alone(file: Path, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "vgg.pth"
    torch.save(named(NETWORKS[kind]), path)
    batch = a_batch(3)
    same = [loss_of(each)(lambda points, _: wave(points, 3), batch).item() for each in (file, path)]
    assert same[0] == same[1]
    torch.save({"features.0.weight": Path("runs-code")}, path)
    with pytest.raises(UserError, match=r"task\.features_file: .*vgg\.pth is no readable file of tensors"):
        loss_of(path)


def test_another_file_is_refused(file: Path) -> None:
    with pytest.raises(UserError, match=r"has the sha256 [0-9a-f]{64}; task\.features_sha256 is 0{64}"):
        PerceptualError((6, 8), str(file), 64 * "0")
    with pytest.raises(UserError, match=r"task\.features_file: nowhere is missing"):
        PerceptualError((6, 8), "nowhere", 64 * "0")
    file.write_bytes(b"not at all")
    with pytest.raises(UserError, match="is no readable file of tensors"):
        loss_of(file)


ODD = {
    "nothing": ({}, "has no convolutions"),
    "grey": ({"features.0.weight": torch.zeros(2, 1, 3, 3), "features.0.bias": torch.zeros(2)}, r"features\.0 that"),
    "no bias": ({"features.0.weight": torch.zeros(2, 3, 3, 3)}, r"features\.0 that"),
    "large": ({"features.0.weight": torch.zeros(2, 3, 5, 5), "features.0.bias": torch.zeros(2)}, r"features\.0 that"),
    "a gap": (
        {
            **{"features.0.weight": torch.zeros(3, 3, 3, 3), "features.0.bias": torch.zeros(3)},
            **{"features.4.weight": torch.zeros(3, 3, 3, 3), "features.4.bias": torch.zeros(3)},
        },
        r"features\.4 that",
    ),
}


@pytest.mark.parametrize(("tensors", "said"), ODD.values(), ids=ODD)
def test_what_is_no_vgg_is_refused(tensors: dict[str, torch.Tensor], said: str) -> None:
    with pytest.raises(UserError, match=said):
        blocks_of(tensors)


def test_has_the_gradient_of_a_difference(file: Path) -> None:
    batch, loss = a_batch(1), loss_of(file)
    strength = torch.tensor(0.7, requires_grad=True)
    (gradient,) = torch.autograd.grad(loss(lambda points, _: strength * wave(points, 1), batch), strength)
    ahead, behind = (loss(lambda points, _, s=s: s * wave(points, 1), batch).item() for s in (0.71, 0.69))
    assert gradient.item() == pytest.approx((ahead - behind) / 0.02, rel=1e-2)


def test_a_fit_brings_it_down_on_either_grid_and_takes_no_batches(file: Path) -> None:
    image = Image(np.linspace(0, 255, 12 * 16).astype(np.uint8).reshape(12, 16, 1))
    settings = {"factor": 2, "loss": "perceptual", "features_file": str(file), "features_sha256": sha256_of(file)}
    field = Mlp(gates=("dense",), width=8, omega_0=6.0)
    for grid in ("centred", "ends"):
        task = Superresolve(**settings, grid=grid)
        assert not task.least_squares
        problem = task.problem(image, None)
        (fit,) = fit_together([Job(field, problem, Train(iterations=12, learning_rate=1e-2), 0)], "cpu")
        assert fit.values.shape == (12 * 16, 1)
        assert fit.curve[-1][1] < 0.7 * fit.curve[0][1]
    with pytest.raises(UserError, match=r"a perceptual loss is of whole pictures; remove train\.batch"):
        fit_together([Job(field, problem, Train(iterations=1, learning_rate=1e-2, batch=20), 0)], "cpu")
