"""Images may be called NA, null or 007: no stage and no report takes their names for numbers, or for nothing."""

import json
import re
import shutil
import subprocess
from functools import partial

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT
from ruamel.yaml import YAML
from safetensors.numpy import save
from stages import download, evaluate, page, prepare, report, segment

from refield import config, papers
from refield.errors import UserError
from refield.fields import describe
from refield.fields.mlp import Mlp
from refield.pipeline import audit, compare, fits, provenance, studies
from refield.pipeline.layout import Layout
from refield.reports import discussion, results
from refield.reports.paper_figures import draw_all
from refield.reports.pictures import Pictures
from refield.signals import png
from refield.units.names import CURVE, LABELS, WEIGHTS
from refield.units.store import Made

NAMES = ["007", "1.0", "1e5", "NA", "None", "True", "_a", "_a-b", "inf", "nan", "null"]
METHODS = ["siren", "ftc", "ours"]
ABOUT = {"seconds": 1.5, "date": "2026-12-01", "device": "CPU", "blas": "", "torch": "2.10", "numpy": "2.4"}
ABOUT |= {"platform": "Linux", "precision": "float32", "seed": 0, "code": "12e345678901"}  # a commit, no number


def made(name: str, method: str) -> Made:
    """A fit that need not be fitted: the better, the later its method comes."""
    field = Mlp(gates=("dense", "segment" if method == "ours" else "dense"), width=2, regions=4)
    about = {"field": describe(field), "signal": "images", "dims": 2, "channels": 3, "target": "symmetric"}
    weights = {key: array.astype(np.float32) for key, array in field.initialise(2, 3, np.random.default_rng(0)).items()}
    pixels = png.read(Layout().signals("mine") / f"{name}.png")
    png.write(Layout().data / "estimate.png", pixels // 2 + np.uint8(9 * METHODS.index(method)))
    files = {
        WEIGHTS: save(weights, {"model": json.dumps(about)}),
        "reconstruction.png": (Layout().data / "estimate.png").read_bytes(),
        CURVE: f"iteration,loss,psnr\n0,1,10\n9,0.1,{20 + METHODS.index(method)}\n".encode(),
    }
    if method == "ours":
        files[LABELS] = (Layout().maps("mine", "multi_otsu") / f"{name}.png").read_bytes()
    return Made(files, ABOUT)


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """A repository with a profile `mine` of images of these names, from its photographs to its scores."""
    folder, yaml = tmp_path_factory.mktemp("names"), YAML()
    params = yaml.load(ROOT / "params.yaml")
    mine = params["profiles"]["quick"]
    mine["images"] |= {"source": "folder", "names": NAMES, "long": 24, "short": 16}
    params["profiles"], params["runs"] = {"mine": mine}, ["mine"]
    params["methods"] = {method: params["methods"][method] for method in METHODS}
    params["maps"] = {"multi_otsu": params["maps"]["multi_otsu"]}
    yaml.dump(params, folder / "params.yaml")
    shutil.copytree(ROOT / "papers/oh_bae_2024", folder / "papers/oh_bae_2024")
    rng = np.random.default_rng(0)
    for name in NAMES:
        png.write(folder / f"data/sources/mine/{name}.png", rng.integers(0, 256, (16, 24, 3), dtype=np.uint8))
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(folder)
        layout = Layout()
        download.main("mine")
        prepare.main("mine")
        segment.main("mine", "multi_otsu")
        for method in METHODS:
            units = {name: made(name, method) for name in NAMES}
            fits.write(units, layout.fits("mine", method))
            rows = [{"image": name, **unit.provenance} for name, unit in units.items()]
            provenance.write(rows, layout.provenance("mine", method))
        evaluate.main("mine")
    return folder


@pytest.fixture
def read(scored, monkeypatch):
    """Parameters and what lies in reports/: scores, provenance and curves."""
    monkeypatch.chdir(scored)
    params, layout = config.read(), Layout()
    return (
        params,
        results.read_scores(layout.scores_of_all, params),
        results.read_provenance(layout.provenance_of_all, params),
        results.read_curves(layout.curves_of_all, params),
    )


def test_scores_and_provenance_are_of_all_images(read):
    params, scores, past, _ = read
    values = results.scores_of(scores, "mine", params).by_image()
    assert values.index.tolist() == NAMES
    assert values.notna().all(axis=None)
    rows = past.of("mine")
    assert rows["image"].tolist() == NAMES * len(METHODS)
    assert rows[["torch", "blas", "code"]].drop_duplicates().to_numpy().tolist() == [["2.10", "", "12e345678901"]]


def test_tables_charts_and_costs_are_of_all_images(read):
    report.main()
    reports = Layout().reports
    assert set(pd.read_csv(reports / "tables.csv").query("psnr_average > 0")["images"]) == {len(NAMES)}
    chart = (reports / "charts/mine/per_image.svg").read_text()
    assert all(f"<!-- {name} -->" in chart for name in NAMES)


def test_the_page_shows_all_images_and_their_maps(read):
    page.main("mine")
    html = Layout().page("mine").read_text()
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S).group(1))
    assert [row["name"] for row in data["images"]] == NAMES
    assert sorted(picture["name"] for picture in data["pictures"]) == NAMES
    assert all(len(picture["maps"]["multi_otsu"]["regions"]) == 4 for picture in data["pictures"])


