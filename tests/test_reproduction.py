"""Whoever reproduces results finds nothing changed in git: days, seconds and machines stand in one place, apart."""

import json
import shutil
from pathlib import Path

import pytest
from pipeline import METHODS, Project

PROVENANCE = {
    *("reports/provenance/quick.md", "reports/provenance/quick.svg"),
    *(f"reports/provenance/quick/{method}.csv" for method in METHODS),
}


def elsewhere(units: Path, store: Path) -> Path:
    """The same units, as if they had been fitted on another day and another machine."""
    shutil.copytree(units, store)
    records = list(store.glob("*/*/unit.json"))
    for number, file in enumerate(records):
        record = json.loads(file.read_text())
        about = {"date": "2031-01-01", "seconds": 1000.5 + number, "device": "CPU (Other)", "threads": 63}
        record["provenance"] |= about | {"torch": "9.9.9", "numpy": "9.9.9", "python": "3.99", "platform": "Plan 9"}
        file.write_text(json.dumps(record))
    assert len(records) == 2 * len(METHODS)
    return store


@pytest.mark.slow
def test_another_day_and_machine_change_nothing_but_the_provenance(finished, tmp_path):
    other = Project.create(tmp_path / "refield", elsewhere(finished.units, tmp_path / "units"))
    assert "quick: 8 fits, none of which were made now" in other.dvc("repro")
    here, there = (project.digests("reports", "data") for project in (finished, other))
    assert here.keys() == there.keys()
    assert {name for name in here if here[name] != there[name]} == PROVENANCE
    assert (other.folder / "dvc.lock").read_bytes() == (finished.folder / "dvc.lock").read_bytes()
    assert "2031-01-01" in (other.folder / "reports/provenance/quick.md").read_text()


@pytest.mark.slow
def test_a_fresh_clone_is_as_it_was_after_a_run(finished, tmp_path):
    finished.sh("git", "clone", "-q", str(finished.folder), str(tmp_path / "clone"))
    clone = Project(tmp_path / "clone", elsewhere(finished.units, tmp_path / "units"))
    assert "quick: 8 fits, none of which were made now" in clone.dvc("repro")
    assert clone.sh("git", "status", "--porcelain").stdout == ""
    # Nor does a stage that runs once more, in a clone whose store knows of another day.
    clone.dvc("repro", "--single-item", "--force", "provenance@quick", "page@quick", "figures@quick", "report")
    assert clone.sh("git", "status", "--porcelain").stdout == ""


@pytest.mark.slow
def test_provenance_follows_the_fits_there_and_back(project):
    before, file = project.digests("reports"), "reports/provenance/quick/ours.csv"
    project.dvc("exp", "run", "-S", "seg.method=equal_bin")
    assert project.digests("reports")[file] != before[file]
    project.dvc("exp", "run", "-S", "seg.method=multi_otsu")  # fits come from DVC's cache
    assert project.digests("reports") == before
