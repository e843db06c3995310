"""The README names what there is; its recipes are short, and do what they say when they are pasted into a clone."""

import re

import pytest
from pipeline import ROOT, fitted

from refield.fields import FIELDS
from refield.fields.activations import ACTIVATIONS
from refield.tasks import TASKS

README = (ROOT / "README.md").read_text()
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
