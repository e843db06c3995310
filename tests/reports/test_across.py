"""Methods in several profiles: averages, what is done without a field, and how fast curves rise."""

import pandas as pd
import pytest
from pipeline import ROOT

from refield import config, papers
from refield.papers.discussion import Across
from refield.pipeline.layout import Layout
from refield.reports.across import section_of
from refield.reports.results import Results
from refield.scores.paired import difference
from refield.units.scoring import COSTS

PARAMS = config.read(path=ROOT / Layout("gaussian_image").params)
PAPER = papers.read("gaussian_image", ROOT / "papers")
IMAGES = ("a", "b", "c")
SECTION = Across(
    title="Beyond",
    words="What it means.",
    methods=["latents_560k", "siren"],
    profiles={"crops": None, "hidden_10": "psnr_hidden_biharmonic", "double": "psnr_bicubic"},
    reach=30.0,
)


def rows(profile: str, levels: dict[str, list[float]], control: float = 25.0) -> pd.DataFrame:
    """Scores of methods on three images; what does without a field has another value for each."""
    names = [measure.name for measure in (*PARAMS.measures(profile), *COSTS)]
    ranking = names[0]
    return pd.DataFrame(
        [
            {"profile": profile, "method": method, "image": image, "height": 128, "width": 192}
            | {name: control + place for name in names}
            | {ranking: level, "parameters": 30000}
            for method, values in levels.items()
            for place, (image, level) in enumerate(zip(IMAGES, values, strict=True))
        ]
    )


@pytest.fixture
def found() -> Results:
    parts = [
        rows("crops", {"latents_560k": [45.0, 46.0, 47.0], "siren": [30.0, 31.0, 32.0]}),
        rows("hidden_10", {"latents_560k": [20.0, 21.5, 22.0], "siren": [28.0, 28.5, 30.0]}),
    ]
    return Results(pd.concat(parts), [])


def curves() -> Results:
    psnr = {"latents_560k": [10.0, 29.0, 31.0], "siren": [10.0, 20.0, 29.9]}
    table = [
        {"profile": profile, "method": method, "iteration": step, "psnr": value}
        for profile in ("crops", "hidden_10")
        for method, values in psnr.items()
        for step, value in zip((0, 1500, 3000), values, strict=True)
    ]
    return Results(pd.DataFrame(table), [])


def test_the_section_has_averages_differences_and_iterations(found: Results) -> None:
    words, missing, averages, _, numbers, _, less, _, fast = section_of(SECTION, found, curves(), PARAMS, PAPER)
    assert (words, missing) == ("What it means.", "Not run yet: double.")
    assert averages.splitlines()[0] == "| Method | crops, PSNR | hidden_10, PSNR hidden |"
    assert averages.splitlines()[2:] == [
        "| Latents, at most 560K | 46.00 | 21.17 |",
        "| SIREN | 31.00 | 28.83 |",
        "| Without a field | — | 26.00 |",
    ]
    # Of 128 x 192 pixels a tenth is hidden in the one profile.
    assert numbers.splitlines()[0] == "| Method | crops | hidden_10 |"
    assert numbers.splitlines()[2] == f"| Latents, at most 560K | {30000 / 24576:.2f} | {30000 / 22118:.2f} |"
    control = pd.Series([25.0, 26.0, 27.0], index=IMAGES)
    latents = pd.Series([20.0, 21.5, 22.0], index=IMAGES)
    assert f"| Latents, at most 560K | {difference(latents, control)} |" in less
    assert less.splitlines()[0] == "| Method | hidden_10, less Biharmonic |"
    # What a field was fitted to is not what hidden pixels are scored on: its curve is no part of this.
    assert fast.splitlines()[0] == "| Method | crops |"
    assert fast.splitlines()[2:] == ["| Latents, at most 560K | 3,000 |", "| SIREN | — |"]


def test_of_an_enlarged_picture_a_field_sees_the_small_one(found: Results) -> None:
    enlarged = Results(rows("double", {"latents_560k": [30.0, 31.0, 32.0]}), [])
    _, _, _, _, numbers, *_ = section_of(SECTION, enlarged, curves(), PARAMS, PAPER)
    assert numbers.splitlines()[2:] == [f"| Latents, at most 560K | {4 * 30000 / 24576:.2f} |", "| SIREN | — |"]


def test_two_images_have_no_interval(found: Results) -> None:
    few = Results(found.rows[found.rows["image"] != "c"], [])
    *_, less, _, _ = section_of(SECTION, few, curves(), PARAMS, PAPER)
    assert less.splitlines()[2] == "| Latents, at most 560K | — |"


def test_of_nothing_there_are_words_alone(found: Results) -> None:
    blocks = list(section_of(SECTION, Results(found.rows.iloc[:0], []), curves(), PARAMS, PAPER))
    assert blocks == ["What it means.", "Not run yet: crops, hidden_10, double."]