def test_the_figures_find_their_image(read):
    params, scores, *_ = read
    layout, paper = Layout(), papers.read(params.paper)
    files = Pictures(layout.signals("mine"), partial(layout.fits, "mine"), partial(layout.maps, "mine"))
    captions = [
        drawn.caption for drawn in draw_all("mine", results.scores_of(scores, "mine", params), files, params, paper)
    ]
    assert [re.search(r"mage (\S+?)[,:]", text).group(1) in NAMES for text in captions] == [True] * len(captions)
    assert len(captions) == 2
    charts = paper.charts.model_copy(update={"figure": ["none", *METHODS]})
    paper = paper.model_copy(update={"charts": charts, "tables": [], "gain": None})
    drawn = list(draw_all("mine", results.scores_of(scores, "mine", params), files, params, paper))
    assert [each.name for each in drawn][:1] == ["represent"]
    assert drawn[0].caption.startswith("Some methods. Image ")
    assert f"the gain of {paper.label(METHODS[0])} over {paper.label(METHODS[-1])} is" in drawn[0].caption


def test_the_discussion_pairs_all_images(read, tmp_path):
    params, scores, _, curves = read
    paper = papers.read(params.paper)
    rows = [
        {"seed": seed, "method": method, "image": name, "psnr_8bit": 30.0 + len(method) + seed, "unit": f"{i}e{seed}"}
        for seed in (0, 1)
        for method in METHODS
        for i, name in enumerate(NAMES)
    ]
    studies.write_rows(rows, None, tmp_path / "scores.csv")
    again = studies.read_rows(tmp_path / "scores.csv")
    assert again.to_dict("records") == rows
    plan = paper.discussion.model_copy(update={"studies": [s for s in paper.discussion.studies if s.study == "seeds"]})
    paper = paper.model_copy(update={"discussion": plan})
    text = discussion.discussion("", scores, curves, {"seeds": again}, params, paper)
    assert f"of {len(NAMES)} |" in text


def test_scores_are_compared_with_those_in_git(read, capsys):
    for command in (
        ["init", "-q"],
        ["add", "reports"],
        ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm1"],
    ):
        subprocess.run(["git", *command], check=True)
    compare.main("mine")
    assert "differs from git's by at most 0.0000" in capsys.readouterr().out
    file = Layout().scores("mine", METHODS[0])
    whole = file.read_text()
    row = whole.splitlines()[1]
    for text, said in {
        whole.replace("image", "name", 1): "has no column image",
        whole.replace(row, re.sub(r",[^,]*", ",x", row)): "has what is no number in its column",
        f"{whole}{row}\n": "has two rows for an image",
    }.items():
        file.write_text(text)
        with pytest.raises(UserError, match=f"{file} {said}"):
            compare.main("mine")
    file.write_text(whole)


@pytest.mark.parametrize("name", NAMES)
def test_an_audit_finds_where_an_image_was_fitted(read, name):
    here = Made({}, ABOUT | {"numpy": "2.5"})
    assert audit.other_machine(Layout().provenance("mine", "ours"), name, here) == "numpy 2.4, here 2.5"
