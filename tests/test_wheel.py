"""The wheel, installed where there is no clone: what it holds, and that an empty folder is enough to use it."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
import skimage.data
from PIL import Image
from pipeline import ROOT

from refield.signals import png

pytestmark = pytest.mark.slow
NO_TORCH = "raise ImportError('torch is imported')\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    (file,) = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def installed(wheel) -> Path:
    """The executables of an environment that holds the wheel alone; what that depends on is lent by the tests' own."""
    environment = wheel.with_name("environment")
    venv.create(environment)
    executables = Path(sysconfig.get_path("scripts", vars={"base": environment}))
    packages = Path(sysconfig.get_path("purelib", vars={"base": environment}))
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib"))  # whose own .pth files are not read
    assert "No module named 'refield" in run(executables, environment, "python", "-c", "import refield.cli").stderr
    pip("--python", executables / "python", "install", wheel)
    return executables


@pytest.fixture
def use(installed, tmp_path):
    """Run one of the environment's executables in an empty folder."""
    (tmp_path / "empty").mkdir()

    def use(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return run(installed, tmp_path / "empty", *command, **environment)

    return use


def pip(*arguments: object) -> None:
    command = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", *map(str, arguments)]
    position = 2 + next(i for i, word in enumerate(command[2:]) if word in ("wheel", "install"))
    subprocess.run([*command[: position + 1], "--no-deps", "--no-index", *command[position + 1 :]], check=True)


def run(executables: Path, folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "REFIELD_UNITS") if name in os.environ}
    environment = {**kept, "HOME": str(folder), "COLUMNS": "200", "REFIELD_KODAK": str(folder), **environment}
    command = (str(executables / command[0]), *command[1:])
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert "Traceback" not in done.stderr or command[1] == "-c"
    return done


def test_it_holds_the_package_and_its_defaults(wheel):
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    packed = {"refield/defaults/params.yaml": "params.yaml"} | {
        f"refield/defaults/{paper}": paper for paper in (str(p.relative_to(ROOT)) for p in ROOT.glob("papers/*/*.yaml"))
    }
    files = {f"refield/{p.relative_to(ROOT / 'src/refield')}" for p in (ROOT / "src/refield").rglob("*") if p.is_file()}
    assert names == {name for name in files if "__pycache__" not in name} | packed.keys()
    for name, original in packed.items():
        assert zipfile.ZipFile(wheel).read(name) == (ROOT / original).read_bytes()


def test_a_photograph_is_fitted_and_rendered_where_there_is_no_clone(use, tmp_path):
    photograph = tmp_path / "empty/cup.jpg"
    Image.fromarray(skimage.data.coffee()).resize((96, 64)).save(photograph)
    done = use("refield", "fit", "cup.jpg")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("cup-latents: 96 x 64 pixels, PSNR ")
    assert use("refield", "render", "cup-latents", "--scale", "2").stdout == "cup-latents-192x128.png\n"
    assert png.read(tmp_path / "empty/cup-latents-192x128.png").shape == (128, 192, 3)
    code = "import json, refield; print(json.dumps([refield.__file__, refield.load('cup-latents').scores]))"
    where, scores = json.loads(use("python", "-c", code).stdout)
    assert Path(where).is_relative_to(tmp_path.parent)
    assert not Path(where).is_relative_to(ROOT)
    assert scores["psnr_8bit"] > 35
    wrong = use("refield", "fit", "cup.jpg", "--method", "best").stderr
    assert "defaults/params.yaml; it must be one of siren, " in wrong


def test_commands_that_tell_of_the_machine_need_no_clone(use):
    assert "quick  60 fits" in use("refield", "doctor").stdout
    assert "quick: 60 fits" in use("refield", "bench").stdout


def test_commands_that_need_a_clone_say_so_without_torch(use, tmp_path):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch/__init__.py").write_text(NO_TORCH)
    assert "torch is imported" in use("python", "-c", "import torch", PYTHONPATH=str(tmp_path)).stderr
    assert use("refield", "--help", PYTHONPATH=str(tmp_path)).returncode == 0
    for command in ("plan", "verify", "report", "readme", "compare quick"):
        done = use("refield", *command.split(), PYTHONPATH=str(tmp_path))
        assert done.returncode == 1
        assert f"`refield {command.split()[0]}` works in the root of a clone" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
