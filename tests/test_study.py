import pytest
from pipeline import ROOT
from ruamel.yaml import YAML

from refield.config import ConfigError
from refield.study import Study, read_study

STUDIES = sorted(file.parent.name for file in ROOT.glob("studies/*/params.yaml"))
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
        Study(profile="quick", images="all", methods=["ours"], vary=[{"seed": [1]}, {"network.bias": ["shared"]}])


def test_a_combination_changes_its_values_and_no_others():
    params = STUDY.params({"seed": 2, "profile.train.schedule": "cosine"}, ROOT / "params.yaml")
    assert params.seed == 2
    assert params.profiles["quick"].train.schedule == "cosine"
    assert params.profiles["paper"].train.schedule == "constant"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"profile": "none", "vary": [{"seed": [1]}]}, "'none' is no profile"),
        ({"methods": ["none"]}, "methods names 'none'"),
        ({"vary": [{"network.depth": [3]}]}, "has no key network.depth"),
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
    file.write_text("profile: quick\nimages: all\nmethods: []\nvary: [{seed: [1]}]\n")
    with pytest.raises(ConfigError, match=r"params\.yaml: methods = \[\]"):
        read_study(file)
    with pytest.raises(ConfigError, match="is missing"):
        read_study(tmp_path / "none.yaml")


@pytest.mark.parametrize("name", STUDIES)
def test_the_studies_we_ship_are_valid_and_are_stages(name):
    study = read_study(ROOT / "studies" / name / "params.yaml")
    for choice in study.combinations():
        study.params(choice, ROOT / "params.yaml")
    stage = YAML(typ="safe").load(ROOT / "studies/dvc.yaml")["stages"]["study"]
    assert stage["foreach"][name] == study.profile
