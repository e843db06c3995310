"""The command line as users meet it."""

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
    for profile in (params["profiles"][name] for name in ("quick", "photograph")):
        profile["images"] |= {"long": 24, "short": 16}
        profile["network"]["width"] = 8
        profile["train"]["iterations"] = 6
    YAML().dump(params, folder / "params.yaml")
    shutil.copytree(ROOT / "papers", folder / "papers")
    Image.fromarray(skimage.data.coffee()).save(folder / "cup.jpg")
    return folder


def test_help_names_every_command_and_loads_nothing():
    code = "import sys, refield.cli; print({'numpy', 'torch', 'pandas', 'dvc'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
    shown = subprocess.run([sys.executable, "-m", "refield.cli", "--help"], capture_output=True, text=True).stdout
    for command in refield.cli.app.registered_commands:
        assert command.callback.__name__ in shown


@pytest.fixture
def run(folder, monkeypatch, capsys, tmp_path):
    """Exit status and output of a command as this process runs it: one of its own takes long to start."""

    def ran(*arguments, within=folder):
        monkeypatch.chdir(within)
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        monkeypatch.setenv("REFIELD_UNITS", str(folder / "units"))
        monkeypatch.setenv("REFIELD_KODAK", str(folder))
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.setattr(sys, "argv", ["refield", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            refield.cli.main()
        return end.value.code, *capsys.readouterr()

    return ran


@pytest.fixture
def ends(run):
    """The one line in which a command ends that cannot do what it is asked for."""

    def ended(*arguments, **place):
        status, _, said = run(*arguments, **place)
        assert status == 1
        assert said.startswith("error: ")
        assert said.count("\n") == 1
        return said.removesuffix("\n")

    return ended


def test_fit_then_render(folder, run, ends):
    assert "24 x 16 pixels, PSNR" in run("fit", "cup.jpg", "--method", "ours", "--out", "cup")[1]
    names = ["curve.csv", "error.png", "fit.json", "labels.png", "original.png", "reconstruction.png"]
    assert sorted(file.name for file in (folder / "cup").iterdir()) == [*names, "weights.safetensors"]
    original, estimate, error = (
        png.read(folder / f"cup/{name}.png").astype(int) for name in ("original", "reconstruction", "error")
    )
    np.testing.assert_array_equal(error, np.minimum(255, 10 * np.abs(original - estimate)))
    assert "the map is the fitted one, enlarged" in run("render", "cup", "--scale", "2")[2]
    assert png.read(folder / "cup-48x32.png").shape == (32, 48, 3)
    assert run("render", "cup", "--scale", "1", "--out", "new/same.png")[:2] == (0, "new/same.png\n")
    assert np.abs(png.read(folder / "new/same.png").astype(int) - estimate).max() <= 1
    finer = np.random.default_rng(0).integers(0, 4, (32, 48), dtype=np.uint8)
    (folder / "finer.png").write_bytes(labels.encode(finer))
    assert run("render", "cup", "--scale", "2", "--map", "finer.png", "--out", "other.png") == (0, "other.png\n", "")
    assert (png.read(folder / "other.png") != png.read(folder / "cup-48x32.png")).any()
    before = (folder / "cup/weights.safetensors").stat().st_mtime_ns
    assert "100%" not in run("fit", "cup.jpg", "--method", "ours", "--out", "cup")[2]  # the store has it
    assert (folder / "cup/weights.safetensors").stat().st_mtime_ns != before
    for scale in ("inf", "1e300", "1e9", "483"):
        said = ends("render", "cup", "--scale", scale)
        assert said.endswith("is not allowed; it must make at most 89,478,485 samples")
    assert ends("render", "cup", "--out", "cup").endswith("--out = 'cup' is not allowed; it must be a file, no folder")
    assert ends("render", "cup", "--out", "cup.jpg/x").endswith("cup.jpg cannot be made a folder: File exists")
    assert "aaa: File name too long; details are in " in ends("render", "cup", "--scale", "1", "--out", "a" * 256)
    said = ends("render", "cup", "--scale", "1", "--map", "finer.png")
    assert said.endswith("finer.png is 48 x 32 pixels; it must be 24 x 16")


def test_a_fit_says_what_it_takes_for_the_size_and_how_far_it_is(folder, run):
    Image.fromarray(skimage.data.coffee()[100:116, 200:224]).save(folder / "saucer.png")
    status, shown, bar = run("fit", "saucer.png")
    why, done = shown.splitlines()
    assert why == "sines: a network of sines, as there are fewer than 2,000 pixels; 300 iterations"
    assert (status, done.partition(":")[0]) == (0, "saucer-sines")
    assert all(said in bar for said in ("100%", "iteration 300", " dB", "0:00:00"))  # the last is the time left
    assert "as there are" not in run("fit", "saucer.png", "--profile", "photograph")[1]


BOMB = "&a0 [x,x,x,x,x,x,x,x,x,x]"
for i in range(1, 10):
    BOMB = f"&a{i} [{BOMB}{f',*a{i - 1}' * 9}]"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fit", "nothing.png"], "nothing.png is missing"),
        (["fit", "params.yaml"], "params.yaml is not an image"),
        (["fit", "cup.jpg", "--method", "best"], "'best' is no method of params.yaml"),
        (["fit", "cup.jpg", "--profile", "best"], "'best' is no profile of params.yaml"),
        (["fit", "cup.jpg", "--profile", "a\nb" * 999], "...nba\\nba\\nb"),
        (["fit", "cup.jpg", "--out", "params.yaml"], "params.yaml cannot be made a folder: File exists"),
        (["fit", "cup.jpg", "--out", "params.yaml/x"], "params.yaml/x cannot be made a folder: Not a directory"),
        (["fit", "cup.jpg", "--out", "a" * 256], "cannot be made a folder: File name too long"),
        (["render", "nowhere"], "nowhere/weights.safetensors is missing"),
        (["render", "nowhere", "--scale", "-1"], "--scale = -1.0 is not allowed; it must be more than 0"),
        (["render", "nowhere", "--scale", "nan"], "--scale = nan is not allowed; it must be more than 0"),
        (["verify"], "dvc.lock is missing; `dvc repro` writes it"),
        (["plan"], "there is no git repository here; run refield in the root of a clone"),
        (["plan", "-S", "seed"], "-S 'seed' is not allowed; it must be KEY=VALUE"),
        (["plan", "-S", "seed=[1"], "-S seed: the value is not valid YAML: while parsing a flow sequence at line 1"),
        (["plan", "-S", f"seed={'9' * 5000}"], "-S seed: the value has a whole number of 5,000 digits"),
        (["plan", "-S", f"seed={BOMB}"], "-S seed: the value has more than 100,000 values"),
        (["plan", "-S", f"{'x' * 999}=1"], f"params.yaml has no key '{'x' * 37}..."),
        (["plan", "-S", "network.mlp.bias=[x]"], "bias = ['x'] is not allowed; it must be 'shared' or 'per_expert'"),
        (["compare", "quick"], "reports/scores/quick/siren.csv is not there; `dvc exp run -S 'runs=[quick]'` makes it"),
        (["report"], "reports/index.html is not there; `dvc repro` makes it"),
        (["report", "quick"], "reports/pages/quick.html is not there; `dvc exp run -S 'runs=[quick]'` makes it"),
        (["report", "../quick"], "'../quick' is no profile of params.yaml"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_said_in_one_line(arguments, said, ends):
    assert said in ends(*arguments)


def test_what_needs_a_repository_says_so(folder, ends, tmp_path):
    shutil.copytree(folder, tmp_path / "copy", ignore=shutil.ignore_patterns("units", "cup*"))
    scores = tmp_path / "copy/reports/scores/quick/siren.csv"
    scores.parent.mkdir(parents=True)
    scores.touch()
    (tmp_path / "copy/dvc.lock").write_text("stages: {}\n")
    for command in (["plan"], ["verify"], ["compare", "quick"]):
        assert "there is no git repository here" in ends(*command, within=tmp_path / "copy")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)  # another project's, around it
    for command in (["plan"], ["verify"]):
        assert "there is no DVC repository here, .dvc is missing" in ends(*command, within=tmp_path / "copy")
    assert "`git show` fails: fatal: invalid object name 'HEAD'" in ends("compare", "quick", within=tmp_path / "copy")


def test_no_command_needs_more_than_its_own_settings_right(ends, tmp_path):
    """A link to itself, a folder, a pipe: none is read, and none waited for."""
    shutil.copytree(ROOT / "papers", tmp_path / "papers")
    file = tmp_path / "params.yaml"
    file.mkdir()
    assert ends("plan", within=tmp_path) == "error: params.yaml is no file"
    file.rmdir()
    file.symlink_to(file)
    assert ends("plan", within=tmp_path) == "error: params.yaml cannot be read: Too many levels of symbolic links"
    file.unlink()
    os.mkfifo(file)
    assert ends("plan", within=tmp_path) == "error: params.yaml is no file"


def test_weights_are_never_unpickled(ends, tmp_path):
    import pickle

    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/weights.safetensors").write_bytes(pickle.dumps({"layers.0.weight": [1.0]}))
    assert "weights.safetensors is no readable weights file" in ends("render", tmp_path / "bad")


def test_the_doctor_names_what_a_run_needs(folder, run):
    status, shown, _ = run("doctor")
    assert status == 0
    for topic in ("Python", "processor", "memory", "torch", "CUDA", "executor", "DVC's cache", "unit store", "Kodak"):
        assert topic in shown
    assert f"0 photographs in {folder} (REFIELD_KODAK)" in shown.replace("\n", "")
    assert "quick  60 fits" in shown
