"""What a U-Net sees in a field's picture, held to a mask: loss, scores, keys, and what is refused before any fit."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from safetensors.numpy import load, save

from refield.coding import file
from refield.coding.description import Description
from refield.coding.search import Search
from refield.errors import UserError
from refield.fields.mlp import Mlp
from refield.fitting.train import Train
from refield.scores.metrics import psnr_8bit, ssim
from refield.signals.image import Image, pixel_grid
from refield.structure import masks
from refield.structure.dice import dice
from refield.structure.unet import initialise, logits, predict
from refield.tasks import build, describe
from refield.tasks.problem import Batch
from refield.tasks.segmented import Segmented
from refield.units.make import make
from refield.units.names import WEIGHTS
from refield.units.scoring import score_files
from refield.units.store import Store
from refield.units.unit import Unit

HEIGHT, WIDTH = 12, 16
FIELD = Mlp(gates=("dense", "dense"), width=8, omega_0=10.0)
TRAIN = Train(iterations=8, learning_rate=3e-3)
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH]
MASK = (ROWS - 5) ** 2 + (COLUMNS - 9) ** 2 < 12
IMAGE = Image((60 + 4 * ROWS + 120 * MASK).astype(np.uint8)[..., None])


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """A network that tells bright pixels from dark ones, and the image's mask."""
    weights = initialise(1, 2, 1, np.random.default_rng(0))
    for name in weights:
        weights[name] = 0.02 * weights[name]
    # The picture, normalised, passes to the last layer.
    weights["down.0.first.weight"][0, 0, 1, 1] = weights["down.0.second.weight"][0, 0, 1, 1] = 1.0
    weights["up.0.first.weight"][0, 0, 1, 1] = weights["up.0.second.weight"][0, 0, 1, 1] = 1.0
    weights["output.weight"][0, 0], weights["output.bias"][0] = 12.0, -6.6
    (tmp_path / "unet.safetensors").write_bytes(save(weights))
    (tmp_path / "masks.safetensors").write_bytes(masks.encode({IMAGE.digest(): MASK}))
    return {
        f"{name}_file": str(tmp_path / f"{each}.safetensors")
        for name, each in (("network", "unet"), ("masks", "masks"))
    }


def unit_of(task: Segmented) -> Unit:
    return Unit("slice", IMAGE, None, task, FIELD, TRAIN, 0)


def made_of(task: Segmented, folder: Path) -> dict[str, bytes]:
    (made,) = make([unit_of(task)], Store(folder), "cpu", lambda *_: None)
    return dict(made.files)


def loss_of(task: Segmented, values: torch.Tensor) -> torch.Tensor:
    problem = task.problem(IMAGE, None)
    batch = Batch(torch.tensor(problem.points), None, torch.tensor(problem.target), None)
    return problem.loss(lambda *_: values, batch)


def test_the_loss_is_the_error_and_what_dice_lacks(files: dict[str, str]) -> None:
    """By hand: probabilities of a network on the picture in [0, 1], and their Dice."""
    task = Segmented(**files, regularisation=0.3)
    values = torch.tensor(np.random.default_rng(1).uniform(-1, 1, (HEIGHT * WIDTH, 1)))
    error = np.mean(((values.numpy() - IMAGE.values()) / 2) ** 2)
    network = {name: weight.double() for name, weight in task.network("cpu").items()}
    probable = torch.sigmoid(logits(network, (values.reshape(1, 1, HEIGHT, WIDTH) + 1) / 2)[0]).numpy()
    soft = 2 * probable[MASK].sum() / (probable.sum() + MASK.sum())
    assert loss_of(task, values).item() == pytest.approx(error + 0.3 * (1 - soft), rel=1e-6)
    seen = probable > 0.5
    hard = task.model_copy(update={"dice": "hard"})
    assert loss_of(hard, values).item() == pytest.approx(error + 0.3 * (1 - dice(seen, MASK)), rel=1e-6)


