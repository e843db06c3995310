import itertools
import json
import re

import pytest
from pipeline import ROOT
from ruamel.yaml import YAML

from refield.config import ConfigError
from refield.errors import UserError
from refield.pipeline.layout import Layout
from refield.pipeline.studies import signals
from refield.study import Study, read_study

PAPERS = (None, *sorted(folder.parent.name for folder in ROOT.glob("papers/*/studies")))
STUDIES = [
    (paper, file.parent.name)
    for paper in PAPERS
    for file in sorted((ROOT / Layout(paper).studies).glob("*/params.yaml"))
]
VARIED = [{"seed": [1, 2], "profile.train.schedule": ["constant", "cosine"]}]
STUDY = Study(profile="quick", images="all", methods=["ours"], vary=VARIED)


def test_every_combination_comes_once_the_last_key_fastest():
    assert [tuple(choice.values()) for choice in STUDY.combinations()] == [
        (1, "constant"),
        (1, "cosine"),
        (2, "constant"),
        (2, "cosine"),
    ]


def test_grids_follow_one_another_and_have_the_same_keys():
    grids = Study(profile="quick", images="all", methods=["ours"], vary=[{"seed": [1, 2]}, {"seed": [2, 5]}])
    assert [choice["seed"] for choice in grids.combinations()] == [1, 2, 5]
    with pytest.raises(ValueError, match="grid 2 must have the keys of the first"):
        Study(profile="quick", images="all", methods=["ours"], vary=[{"seed": [1]}, {"network.mlp.bias": ["shared"]}])


def test_a_combination_changes_its_values_and_no_others():
    params = STUDY.params({"seed": 2, "profile.train.schedule": "cosine"}, ROOT / "params.yaml")
    assert params.seed == 2
    assert params.profiles["quick"].train.schedule == "cosine"
    assert list(params.profiles) == params.runs == ["quick"]  # the values need suit no other


def test_a_combination_may_be_of_a_fields_defaults_a_method_and_a_profile():
    choice = {"network.mlp.bias": "per_expert", "methods.ours.gates": ["segment"], "profile.network.mlp.largest_a": 9.0}
    params = STUDY.params(choice, ROOT / "params.yaml")
    ours, siren = params.field("quick", "ours"), params.field("quick", "siren")
    assert (ours.bias, ours.gates, ours.largest_a) == ("per_expert", ("segment",), 9.0)
    assert (siren.bias, siren.gates, siren.largest_a) == ("per_expert", ("dense",) * 4, 9.0)


def test_a_key_of_each_method_changes_for_all_of_the_study_and_for_no_others():
    study = STUDY.model_copy(update={"methods": ["siren", "ours"]})
    params = study.params({"method.gates": ["dense", "dense"]}, ROOT / "params.yaml")
    gates = {method: params.field("quick", method).gates for method in ("siren", "ours", "siren_wide")}
    assert gates == {"siren": ("dense",) * 2, "ours": ("dense",) * 2, "siren_wide": ("dense",) * 4}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"profile": "none", "vary": [{"seed": [1]}]}, "'none' is no profile"),
        ({"methods": ["none"]}, "methods names 'none'"),
        ({"vary": [{"network.mlp.depth": [3]}]}, "has no key network.mlp.depth"),
        ({"vary": [{"network.mlp.bias": ["none"]}]}, "bias = 'none'"),
        ({"vary": [{"profile.task.kind": ["inpaint"]}]}, "has no key profiles.quick.task.kind"),
        ({"vary": [{"method.train.schedule": ["cosine"]}]}, "has no key methods.ours.train.schedule"),
        ({"vary": [{"seed": [-1]}]}, "seed = -1"),
        ({"vary": [{"seed.of.all": [1]}]}, "has no key seed.of.all"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_fitted(change, said):
    study = STUDY.model_copy(update=change)
    with pytest.raises(ConfigError, match=said):
        [study.params(choice, ROOT / "params.yaml") for choice in study.combinations()]


def test_a_wrong_file_is_one_sentence(tmp_path):
    file = tmp_path / "params.yaml"
    right = "profile: quick\nimages: all\nmethods: [ours]\nscores: [bpp]\nvary: [{seed: [1]}]\n"
    file.write_text(right)
    assert read_study(file).scores == ["bpp"]
    for old, new, said in (
        ("[ours]", "[]", r"methods = \[\]"),
        ("scores", "score", "score is not a known key"),
        ("[bpp]", "[1]", r"scores\.0 = 1"),
        ("images: all", "images: some", "images: 'some' is not allowed"),
    ):
        file.write_text(right.replace(old, new))
        with pytest.raises(ConfigError, match=rf"params\.yaml: {said}"):
            read_study(file)
    with pytest.raises(ConfigError, match="is missing"):
        read_study(tmp_path / "none.yaml")


@pytest.mark.parametrize(("paper", "name"), STUDIES)
def test_the_studies_we_ship_are_valid_and_are_stages(paper, name):
    layout = Layout(paper)
    study = read_study(ROOT / layout.studies / name / "params.yaml")
    fitted = []
    for choice in study.combinations():
        params = study.params(choice, ROOT / layout.params)
        asked = [
            [of(study.profile, method) for of in (params.field, params.train, params.map)] for method in study.methods
        ]
        fitted.append((params.seed, params.task(study.profile), asked))
    assert all(one != other for one, other in itertools.combinations(fitted, 2))  # every combination varies something
    assert stages(layout)["study"]["foreach"][name] == study.profile


@pytest.mark.parametrize("paper", PAPERS[1:])
def test_a_papers_studies_are_run_as_those_of_the_top_level(paper):
    text = json.dumps(stages(Layout())["study"]["do"])
    for old, new in (
        ('"wdir": "..', '"wdir": "../../..'),
        ("stages.study", f"stages.study --paper {paper}"),
        ("data/", f"data/{paper}/"),
        ("reports/", f"reports/{paper}/"),
        ("studies/", f"papers/{paper}/studies/"),
        ('"params.yaml"', f'"papers/{paper}/params.yaml"'),
    ):
        text = text.replace(old, new)
    assert stages(Layout(paper))["study"]["do"] == json.loads(text)


def stages(layout):
    return YAML(typ="safe").load(ROOT / layout.studies / "dvc.yaml")["stages"]


def test_who_lacks_a_studys_images_hears_what_makes_them(monkeypatch, tmp_path):
    params = STUDY.params({"seed": 1}, ROOT / "params.yaml")
    monkeypatch.chdir(tmp_path)
    said = "data/quick/images lacks images of the study tiny; `dvc exp run -S 'runs=[quick]' segment` makes them"
    with pytest.raises(UserError, match=re.escape(said)):
        signals(Layout(), params, STUDY, "tiny")
