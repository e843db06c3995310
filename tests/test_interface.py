"""`import refield`: one image fitted from Python, looked at, kept and read again."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skimage.data
from PIL import Image
from pipeline import ROOT
from ruamel.yaml import YAML
from typer.testing import CliRunner

import refield
from refield import cli, config, fields, papers
from refield.interface.suited import SINES, suited

SMALL = {"iterations": 6, "trace_every": 3, "width": 8, "progress": False}
PHOTOGRAPH = np.ascontiguousarray(skimage.data.coffee()[100:116, 200:226])  # 16 x 26


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """No clone: an empty folder."""
    monkeypatch.chdir(tmp_path)


def fit(image=PHOTOGRAPH, method="ours", **settings) -> refield.Result:
    return refield.fit(image, method, **{**SMALL, **settings})


@pytest.fixture(scope="module")
def fitted(tmp_path_factory) -> refield.Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REFIELD_UNITS", str(tmp_path_factory.mktemp("units")))
        return fit()


def test_a_result_has_picture_scores_and_curve(fitted):
    np.testing.assert_array_equal(fitted.original, PHOTOGRAPH)
    assert (fitted.picture.shape, fitted.picture.dtype) == (PHOTOGRAPH.shape, np.uint8)
    error = fitted.picture.astype(float) - PHOTOGRAPH
    assert fitted.scores["psnr_8bit"] == pytest.approx(10 * np.log10(255**2 / np.mean(error**2)))
    assert fitted.scores.keys() == {"psnr_8bit", "ssim", "iou", "parameters", "bpp_weights", "bpp_map", "bpp"}
    assert all(type(value) is float for value in fitted.scores.values())
    assert fitted.curve["iteration"].tolist() == [0, 3, 6]
    assert fitted.curve["psnr"].iloc[-1] > fitted.curve["psnr"].iloc[0]
    assert set(np.unique(fitted.labels)) == {0, 1, 2, 3}
    assert repr(fitted) == f"<image by {fitted.method}, 26 x 16 pixels>"
    assert str(fitted).startswith(f"26 x 16 pixels, PSNR {fitted.scores['psnr_8bit']:.2f}, SSIM ")
    assert fitted.provenance["seconds"] > 0


def test_a_result_is_rendered_at_any_size(fitted):
    assert np.abs(fitted.render().astype(int) - fitted.picture).max() <= 1
    assert fitted.render(2.5).shape == (40, 65, 3)
    other = np.zeros((32, 52), np.uint8)
    assert (fitted.render(2, other) != fitted.render(2)).any()
    for scale, labels, said in [
        (0, None, "scale = 0 is not allowed; it must be more than 0"),
        (float("nan"), None, "scale = nan is not allowed"),
        (1e9, None, "scale = 1000000000.0 is not allowed; it must be more than 0, and make at most "),
        (1, other, "the map is 52 x 32 pixels; it must be 26 x 16"),
        (2, other + 4, "the map has region 4; the field has regions 0 to 3"),
    ]:
        with pytest.raises(refield.UserError, match=said):
            fitted.render(scale, labels)


def test_the_method_is_the_papers_own_of_a_profile_that_is_named_alone(fitted):
    params = config.read()
    own = papers.read(params.paper).gain.better
    assert fit(PHOTOGRAPH, None, profile="photograph").method == own == fitted.method
    other = next(method for method in params.methods if method != fitted.method)
    assert fit(PHOTOGRAPH, other).unit.field == params.field("photograph", other).model_copy(update={"width": 8})


def test_where_nothing_is_named_the_field_suits_the_size(tmp_path):
    """Of a photograph's own size, and its keys may be others as those of any method may."""
    pixels = skimage.data.coffee()[:45, :60]
    Image.fromarray(pixels).save(tmp_path / "cup.png")
    latents = refield.fit(tmp_path / "cup.png", iterations=30, progress=False)
    assert (latents.method, latents.picture.shape) == ("latents", (45, 60, 3))
    assert latents.unit.field.sizes(2)[0] == (45, 60)
    assert latents.scores["psnr_8bit"] > 30
    tiny = refield.fit(PHOTOGRAPH, iterations=3, omega_0=20.0, progress=False)
    assert (tiny.method, tiny.unit.field.gates, tiny.unit.field.omega_0) == ("sines", ("dense",) * 4, 20)
    assert tiny.unit.train.learning_rate == SINES["train"]["learning_rate"]
    framed = refield.fit(tmp_path / "cup.png", native=False, iterations=1, progress=False)
    assert (framed.method, framed.picture.shape) == ("latents", (128, 192, 3))