def test_the_reference_may_be_what_is_seen_in_the_original(files: dict[str, str]) -> None:
    task = Segmented(**files, dice="hard", reference="prediction")
    assert loss_of(task, torch.tensor(IMAGE.values())).item() == pytest.approx(0, abs=1e-12)
    seen = predict(task.network("cpu"), IMAGE.pixels)
    assert dice(seen, MASK) > 0.9
    truth = loss_of(task.model_copy(update={"reference": "mask"}), torch.tensor(IMAGE.values())).item()
    assert truth == pytest.approx(1 - dice(seen, MASK))


@pytest.mark.parametrize("kind", ["soft", "hard"])
def test_its_slope_is_that_of_the_soft_one(files: dict[str, str], kind: str) -> None:
    """By finite differences along a direction, in double precision."""
    task = Segmented(**files, dice=kind)
    rng = np.random.default_rng(2)
    at = torch.tensor(rng.uniform(-1, 1, (HEIGHT * WIDTH, 1)), requires_grad=True)
    along = torch.tensor(rng.normal(size=(HEIGHT * WIDTH, 1)))
    (gradient,) = torch.autograd.grad(loss_of(task, at), at)
    slope = (gradient * along).sum().item()
    ahead, behind = (loss_of(task, (at + sign * 1e-5 * along).detach()).item() for sign in (1, -1))
    if kind == "soft":
        assert slope == pytest.approx((ahead - behind) / 2e-5, rel=1e-5)
    else:  # Dice itself does not change with so small a step, and yet there is a way down
        (error,) = torch.autograd.grad((at - torch.tensor(IMAGE.values())).square().mean() / 4, at)
        assert (error * along).sum().item() == pytest.approx((ahead - behind) / 2e-5, rel=1e-5)
        assert (gradient - error).abs().max() > 1e-5


def test_a_fit_brings_it_down_and_is_the_same_again(files: dict[str, str], tmp_path: Path) -> None:
    task = Segmented(**files)
    made = made_of(task, tmp_path / "one")
    curve = [float(line.split(b",")[1]) for line in made["curve.csv"].splitlines()[1:]]
    assert curve[-1] < curve[0]
    assert made_of(task, tmp_path / "other") == made
    assert made_of(task.model_copy(update={"regularisation": 1e-3}), tmp_path / "less")[WEIGHTS] != made[WEIGHTS]


def test_scores_are_of_what_a_file_in_half_precision_decodes_to(files: dict[str, str], tmp_path: Path) -> None:
    task = Segmented(**files)
    made = made_of(task, tmp_path / "units")
    weights = load(made[WEIGHTS])
    metadata = json.loads(made[WEIGHTS][8 : 8 + int.from_bytes(made[WEIGHTS][:8], "little")])["__metadata__"]
    half = Search(Description(FIELD, Image, 2, 1, TRAIN.target), weights, IMAGE).half()
    picture = file.decode(half.data).signal().pixels
    seen = predict(task.network("cpu"), picture)
    row = score_files("slice", IMAGE, made, task)
    assert row["psnr_8bit"] == pytest.approx(psnr_8bit(IMAGE.pixels, picture))
    assert row["ssim"] == pytest.approx(ssim(IMAGE.pixels, picture))
    assert row["dice"] == pytest.approx(dice(seen, MASK))
    assert row["dice_original"] == pytest.approx(dice(predict(task.network("cpu"), IMAGE.pixels), MASK))
    assert row["bpp_stored"] == 16 * row["parameters"] / (HEIGHT * WIDTH)
    whole = score_files("slice", IMAGE, made, task.model_copy(update={"precision": "float32"}))
    assert whole["bpp_stored"] == 2 * row["bpp_stored"] == whole["bpp_weights"]
    assert list(row)[3:8] == [measure.name for measure in Segmented.measures]
    huge = {name: 1e6 * array for name, array in weights.items()}
    with pytest.raises(UserError, match="slice: the field has weights that half precision cannot hold"):
        score_files("slice", IMAGE, {**made, WEIGHTS: save(huge, metadata)}, task)


