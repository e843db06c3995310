"""A paper is a folder: its own numbers, parameters and pipeline, beside the top level's."""

import re
import shutil

import pytest
from pipeline import ROOT, ran

# What a paper's dvc.yaml has otherwise than the top level's.
REWRITTEN = [
    (r"data/sources/", "papers/toy/sources/"),
    (r"(?<!papers/toy/)\bdata/", "data/toy/"),
    (r"\breports/", "reports/toy/"),
    (r"\bparams\.yaml:", "papers/toy/params.yaml:"),
    (r"papers/oh_bae_2024/", "papers/toy/"),
    (r"(?m)^    cmd: .*", r"\g<0> --paper toy\n    wdir: ../.."),
]


@pytest.mark.slow
def test_a_paper_in_a_folder_runs_beside_the_main_pipeline(project):
    folder = project.folder / "papers/toy"
    shutil.copytree(project.folder / "papers/oh_bae_2024", folder)
    shutil.copytree(project.folder / "data/sources/quick", folder / "sources/quick")
    shutil.copy(project.folder / "params.yaml", folder)
    text = (project.folder / "dvc.yaml").read_text()
    for pattern, replacement in REWRITTEN:
        text = re.sub(pattern, replacement, text)
    (folder / "dvc.yaml").write_text(text)
    yaml = folder / "params.yaml"
    yaml.write_text(yaml.read_text().replace("paper: oh_bae_2024", "paper: toy").replace("seed: 0", "seed: 7"))
    before = project.digests("reports", "data/quick")

    output = project.dvc("repro", "papers/toy/dvc.yaml")
    assert {name.rpartition(":")[2] for name in ran(output)} >= {"check", "wanted@quick", "fit@quick", "report"}
    assert (project.folder / "reports/toy/tables.md").exists()
    assert (project.folder / "data/toy/quick/fits/ours/coffee/weights.safetensors").exists()
    ours, theirs = (project.folder / name / "scores/quick/ours.csv" for name in ("reports/toy", "reports"))
    assert ours.read_text() != theirs.read_text()  # another seed
    after = project.digests("reports", "data/quick")
    assert {name: after[name] for name in before} == before
    assert "Data and pipelines are up to date." in project.dvc("repro", "papers/toy/dvc.yaml")
    assert "Nothing would run" in project.sh("refield", "plan", "--paper", "toy").stdout
    assert "up to date" in project.dvc("repro")


@pytest.mark.parametrize("name", [path.parent.name for path in ROOT.glob("papers/*/paper.yaml")])
def test_every_papers_data_is_valid(name):
    from refield import papers

    assert papers.read(name, ROOT / "papers").citation
