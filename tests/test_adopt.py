"""Code that is written anew and computes the same: what has been fitted is kept."""

import shutil

import pytest
from pipeline import ROOT, STUDY, Project, fitted
from small import unit

from refield.pipeline import adopt
from refield.pipeline.adopt import Renamed

METHODS = ("siren", "ftc", "ours", "equal_bin")
ENGINE = "src/refield/fitting/mlp/engine.py"


NOTHING = "nothing to take over: no fit is wanted under another key for its code alone\n"


def test_where_there_is_nothing_to_take_over_it_says_so(monkeypatch, tmp_path, capsys):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    adopt.main(1)
    assert capsys.readouterr().out == NOTHING


def test_a_method_is_tried_once_in_a_task_where_its_fits_are_known(monkeypatch, tmp_path):
    """The cheapest profile's fits are of unknown origin: those of the next are made anew, and speak for the last."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    costs = {"paper": (30, 2), "quick": (10, 0), "kodak_crops": (20, 3)}  # iterations, and how many are known
    asked = []

    def of_method(layout, params, profile, method, store):
        return [Renamed("", unit(0, costs[profile][0]), method)] if method == "siren" and profile in costs else []

    def take_over(renamed, store, layout, params, profile, title, sample):
        asked.append((profile, sample))
        return costs[profile][1], ""

    monkeypatch.setattr(adopt, "of_method", of_method)
    monkeypatch.setattr(adopt, "take_over", take_over)
    adopt.main(1)
    assert asked == [("quick", 1), ("kodak_crops", 1), ("paper", 0)]


@pytest.mark.slow
def test_fits_and_rows_are_kept_if_some_come_out_the_same(project, tmp_path):
    (project.folder / "studies/tiny").mkdir()
    (project.folder / "studies/tiny/params.yaml").write_text(STUDY)
    project.sh("python", "-m", "stages.study", "tiny")
    rows = (project.folder / "studies/tiny/scores.csv").read_text()
    project.change(ENGINE, "SHARDS = 8", "SHARDS = 4 + 4")
    output = project.sh("refield", "adopt").stdout
    assert all(f"quick/{method}: 2 of 2 fits taken over" in output for method in METHODS)
    assert "studies/tiny: 4 rows taken over" in output
    assert "quick: 8 fits, none of which were made now" in project.dvc("repro")
    assert project.sh("refield", "adopt").stdout == NOTHING
    changed = (project.folder / "studies/tiny/scores.csv").read_text()
    assert [line.rpartition(",")[0] for line in changed.splitlines()] == [
        line.rpartition(",")[0] for line in rows.splitlines()
    ]
    assert changed != rows
    Project(project.folder, tmp_path / "empty").sh("python", "-m", "stages.study", "tiny")
    assert not list((tmp_path / "empty").glob("*/*/unit.json"))
    assert (project.folder / "studies/tiny/scores.csv").read_text() == changed


@pytest.mark.slow
def test_code_that_computes_something_else_is_found_out(project):
    project.change("src/refield/fields/mlp.py", "else layer.fan_in**-0.5", "else 0.9 * layer.fan_in**-0.5")
    before = project.digests("reports")
    output = project.fails("refield", "adopt")
    assert "comes out otherwise; its fits must be made anew: `dvc repro`" in output
    assert project.digests("reports") == before
    assert fitted(project.dvc("repro", "fit@quick"))["siren"] == (0, 2)
