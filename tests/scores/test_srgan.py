"""SRGAN's generator is what torch's own modules make of its weights; of a file that holds none nothing is made."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scores.generators import Network, saved

from refield.errors import UserError
from refield.scores import srgan
from refield.scores.srgan import Generator


def noise(height: int, width: int, channels: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (height, width, channels))


@pytest.fixture
def generator(tmp_path: Path) -> Generator:
    """It enlarges twice."""
    return saved(Network(1).state_dict(), tmp_path / "x2.pth")


@pytest.mark.parametrize("doublings", [1, 2, 3])
def test_an_enlargement_is_that_of_torchs_modules(tmp_path: Path, doublings: int) -> None:
    network, values = Network(doublings), noise(7, 10, 3)
    with torch.no_grad():
        picture = network(torch.tensor((values + 1) / 2, dtype=torch.float32).permute(2, 0, 1)[None])
    expected = 2 * picture[0].permute(1, 2, 0).numpy() - 1
    found = saved(network.state_dict(), tmp_path / "weights.pth").enlarged(values, 2**doublings)
    assert found.shape == (7 * 2**doublings, 10 * 2**doublings, 3)
    assert expected.std() > 0.02
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_grey_is_the_luma_of_three_equal_channels(generator: Generator) -> None:
    grey = noise(7, 10, 1)
    red, green, blue = np.moveaxis(generator.enlarged(np.repeat(grey, 3, axis=2), 2), 2, 0)
    assert np.abs(red - green).max() > 0.01
    found = generator.enlarged(grey, 2)
    np.testing.assert_allclose(found[..., 0], 0.299 * red + 0.587 * green + 0.114 * blue, atol=1e-5)
    np.testing.assert_array_equal(found, generator.enlarged(grey, 2))


@pytest.mark.parametrize("doublings", [1, 2, 3])
def test_strips_fit_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, doublings: int) -> None:
    values = noise(50, 3, 3)
    whole = (generator := saved(Network(doublings).state_dict(), tmp_path / "w.pth")).enlarged(values, 2**doublings)
    monkeypatch.setattr(srgan, "STRIP", 7)
    np.testing.assert_allclose(generator.enlarged(values, 2**doublings), whole, atol=1e-5)


@pytest.mark.parametrize("doublings", [1, 2, 3])
def test_a_pixel_depends_on_what_is_within_the_margin(doublings: int) -> None:
    """Where nothing is negative, and nothing but the picture adds anything, nothing that is seen cancels out."""
    shapes = Network(doublings, width=1).state_dict()
    weights = {name: torch.full_like(each, not name.endswith(("bias", "mean"))) for name, each in shapes.items()}
    picture = torch.zeros(1, 3, 60, 1, requires_grad=True)
    large = srgan.generate(weights, picture, 2**doublings)[0, 0, :, 0]
    first, last = 2**doublings * 30, 2**doublings * 31 - 1
    (gradient,) = torch.autograd.grad(large[first] + large[last], picture)
    seen = gradient[0, 0, :, 0].nonzero()
    assert (seen.min(), seen.max()) == (30 - srgan.MARGIN, 30 + srgan.MARGIN)


def test_a_file_with_another_sha256_is_not_opened(generator: Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch, "load")
    other = generator.model_copy(update={"sha256": 64 * "0"})
    with pytest.raises(UserError, match=r"x2\.pth: its sha256 is [0-9a-f]{64}, expected 0{64}$"):
        other.enlarged(noise(7, 10, 1), 2)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.pth is missing"):
        Generator(file=f"{tmp_path}/none.pth", sha256=64 * "0").enlarged(noise(7, 10, 1), 2)


@pytest.mark.parametrize("factor", [1, 3, 4])
def test_a_generator_of_another_factor_is_refused(generator: Generator, factor: int) -> None:
    with pytest.raises(UserError, match=rf"x2\.pth holds no SRGAN that enlarges by {factor} \("):
        generator.enlarged(noise(7, 10, 1), factor)


WRONG = {
    "no such key": (lambda w: w.pop("block4.bn2.running_var"), r"it has no block4\.bn2\.running_var"),
    "too few channels": (lambda w: w.update({"block7.0.weight": w["block7.0.weight"][:, :2]}), "expected input"),
    "another kernel": (lambda w: w.update({"block8.1.weight": w["block8.1.weight"][..., 1:]}), "it makes"),
    "a word": (lambda w: w.update({"block7.0.weight": "heavy"}), "str"),
}


@pytest.mark.parametrize("content", [torch.zeros(3), [torch.zeros(3)], {"block1.0.weight": torch.zeros(())}])
def test_other_tensors_are_refused(tmp_path: Path, content: object) -> None:
    with pytest.raises(UserError, match=r"w\.pth holds no SRGAN that enlarges by 2"):
        saved(content, tmp_path / "w.pth").enlarged(noise(7, 10, 1), 2)


@pytest.mark.parametrize("wrong", WRONG)
def test_weights_that_make_no_generator_are_refused(tmp_path: Path, wrong: str) -> None:
    weights, (change, reason) = Network(1).state_dict(), WRONG[wrong]
    change(weights)
    with pytest.raises(UserError, match=rf"w\.pth holds no SRGAN that enlarges by 2 \(.*{reason}.*\)$"):
        saved(weights, tmp_path / "w.pth").enlarged(noise(7, 10, 1), 2)


class Harm:
    """What writes a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.file,)


def test_nothing_but_tensors_is_unpickled(tmp_path: Path) -> None:
    harm = {"block1.0.weight": Harm(tmp_path / "harmed")}
    with pytest.raises(UserError, match=r"w\.pth is no readable file of tensors"):
        saved(harm, tmp_path / "w.pth").enlarged(noise(7, 10, 1), 2)
    assert not (tmp_path / "harmed").exists()
    pickle.loads(pickle.dumps(harm))  # the test's own danger is real
    assert (tmp_path / "harmed").exists()


@pytest.mark.parametrize(
    "keys", [{}, {"file": "a"}, {"file": "a", "sha256": "dcbb9e9d"}, {"file": "\0", "sha256": 64 * "0"}]
)
def test_a_file_and_all_of_its_sha256_are_named(keys: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Generator(**keys)