@pytest.mark.parametrize("side", [11, 13, 16, 17, 99])
def test_any_shape_has_a_field_that_suits_it(side):
    found = suited(side, 2000)
    params = found.among(config.read("photograph"), "photograph")
    field = fields.of_size(params.field("photograph", found.name), (side, 2000))
    assert min(field.sizes(2)[-1]) >= 2


def test_larger_photographs_are_given_fewer_steps():
    trains = [suited(1000, width).keys["train"]["iterations"] for width in (10, 1000, 8000, 24_000)]
    assert trains == [300, 300, 200, 100]


def test_pixels_may_be_floats_and_grey():
    grey = PHOTOGRAPH[..., 1]
    result = fit(grey)
    assert result.picture.shape == result.render().shape == grey.shape
    nearly = [np.clip(grey + off, 0, 255) / 255 for off in (-0.4, 0.4)]
    for same in (*nearly, (grey / 255).astype(np.float32), grey[..., None]):
        assert fit(same).unit.key() == result.unit.key()
    np.testing.assert_array_equal(result.original, grey)


def test_a_photograph_is_framed_as_the_profiles_are_unless_it_is_native(tmp_path):
    file = tmp_path / "a.cup.png"
    Image.fromarray(skimage.data.coffee()[:64, :60]).save(file)
    framed = fit(file, "siren", iterations=1)
    assert framed.name == "a.cup"
    assert framed.picture.shape == (192, 128, 3)
    assert fit(str(file), "siren", iterations=1, native=True).picture.shape == (64, 60, 3)
    assert fit(PHOTOGRAPH, "siren", iterations=1, native=False).picture.shape == (128, 192, 3)


