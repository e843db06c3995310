"""What is scored beside the fits: SRGAN's enlargement, in the profiles that name its weights."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT
from ruamel.yaml import YAML
from safetensors.numpy import save
from scores.generators import Network, saved
from stages import download, evaluate, prepare

from refield import config
from refield.config import ConfigError, Params
from refield.errors import UserError
from refield.fields import describe
from refield.fields.mlp import Mlp
from refield.pipeline import units
from refield.pipeline.layout import Layout
from refield.reports.results import read_scores, scores_of
from refield.scores import metrics
from refield.scores.detail import detail_share
from refield.scores.srgan import Generator
from refield.signals import Image, png
from refield.signals.sources.addresses import read_list
from refield.tasks.superresolve import Superresolve
from refield.units.controls import score_srgan
from refield.units.names import CURVE, WEIGHTS, reconstruction

PAPER = Layout("siren_polito")


def photograph(height: int, width: int, channels: int) -> Image:
    return Image(np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8))


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Generator:
    """It enlarges twice."""
    return saved(Network(1).state_dict(), tmp_path_factory.mktemp("weights") / "srgan.pth")


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("reduction", ["mean", "bilinear"])
def test_scores_are_of_what_becomes_of_the_reduced_image(generator: Generator, channels: int, reduction: str) -> None:
    image, task = photograph(14, 22, channels), Superresolve(factor=2, reduction=reduction)
    large = generator.enlarged(task.reduce(image).reshape(7, 11, channels), 2)
    pixels = np.rint(np.clip(large + 1, 0, 2) * 127.5).astype(np.uint8)
    expected = {
        "psnr_srgan": metrics.psnr_8bit(image.pixels, pixels),
        "ssim_srgan": metrics.ssim(image.pixels, pixels),
        "detail_srgan": detail_share(image.pixels, pixels, 2),
    }
    assert score_srgan(image, task, generator) == expected
    assert score_srgan(image, task, None) == {}


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, generator: Generator) -> Path:
    """A place with the paper's parameters, of which one small profile of one method is left, and its originals."""
    data, params = Path(generator.file).read_bytes(), YAML().load(ROOT / PAPER.params)
    profile = params["profiles"]["upscale_x2"]
    profile["images"] |= {"names": ["noise"], "beside": ["srgan"], "long": 22, "short": 14}
    profile["srgan"] = {
        "file": "data/siren_polito/tiny/originals/srgan.pth",
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    params |= {"runs": ["tiny"], "profiles": {"tiny": profile}, "methods": {"siren": params["methods"]["siren"]}}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REFIELD_DATA", str(tmp_path / "network"))
    png.write(tmp_path / "network/noise.png", photograph(14, 22, 1).pixels)
    (tmp_path / "network/srgan.pth").write_bytes(data)
    PAPER.sources("tiny").mkdir(parents=True)
    (PAPER.sources("tiny") / "addresses.txt").write_text(
        "".join(
            f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()} https://example.org/{file.name}\n"
            for file in sorted((tmp_path / "network").iterdir())
        )
    )
    YAML().dump(params, PAPER.params)
    return tmp_path


def changed(profile: dict[str, object]) -> Params:
    """The tiny parameters, with other keys of the profile; a key is removed where the value is `...`."""
    params = YAML().load(PAPER.params)
    params["profiles"]["tiny"] |= profile
    params["profiles"]["tiny"] = {key: value for key, value in params["profiles"]["tiny"].items() if value is not ...}
    YAML().dump(params, PAPER.params)
    return config.read(path=PAPER.params)


def write_fit(folder: Path, image: Image) -> None:
    """What a fit of two iterations might have left."""
    field = Mlp(gates=("dense",), width=4)
    about = {"field": describe(field), "signal": "images", "dims": 2, "channels": 1, "target": "symmetric"}
    weights = field.initialise(2, 1, np.random.default_rng(0))
    arrays = {name: array.astype(np.float32) for name, array in weights.items()}
    png.write(folder / reconstruction(image), image.pixels)
    (folder / WEIGHTS).write_bytes(save(arrays, {"model": json.dumps(about)}))
    (folder / CURVE).write_text("iteration,loss,psnr\n0,0.1,16\n2,0.1,16\n")


def test_from_addresses_to_scores(tiny: Path, generator: Generator) -> None:
    for stage in (download, prepare):
        stage.main("tiny", "siren_polito")
    write_fit(PAPER.fits("tiny", "siren") / "noise", photograph(14, 22, 1))
    evaluate.main("tiny", "siren_polito")
    params = config.read(path=PAPER.params)
    results = read_scores(PAPER.scores_of_all, params)
    (row,) = results.rows.to_dict("records")
    task = Superresolve(factor=2, reduction="bilinear")
    assert {name: row[name] for name in ("psnr_srgan", "ssim_srgan", "detail_srgan")} == pytest.approx(
        score_srgan(photograph(14, 22, 1), task, generator), abs=1e-6
    )
    controls = scores_of(results, "tiny", params).with_controls(["psnr_srgan"]).summary().loc["psnr_srgan"]
    found = controls["average"], controls["ssim"], controls["detail"]
    assert found == (row["psnr_srgan"], row["ssim_srgan"], row["detail_srgan"])
    assert np.isnan(controls["psnr_bicubic"])

    (PAPER.originals("tiny") / "srgan.pth").write_bytes(b"another")
    with pytest.raises(UserError, match=r"originals/srgan\.pth: its sha256 is"):
        evaluate.main("tiny", "siren_polito")
    changed({"srgan": ...})
    evaluate.main("tiny", "siren_polito")
    assert not [column for column in pd.read_csv(PAPER.scores("tiny", "siren")) if "srgan" in column]


def test_scores_follow_the_weights_and_fits_do_not(tiny: Path) -> None:
    png.write(PAPER.signals("tiny") / "noise.png", photograph(14, 22, 1).pixels)
    found = []
    for srgan in ({"file": "a", "sha256": 64 * "0"}, {"file": "a", "sha256": 64 * "1"}, None, ...):
        params = changed({"srgan": srgan})
        found.append((units.wanted(PAPER, params, "tiny", "siren"), units.scoring(params, "tiny")))
    assert len({fits for fits, _ in found}) == 1
    assert found[2] == found[3]
    assert len({scoring for _, scoring in found}) == 3
    with_code, without = (json.loads(scoring)["code"] for _, scoring in found[1:3])
    assert with_code != without


def test_only_a_super_resolution_has_it(tiny: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"tiny\.task\.kind = derivatives enlarges nothing; remove the profile's srgan"
    ):
        changed({"task": {"kind": "derivatives"}})
    with pytest.raises(ConfigError, match=r"tiny\.srgan\.sha256 is missing"):
        changed({"srgan": {"file": "a"}})


def test_papers_weights_come_with_their_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of their own factor, from the profile's own list."""
    monkeypatch.chdir(ROOT)
    params = config.read(path=PAPER.params)
    named = {name: profile for name, profile in params.profiles.items() if profile.srgan}
    assert len(named) == 12
    for name, profile in named.items():
        file = PAPER.originals(name) / f"{profile.images.beside[0]}.pth"
        assert profile.srgan == Generator(
            file=file.as_posix(), sha256=read_list(PAPER.sources(name) / "addresses.txt")[file.name].sha256
        )
        assert file.name == f"netG_epoch_{profile.task['factor']}_100.pth"
