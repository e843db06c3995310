"""The command line as users meet it: real processes, real files."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import skimage.data
from PIL import Image
from pipeline import ROOT

import refield.cli
from refield.segmentation import labels
from refield.signals import png


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """params.yaml with small settings, and a photograph."""
    from ruamel.yaml import YAML

    folder = tmp_path_factory.mktemp("cli")
    params = YAML().load(ROOT / "params.yaml")
    quick = params["profiles"]["quick"]
    quick["images"] |= {"long": 24, "short": 16}
    quick["network"]["width"] = 8
    quick["train"]["iterations"] = 6
    YAML().dump(params, folder / "params.yaml")
    shutil.copytree(ROOT / "papers", folder / "papers")
    Image.fromarray(skimage.data.coffee()).save(folder / "cup.jpg")
    return folder


def refield_(folder, *arguments, check=True):
    environment = {**os.environ, "REFIELD_UNITS": str(folder / "units"), "COLUMNS": "200", "REFIELD_KODAK": str(folder)}
    command = [sys.executable, "-m", "refield.cli", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    assert not check or done.returncode == 0, done.stderr
    return done


def test_help_names_every_command_and_loads_nothing():
    code = "import sys, refield.cli; print({'numpy', 'torch', 'pandas', 'dvc'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
    shown = subprocess.run([sys.executable, "-m", "refield.cli", "--help"], capture_output=True, text=True).stdout
    for command in refield.cli.app.registered_commands:
        assert command.callback.__name__ in shown


def test_fit_then_render(folder):
    done = refield_(folder, "fit", "cup.jpg", "--method", "ours", "--out", "cup")
    assert "24 x 16 pixels, PSNR" in done.stdout
    names = ["curve.csv", "error.png", "labels.png", "original.png", "reconstruction.png", "weights.safetensors"]
    assert sorted(file.name for file in (folder / "cup").iterdir()) == names
    original, estimate, error = (
        png.read(folder / f"cup/{name}.png").astype(int) for name in ("original", "reconstruction", "error")
    )
    np.testing.assert_array_equal(error, np.minimum(255, 10 * np.abs(original - estimate)))
    done = refield_(folder, "render", "cup", "--scale", "2")
    assert "the map is the fitted one, enlarged" in done.stderr
    assert png.read(folder / "cup-48x32.png").shape == (32, 48, 3)
    refield_(folder, "render", "cup", "--scale", "1", "--out", "same.png")
    assert np.abs(png.read(folder / "same.png").astype(int) - estimate).max() <= 1
    finer = np.random.default_rng(0).integers(0, 4, (32, 48), dtype=np.uint8)
    (folder / "finer.png").write_bytes(labels.encode(finer))
    assert refield_(folder, "render", "cup", "--scale", "2", "--map", "finer.png", "--out", "other.png").stderr == ""
    assert (png.read(folder / "other.png") != png.read(folder / "cup-48x32.png")).any()
    before = (folder / "cup/weights.safetensors").stat().st_mtime_ns
    assert "100%" not in refield_(folder, "fit", "cup.jpg", "--out", "cup").stderr  # the store has it
    assert (folder / "cup/weights.safetensors").stat().st_mtime_ns != before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fit", "nothing.png"], "nothing.png is missing"),
        (["fit", "params.yaml"], "params.yaml is not an image"),
        (["fit", "cup.jpg", "--method", "best"], "'best' is no method of params.yaml"),
        (["fit", "cup.jpg", "--profile", "best"], "'best' is no profile of params.yaml"),
        (["render", "nowhere"], "not a readable weights file"),
        (["render", "nowhere", "--scale", "-1"], "--scale = -1 is not allowed"),
        (["verify"], "dvc.lock is missing; `dvc repro` writes it"),
        (["plan"], "there is no git repository here; run refield in the root of a clone"),
        (["report"], "reports/index.html is not there; `dvc repro` makes it"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(folder, arguments, said):
    done = refield_(folder, *arguments, check=False)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_weights_are_never_unpickled(folder, tmp_path):
    import pickle

    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/weights.safetensors").write_bytes(pickle.dumps({"layers.0.weight": [1.0]}))
    assert "not a readable weights file" in refield_(folder, "render", tmp_path / "bad", check=False).stderr


def test_the_doctor_names_what_a_run_needs(folder):
    shown = refield_(folder, "doctor").stdout
    for topic in ("Python", "processor", "memory", "torch", "CUDA", "executor", "DVC's cache", "unit store", "Kodak"):
        assert topic in shown
    assert f"0 photographs in {folder} (REFIELD_KODAK)" in shown.replace("\n", "")
    assert "quick  60 fits" in shown