def test_a_home_folder_is_understood(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    Image.fromarray(PHOTOGRAPH).save(tmp_path / "cup.png")
    result = fit("~/cup.png", "siren", native=True)
    assert result.save("~/deep/er") == tmp_path / "deep/er"
    assert refield.load("~/deep/er").name == "cup"


def test_keywords_are_keys_of_the_method_and_of_its_training(fitted):
    unit = fit(seed=1, map="equal_bin", learning_rate=1e-3, omega_0=20.0).unit
    assert (unit.field.omega_0, unit.field.width, unit.train.learning_rate, unit.seed) == (20, 8, 1e-3, 1)
    assert unit.train.schedule == config.read().profiles["photograph"].train.schedule
    assert (unit.labels != fitted.labels).any()
    assert fit(gates=["dense"], output="gated").unit.labels is None


def test_other_tasks_are_named_or_described():
    hidden = fit(task={"kind": "inpaint", "hidden": 0.5})
    assert hidden.unit.task.draw_mask((16, 26)).sum() == 208
    assert "psnr_hidden" in hidden.scores
    assert fit(task={"kind": "represent", "iou_regions": 3}).unit.task.iou_regions == 3
    poisson = fit(task="gradients")
    assert poisson.curve["psnr"].isna().all()
    assert np.abs(poisson.render().astype(int) - poisson.picture).max() <= 1  # as bright as the image


REFUSED = [
    ({"method": "best"}, "'best' is no method of"),
    ({"profile": "best"}, "'best' is no profile of"),
    ({"device": "tpu"}, "device = 'tpu' is not allowed; it must be one of auto, cpu, cuda"),
    ({"seed": -1}, "seed = -1 is not allowed"),
    ({"seed": 2**63}, "seed = 9223372036854775808 is not allowed; it must be from 0 to"),
    ({"task": "sing"}, "task = 'sing' is not allowed; it must be one of represent, inpaint, gradients"),
    ({"task": 3}, "task = 3 is not allowed"),
    ({"task": {"hidden": 0.5}}, "task = None is not allowed"),
    ({"task": {"kind": "inpaint", "hidden": 2.0}}, "hidden = 2.0 is not allowed; it must be less than 1"),
    ({"task": {"kind": "inpaint", "hid": 2.0}}, "hid is not a known key"),
    ({"iteration": 3}, "iteration is not a known keyword; of ours there are activation"),
    ({"regions": 3}, "regions is not a known keyword"),
    ({"iterations": 0}, "iterations = 0 is not allowed; it must be greater than or equal to 1"),
    ({"width": -8}, "width = -8 is not allowed"),
    ({"gates": ["dense", "sparse"]}, "gates.1"),
    ({"map": "best"}, "map = 'best' is not allowed; it must be one of multi_otsu"),
    ({"map": "equal_bin", "method": "siren"}, "map = 'equal_bin' is not allowed; the field of siren follows no map"),
    ({"precision": "mixed", "task": "gradients"}, "precision = 'mixed' is not allowed"),
    ({"image": "nothing.png"}, "nothing.png is missing"),
    ({"image": PHOTOGRAPH[:5]}, "image: is 26x5 pixels; every side must have at least 11"),
    ({"image": PHOTOGRAPH.astype(int)}, "image has values of type int64; they must be uint8, or floats in 0 to 1"),
    ({"image": PHOTOGRAPH * 1.0}, "image has values from .* to .*; floats must lie in 0 to 1"),
    ({"image": PHOTOGRAPH * np.nan}, "image has values from nan to nan"),
    ({"image": PHOTOGRAPH[..., :2]}, r"image has shape \(16, 26, 2\)"),
    ({"image": PHOTOGRAPH[None]}, r"image has shape \(1, 16, 26, 3\); it must be \(height, width\)"),
    ({"image": None}, r"image has shape \(\)"),
    ({"image": np.zeros_like(PHOTOGRAPH)}, "image: "),
    ({"learning_rate": 1e30}, "the loss is"),
]


@pytest.mark.parametrize(("wrong", "said"), REFUSED, ids=[said[:40] for _, said in REFUSED])
def test_what_cannot_be_fitted_is_said_in_one_sentence(wrong, said):
    with pytest.raises(refield.UserError, match=said) as error:
        fit(**{"image": PHOTOGRAPH, **wrong})
    assert "\n" not in str(error.value)


def test_a_fit_is_made_once_and_shows_its_progress_if_asked(capfd):
    first = fit(progress=True)
    assert "image 1/1" in capfd.readouterr().err
    again = fit(progress=True)
    assert (again.files, again.provenance) == (first.files, first.provenance)
    fit(seed=1)
    assert capfd.readouterr() == ("", "")


def test_a_result_is_kept_and_read_again(fitted, tmp_path):
    folder = fitted.save(tmp_path / "kept")
    loaded = refield.load(folder)
    for what in ("original", "picture", "labels"):
        np.testing.assert_array_equal(getattr(loaded, what), getattr(fitted, what))
    np.testing.assert_array_equal(loaded.render(2), fitted.render(2))
    pd.testing.assert_frame_equal(loaded.curve, fitted.curve)
    assert (loaded.scores, loaded.provenance, str(loaded)) == (fitted.scores, fitted.provenance, str(fitted))
    assert (loaded.unit.key(), loaded.files) == (fitted.unit.key(), fitted.files)
    # Another fit in the same folder leaves nothing of this one.
    other = fit(PHOTOGRAPH, "siren", task={"kind": "represent", "iou_regions": 3})
    other.save(folder)
    assert not (folder / "labels.png").exists()
    assert refield.load(folder).scores == other.scores


def test_the_command_writes_what_load_reads(tmp_path):
    Image.fromarray(PHOTOGRAPH).save("cup.png")
    params = YAML().load(ROOT / "params.yaml")
    params["profiles"]["photograph"]["images"] = {"source": "folder", "names": "all", "frame": "native", "color": "rgb"}
    params["profiles"]["photograph"]["train"]["iterations"] = 3
    YAML().dump(params, tmp_path / "params.yaml")
    Path("papers").symlink_to(ROOT / "papers")
    done = CliRunner().invoke(cli.app, ["fit", "cup.png", "--method", "siren"])
    assert done.exit_code == 0
    result = refield.load("cup-siren")
    assert f"cup-siren: {result}" in done.output
    assert result.unit.key() == refield.fit("cup.png", "siren").unit.key()
    assert len(list(Path("cup-siren").iterdir())) == 6


DAMAGES = [
    ("fit.json", lambda file: file.unlink(), "fit.json is missing"),
    ("fit.json", lambda file: file.write_text("{"), "fit.json: "),
    ("fit.json", lambda file: file.write_text(file.read_text().replace('"seed": 0', '"seed": -1')), "seed = -1 is"),
    ("fit.json", lambda file: file.write_text(file.read_text().replace("represent", "sing")), "kind = 'sing' is not"),
    ("fit.json", lambda file: file.write_text(file.read_text().replace("symmetric", "unit")), "train.target = 'unit'"),
    ("weights.safetensors", lambda file: file.write_bytes(b"x"), "readable weights file"),
    ("original.png", lambda file: file.unlink(), "original.png is missing"),
    (
        "original.png",
        lambda file: Image.fromarray(PHOTOGRAPH[..., 0]).save(file),
        "3 channels.*1 channels.*as original.png is",
    ),
    (
        "reconstruction.png",
        lambda file: Image.fromarray(PHOTOGRAPH[:12]).save(file),
        "reconstruction.png is 26 x 12 pixels; original.png is 26 x 16",
    ),
    (
        "labels.png",
        lambda file: Image.fromarray(PHOTOGRAPH[:12, :, 0]).save(file),
        "labels.png is 26 x 12 pixels; it must be 26 x 16",
    ),
    ("labels.png", lambda file: file.write_bytes(b""), "labels.png is no readable map"),
    ("curve.csv", lambda file: file.unlink(), "curve.csv is missing"),
    ("curve.csv", lambda file: file.write_text("a,b\n1,2\n"), "curve.csv has columns 'a, b'"),
    ("curve.csv", lambda file: file.write_bytes(b"\xff\xfe,"), "curve.csv is no CSV file"),
]


@pytest.mark.parametrize(("name", "damage", "said"), DAMAGES, ids=[said[:40] for *_, said in DAMAGES])
def test_a_damaged_folder_is_refused_in_one_sentence(fitted, name, damage, said, tmp_path):
    folder = fitted.save(tmp_path / "kept")
    damage(folder / name)
    with pytest.raises(refield.UserError, match=said) as error:
        refield.load(folder)
    assert str(folder / name) in str(error.value) or name == "original.png"
    assert "\n" not in str(error.value)


def test_a_folder_that_cannot_be_made_is_refused(fitted, tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file/deeper", tmp_path / ("a" * 300)):
        with pytest.raises(refield.UserError, match="cannot be made a folder"):
            fitted.save(folder)


def loaded_by(code: str) -> set[str]:
    """Which of the large packages some code imports."""
    ask = "import sys; print(*{'numpy', 'pandas', 'pydantic', 'torch', 'skimage'} & sys.modules.keys())"
    return set(subprocess.check_output([sys.executable, "-c", f"{code}\n{ask}"], text=True).split())


NAMES = ["Result", "Upscaled", "UserError", "compress", "decompress", "fit", "load", "upscale"]


def test_importing_loads_nothing_and_looking_at_a_result_no_torch(fitted, tmp_path):
    assert loaded_by(f"import refield\nassert dir(refield) == {NAMES}") == set()
    folder = fitted.save(tmp_path / "kept")
    look = f"import refield\nresult = refield.load({str(folder)!r})\nresult.picture, result.scores, result.curve"
    assert "torch" not in loaded_by(look)


def test_settings_are_the_clones_or_those_that_came_with_the_package(tmp_path, monkeypatch):
    assert config.find("params.yaml") == ROOT / "params.yaml"
    (tmp_path / "params.yaml").write_text("another: project\n")
    (tmp_path / "papers").mkdir()
    assert config.find("papers") == ROOT / "papers"
    paper = tmp_path / "papers/anyone_2000/paper.yaml"
    paper.parent.mkdir()
    paper.touch()
    assert config.find("params.yaml") == Path("params.yaml")
    with pytest.raises(refield.UserError, match=r"^params.yaml: paper is missing"):
        fit()
    monkeypatch.chdir(paper.parent)
    assert config.find("papers") == tmp_path / "papers"
