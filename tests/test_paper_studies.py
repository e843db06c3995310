"""A paper that has a pipeline of its own has studies of its own: where it lies, with its parameters and images."""

import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT
from ruamel.yaml import YAML
from stages import study

from refield import config
from refield.errors import UserError
from refield.pipeline import adopt, lock
from refield.pipeline.layout import Layout, layouts
from refield.pipeline.studies import signals
from refield.signals import Image
from refield.study import read_study
from refield.units.store import Store

STUDY = """\
profile: quick
images: [a, b]
methods: [plain, search]
scores: [sequence]
vary:
- seed: [0]
  profile.network.first_omega_0: [null]
- seed: [1]
  profile.network.first_omega_0: [20.0]
"""
LOCK = "schema: '2.0'\nstages:\n  {}:\n    cmd: python\n"
TOY = Layout("toy")
FOLDER = TOY.studies / "tiny"


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A paper's small parameters, two images, and a study; of the top level there is nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REFIELD_DEVICE", "cpu")
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    dictionary = {"dictionary": ["sine", "gaussian"], "stages": [1, 1]}
    search = {"gates": ["dense", "dense"], "activation": dictionary, "trained": "base"}
    params["methods"] = {"plain": {"gates": ["dense"]}, "search": search}
    params["profiles"] = {"quick": params["profiles"]["quick"]}
    params["profiles"]["quick"]["network"] = {"width": 4, "first_omega_0": None}
    params["profiles"]["quick"]["train"] = {"iterations": 4, "learning_rate": 1e-3}
    FOLDER.mkdir(parents=True)
    (FOLDER / "params.yaml").write_text(STUDY)
    TOY.pipeline.write_text("stages: {}\n")
    yaml.dump(params, TOY.params)
    rng = np.random.default_rng(0)
    TOY.signals("quick").mkdir(parents=True)
    for name in "ab":
        pixels = rng.integers(0, 256, (12, 13, 3), dtype=np.uint8)
        (TOY.signals("quick") / f"{name}.png").write_bytes(Image(pixels).encode())
    return tmp_path


def chosen(files):
    """The activation of lowest loss of each layer, from the table of a search."""
    table = pd.read_csv(io.BytesIO(files["search.csv"]))
    last = table.groupby(["layer", "activation"])["loss"].last().unstack()
    return last.idxmin(axis=1)


def test_a_study_of_a_paper_is_fitted_and_taken_over_where_the_paper_is(clone, capsys):
    study.main("tiny", "toy")
    files = [FOLDER / name for name in ("scores.csv", "provenance.csv")]
    rows, written = pd.read_csv(files[0]), [file.read_text() for file in files]
    assert rows[["seed", "method", "image"]].to_numpy().tolist() == [
        [seed, method, image] for seed in (0, 1) for method in ("plain", "search") for image in "ab"
    ]
    assert rows["unit"].nunique() == 8
    for row in rows.fillna({"sequence": ""}).itertuples():
        assert row.sequence == ("-".join(chosen(Store().get(row.unit).files)) if row.method == "search" else "")
    for file, text in zip(files, written, strict=True):  # as if they were of other code
        file.write_text(text.replace(rows["unit"][3], "0" * 64).replace(rows["unit"][4], "1" * 64))
    adopt.main(1, "toy")
    assert f"{FOLDER}: 2 rows taken over" in capsys.readouterr().out
    assert [file.read_text() for file in files] == written
    study.main("tiny", "toy")
    assert [file.read_text() for file in files] == written
    assert not Path("studies").exists()


def test_a_fit_that_diverges_is_a_result_and_any_other_failure_is_none(clone, monkeypatch):
    yaml = YAML()
    (FOLDER / "params.yaml").write_text(
        "profile: quick\nimages: [a, b]\nmethods: [plain]\nvary: [{method.train.learning_rate: [1.0e-3, 1.0e+30]}]\n"
    )
    params = yaml.load(TOY.params)
    params["methods"]["plain"]["train"] = {"learning_rate": 1e-3}
    yaml.dump(params, TOY.params)
    study.main("tiny", "toy")
    rows = pd.read_csv(FOLDER / "scores.csv")
    assert rows["psnr_8bit"].isna().tolist() == [False, False, True, True]
    written = (FOLDER / "scores.csv").read_bytes()
    with monkeypatch.context() as patch:  # what is known is not tried again
        patch.setattr("refield.pipeline.executing.make", None)
        study.main("tiny", "toy")
    assert (FOLDER / "scores.csv").read_bytes() == written
    params["profiles"]["quick"]["task"] = {"kind": "superresolve", "factor": 5}
    yaml.dump(params, TOY.params)
    with pytest.raises(UserError, match="2 of 2 fits failed; a: has 12 x 13 pixels; both sides must be multiples"):
        study.main("tiny", "toy")


def test_a_study_belongs_to_one_pipeline(clone):
    with pytest.raises(UserError, match="'tiny' is no study"):
        study.main("tiny")


def test_an_unknown_score_is_named_with_those_that_there_are(clone):
    (FOLDER / "params.yaml").write_text(STUDY.replace("[sequence]", "[sequences]"))
    with pytest.raises(UserError, match=r"scores names 'sequences'; there are psnr_8bit, .*, bpp, sequence$"):
        study.main("tiny", "toy")


def test_what_makes_its_images_is_of_its_pipeline(clone):
    params = config.read(path=TOY.params)
    command = "dvc exp run -S 'papers/toy/params.yaml:runs=[quick]' papers/toy/dvc.yaml:segment"
    (TOY.signals("quick") / "a.png").unlink()
    said = f"data/toy/quick/images lacks images of the study tiny; `{command}` makes them"
    with pytest.raises(UserError, match=re.escape(said)):
        signals(TOY, params, read_study(FOLDER / "params.yaml"), "tiny")


def test_what_is_verified_has_the_studies_of_all_pipelines(clone):
    assert layouts() == [Layout(), TOY]
    assert lock.locked_stages() == {}
    for folder, stage in ((Path(), "report"), (Layout().studies, "study@a"), (TOY.studies, "study@b")):
        folder.mkdir(exist_ok=True)
        (folder / "dvc.lock").write_text(LOCK.format(stage))
    names = ["report", "studies/dvc.yaml:study@a", "papers/toy/studies/dvc.yaml:study@b"]
    assert list(lock.locked_stages()) == names
