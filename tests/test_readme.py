"""The README names what there is; its recipes are short, and do what they say when they are pasted into a clone."""

import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
from pipeline import ROOT, fitted

from refield.fields import FIELDS
from refield.fields.activations import ACTIVATIONS
from refield.interface import facts
from refield.tasks import TASKS

README = (ROOT / "README.md").read_text()
INFO = re.search(r"<!-- output: info -->\n```\n(.*?)```\n", README, re.DOTALL)
RECIPES = dict(re.findall(r"<!-- recipe: (\w+) -->\n```bash\n(.*?)```\n", README, re.DOTALL))
METHODS = ("siren", "ftc", "ours", "equal_bin")
FITS = {
    "method": {"last_only": (0, 2)},
    "segmentation": {"ours": (0, 2)},
    "activation": {"tanh": (0, 2)},
    "field": {"bumps": (0, 2)},
    "task": dict.fromkeys(METHODS, (0, 2)),
}


def check(project, output, fits):
    assert fitted(output) == fits
    tables = (project.folder / "reports/tables.csv").read_text()
    for method in fits:
        assert (project.folder / f"reports/scores/quick/{method}.csv").exists()
        assert method in tables


@pytest.mark.parametrize("table", [FIELDS, ACTIVATIONS, TASKS], ids=["fields", "activations", "tasks"])
def test_every_name_of_a_table_is_there(table):
    assert [name for name in table if f"`{name}`" not in README] == []


def test_recipes_take_under_fifteen_lines():
    assert RECIPES.keys() == FITS.keys()
    assert {name: text.count("\n") for name, text in RECIPES.items() if text.count("\n") >= 15} == {}


def test_what_info_says_of_a_file_is_shown(capsys):
    facts.main(ROOT / "tests/coding/latents/golden/coffee.rfd")
    said = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("     field  ")]
    assert INFO is not None
    assert INFO[1].splitlines() == said


TRIED = """\
import sys

import numpy as np
from dvc.utils.hydra import apply_overrides  # what `dvc exp run -S` changes params.yaml with

from refield import fit

apply_overrides("params.yaml", sys.argv[1:])
image = np.random.default_rng(0).integers(0, 256, (16, 24, 3), dtype=np.uint8)
names = ("last_only", "ours", "tanh", "bumps")
fits = {name: fit(image, name, profile="quick", iterations=2, width=8) for name in names}
assert all(result.scores["psnr_8bit"] > 0 for result in fits.values())
units = {name: result.unit for name, result in fits.items()}
assert units["last_only"].field.gates == ("dense", "dense", "dense", "segment")
assert (units["ours"].labels == np.repeat([0, 1, 2, 3], 4)[:, None]).all()  # stripes
assert units["tanh"].field.activation == "tanh"
assert type(units["bumps"].field).__name__ == "Bumps"
assert {type(unit.task).__name__ for unit in units.values()} == {"Halves"}
"""


def test_what_recipes_add_is_fitted(tmp_path):
    """All of them at once in a copy of the package, without dvc."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    for folder in ("papers", "src"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    lines = [recipe.splitlines() for recipe in RECIPES.values()]
    subprocess.run(["bash", "-ec", "\n".join(line for first in lines for line in first[:-1])], cwd=tmp_path, check=True)
    settings = [
        setting for *_, last in lines for setting in shlex.split(last.removeprefix("dvc exp run ")) if setting != "-S"
    ]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    done = subprocess.run(
        [sys.executable, "-c", TRIED, *settings], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_all_recipes_together(project):
    """All of their lines, with the settings of the last line of each in one run."""
    lines = [recipe.splitlines() for recipe in RECIPES.values()]
    settings = [last.removeprefix("dvc exp run ") for *_, last in lines]
    together = [*(line for first in lines for line in first[:-1]), f"dvc exp run {' '.join(settings)}"]
    output = project.sh("bash", "-ec", "\n".join(together)).stdout
    check(project, output, dict.fromkeys((*METHODS, "last_only", "tanh", "bumps"), (0, 2)))


@pytest.mark.slow
@pytest.mark.parametrize("name", FITS)
def test_a_recipe_adds_what_it_says_and_fits_nothing_else(project, name):
    check(project, project.sh("bash", "-ec", RECIPES[name]).stdout, FITS[name])
