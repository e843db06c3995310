"""What a profile's task looks with, in words."""

import pytest
from pipeline import ROOT

from refield import config, papers
from refield.pipeline.layout import Layout
from refield.reports import results
from refield.reports.description import statement
from refield.reports.task_words import looks_with, task

SINCO = config.read(path=ROOT / Layout("sinco").params)
PAPER = papers.read("sinco", ROOT / "papers")


@pytest.mark.parametrize("profile", SINCO.profiles)
def test_a_network_that_a_stage_trains_is_told_and_no_path_of_it(profile: str) -> None:
    settings = SINCO.profiles[profile]
    assert settings.unet is not None
    assert task(settings) == f"segmented, regularisation {settings.task['regularisation']:g}"
    told = looks_with(settings)
    for part in (
        f"of {settings.unet.width} channels that halves a picture {settings.unet.levels} times",
        f"`sources/{settings.unet.examples}`",
        f"it saw {settings.unet.epochs} times, {settings.unet.batch} at a step of Adam",
        f"learning rate {settings.unet.learning_rate:g}, seed {settings.unet.seed}",
    ):
        assert part in told


def test_the_statement_of_a_profile_says_so() -> None:
    found = results.read_scores(ROOT / Layout("sinco").scores_of_all, SINCO, PAPER.bits_per_weight)
    text = statement("quick", results.scores_of(found, "quick", SINCO), SINCO, PAPER)
    assert f"* What sees the mask: {looks_with(SINCO.profiles['quick'])}." in text
    assert "safetensors" not in text


def test_once_is_a_word() -> None:
    settings = SINCO.profiles["quick"]
    assert settings.unet is not None
    once = settings.unet.model_copy(update={"levels": 1, "epochs": 1})
    told = looks_with(settings.model_copy(update={"unet": once}))
    assert "halves a picture once," in told
    assert "it saw once," in told


def test_files_of_ones_own_are_named_and_of_no_network_nothing_is_told() -> None:
    settings = SINCO.profiles["quick"].model_copy(update={"unet": None})
    assert f"network file {settings.task['network_file']}" in task(settings)
    assert looks_with(settings) == ""
    crops = config.read(path=ROOT / Layout("coin").params).profiles["crops"]
    assert task(crops) == looks_with(crops) == ""