def test_a_key_follows_lambda_and_the_files_alone(files: dict[str, str]) -> None:
    def key(**keys: object) -> str:
        return unit_of(Segmented(**{**files, **keys})).key()

    before = key()
    assert key() == key(precision="float32") == before
    others = [key(regularisation=0.5), key(reference="prediction"), key(dice="hard")]
    for name in ("network", "masks"):
        file = Path(files[f"{name}_file"])
        kept = file.read_bytes()
        file.write_bytes(kept + b" ")
        others.append(key())
        file.write_bytes(kept)
    assert len({before, *others}) == 6
    assert key() == before


def test_a_description_makes_it_again_with_the_files_that_were_meant(files: dict[str, str]) -> None:
    task = Segmented(**files)
    described = json.loads(json.dumps(describe(task)))
    assert build(described) == task
    assert len(described["network_sha256"]) == len(described["masks_sha256"]) == 64
    assert "precision" not in described
    Path(files["network_file"]).write_bytes(b"another")
    assert build(described) == task
    with pytest.raises(UserError, match=r"task\.network_file: .* has the sha256 .*; task\.network_sha256 is "):
        build(described).problem(IMAGE, None)


def test_what_cannot_be_used_is_refused_before_a_fit(files: dict[str, str], tmp_path: Path) -> None:
    def refused(said: str, image: Image = IMAGE, **keys: str) -> None:
        with pytest.raises(UserError, match=said) as caught:
            Segmented(**{**files, **keys}).problem(image, None)
        assert "\n" not in str(caught.value)

    refused(r"^task\.network_file: nowhere is missing$", network_file="nowhere")
    refused(r"^task\.masks_file: nowhere is missing$", masks_file="nowhere")
    refused(r"task\.network_sha256 is 0{64}$", network_sha256=64 * "0")
    refused(r"task\.masks_sha256 is 0{64}$", masks_sha256=64 * "0")
    refused(r"does not hold the weights of a U-Net", network_file=files["masks_file"])
    other = Image(IMAGE.pixels[::-1].copy())
    refused(r"^has no mask in task\.masks_file = ", other)
    small, colours = Image(IMAGE.pixels[:, :15].copy()), Image(IMAGE.pixels.repeat(3, axis=2))
    (tmp_path / "more.safetensors").write_bytes(
        masks.encode({IMAGE.digest(): MASK[:-1], small.digest(): MASK[:, :15], colours.digest(): MASK})
    )
    more = str(tmp_path / "more.safetensors")
    refused(r"^has 12 x 16 pixels, and its mask in task\.masks_file = .* has 11 x 16$", masks_file=more)
    refused(r"^has 12 x 15 pixels; sides must be multiples of 2 for its U-Net, and not both 2$", small, masks_file=more)
    refused(r"^has 3 channels; its U-Net takes pictures of 1$", colours, masks_file=more)
    (tmp_path / "odd.safetensors").write_bytes(save({"a": np.full((2, 2), 7, np.uint8)}))
    refused(r"holds a, which is no mask of 0 and 1$", masks_file=str(tmp_path / "odd.safetensors"))
    problem = Segmented(**files).problem(IMAGE, None)
    part = Batch(torch.tensor(pixel_grid(HEIGHT, WIDTH)[:20]), None, torch.tensor(IMAGE.values()[:20]), None)
    with pytest.raises(UserError, match=r"a U-Net looks at whole pictures; remove train\.batch"):
        problem.loss(lambda points, _: points[:, :1], part)
    for keys in ({"regularisation": 0.0}, {"network_sha256": "abc"}, {"network_file": "a\0b"}, {"reference": "truth"}):
        with pytest.raises(ValidationError):
            Segmented(**{**files, **keys})
