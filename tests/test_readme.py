"""The README's recipes are short, and do what they say when they are pasted into a clone."""

import re

import pytest
from pipeline import ROOT, fitted

RECIPES = dict(re.findall(r"<!-- recipe: (\w+) -->\n```bash\n(.*?)```\n", (ROOT / "README.md").read_text(), re.DOTALL))


def test_recipes_take_under_fifteen_lines():
    assert RECIPES.keys() == {"method", "segmentation", "field", "task"}
    assert {name: text.count("\n") for name, text in RECIPES.items() if text.count("\n") >= 15} == {}


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("method", {"last_only": (0, 2)}),
        ("segmentation", {"ours": (0, 2)}),
        ("field", {"bumps": (0, 2)}),
        ("task", dict.fromkeys(("siren", "ftc", "ours", "equal_bin"), (0, 2))),
    ],
)
def test_a_recipe_adds_what_it_says_and_fits_nothing_else(project, name, fits):
    output = project.sh("bash", "-ec", RECIPES[name]).stdout
    assert fitted(output) == fits
    for method in fits:
        assert (project.folder / f"reports/scores/quick/{method}.csv").exists()
    assert all(method in (project.folder / "reports/tables.csv").read_text() for method in fits)
