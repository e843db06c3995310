"""A profile with some of the paper's images at its own scale: no average, no claim; what each fit can decide."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from pipeline import ROOT

from refield import config, papers
from refield.config import Params
from refield.errors import UserError
from refield.reports import report, tables
from refield.reports.discussion import discussion
from refield.reports.index import index
from refield.reports.page import page
from refield.reports.results import Results, scores_of
from refield.tasks.represent import Represent
from refield.units.scoring import COSTS

SETTINGS, PAPER = config.read(path=ROOT / "params.yaml"), papers.read("oh_bae_2024", ROOT / "papers")
MEASURES = [measure.name for measure in (*Represent.measures, *COSTS)]
TITLE = "## Some of the images, at the paper's own scale\n\n"
ROUNDED = 0.25  # dB that rounding costs here
SLIP = 6.0206


def some(**profiles: list[str]) -> Params:
    """Profiles like `paper_cpu`, of these images."""
    like = SETTINGS.profiles["paper_cpu"]
    own = {
        name: like.model_copy(update={"originals": like.originals.model_copy(update={"names": names})})
        for name, names in profiles.items()
    }
    others = {name: profile for name, profile in SETTINGS.profiles.items() if name != "paper_cpu"}
    return SETTINGS.model_copy(update={"profiles": {**others, **own}})


def fits(**psnr: dict[str, float]) -> tuple[Results, Results]:
    """Scores and curves: of each profile the PSNR of "method/image"; a curve loses a dB for each 1,000 iterations
    that it lacks."""
    scores, curves = [], []
    for profile, values in psnr.items():
        for fit, value in values.items():
            method, image = fit.split("/")
            axes = {"height": 512, "width": 768}
            about = {"profile": profile, "method": method, "image": image}
            scores.append({**about, **axes, **dict.fromkeys(MEASURES, 0.5), "psnr_8bit": value})
        for method in dict.fromkeys(fit.split("/")[0] for fit in values):
            own = [value + ROUNDED for fit, value in values.items() if fit.startswith(f"{method}/")]
            for iteration in range(0, 5001, 50):
                off = iteration / 1000 - 5
                ends = {"psnr": sum(own) / len(own) + off, "lowest": min(own) + off, "highest": max(own) + off}
                curves.append({"profile": profile, "method": method, "iteration": iteration, **ends})
    return Results(pd.DataFrame(scores), []), Results(pd.DataFrame(curves), [])


def cells(text: str, *heads: str) -> list[list[str]]:
    """The rows of tables that begin with these cells, without them."""
    begin = f"| {' | '.join(heads)} | "
    return [line.removeprefix(begin).strip("| ").split(" | ") for line in text.splitlines() if line.startswith(begin)]


def decided(params: Params, **psnr: dict[str, float]) -> str:
    text = discussion("Made here.", *fits(**psnr), {}, params, PAPER)
    return text.partition(TITLE)[2].partition("\n## ")[0]


ONE = some(paper_cpu=["kodim13"])
HARD = {"siren/kodim13": 24.0}
LOW = {row.method: row.lowest for row in PAPER.rows}
HIGH = {row.method: row.highest for row in PAPER.rows}


def test_each_fit_stands_beside_the_published_extremes_and_nothing_beside_an_average():
    scores, _ = fits(paper_cpu={"siren/kodim13": 24.0, "siren/kodim08": 36.0, "siren_wide/kodim13": 30.0})
    params = some(paper_cpu=["kodim13", "kodim08"])
    texts = report.texts(params, PAPER, scores)
    section = texts["tables.md"].partition("## paper_cpu\n")[2]
    assert cells(section, "kodim13", "SIREN")[0][:5] == ["24.00", "23.75", "+0.25", "35.00", "-11.00"]
    assert cells(section, "kodim08", "SIREN")[0][:5] == ["36.00", "23.75", "+12.25", "35.00", "+1.00"]
    assert cells(section, "kodim13", "SIREN, twice as wide")[0][:5] == ["30.00", *["—"] * 4]
    assert "and 2 of its 24 images" in section
    assert "5,000 iterations" in section
    assert "on a CPU" in section
    for absent in ("30.28", "Average |", "Claim", "Table 1"):
        assert absent not in section
    assert "paper-cpu" not in texts["tables.tex"]
    (row,) = [line for line in texts["tables.csv"].splitlines() if line.startswith("paper_cpu,0,siren,")]
    assert row.split(",")[8:11] == [""] * 3  # nothing published beside


def test_readme_has_no_column_of_so_few_but_says_where_they_stand():
    scores, _ = fits(paper_cpu=HARD, quick={"siren/a": 31.0})
    block = tables.readme_table(scores, ONE, PAPER)
    assert block.splitlines()[0] == "| PSNR in dB | Paper | `quick` | `paper` |"
    (note,) = [line for line in block.splitlines() if line.startswith("* `paper_cpu`")]
    assert "1 image, 768 x 512" in note
    assert "fit by fit in [reports/tables.md]" in note


def test_the_front_page_has_its_card_and_no_column():
    scores, _ = fits(paper_cpu=HARD, quick={"siren/a": 31.0, "ours/a": 40.0})
    html = index(ONE, PAPER, scores, {})
    columns = html.partition('id="numbers"')[2].partition('id="profiles"')[0]
    assert "<b>quick</b>" in columns
    assert "paper_cpu" not in columns
    card = html.partition("<h3>paper_cpu")[2].partition("</article>")[0]
    assert "yes, of 1 of its 24 images" in card
    assert "24.00" not in card


def test_pictures_of_the_front_page_are_of_pages_whose_methods_can_be_compared():
    scores, _ = fits(paper_cpu=HARD, quick={"siren/a": 31.0, "ours/a": 40.0})
    index(ONE, PAPER, scores, {"paper_cpu": "is not asked for any"})
    with pytest.raises(UserError, match="the page of quick has no pictures"):
        index(ONE, PAPER, scores, {"quick": "is"})


@pytest.mark.parametrize(
    ("images", "columns"),
    [
        (["kodim13"], ["PSNR", "lowest published", "highest published"]),
        (["kodim13", "kodim08"], ["Highest", "Lowest", "lowest published", "highest published"]),
    ],
)
def test_its_page_has_the_published_extremes_and_no_average(images, columns):
    params = some(paper_cpu=images)
    scores, curves = fits(paper_cpu={f"siren/{image}": 24.0 for image in images})
    html = page("paper_cpu", scores_of(scores, "paper_cpu", params), curves.of("paper_cpu"), [], params, PAPER)
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S).group(1))
    assert [column["label"] for column in data["columns"]][: len(columns)] == columns
    assert data["methods"][0]["values"][len(columns) - 2 : len(columns)] == [23.75, 35.0]
    assert data["claims"] == []
    assert f"{len(images)} of its 24 images" in data["statement"][-1]


def test_without_such_a_profile_or_its_fits_nothing_is_said():
    assert not decided(ONE, quick={"siren/a": 30.0})
    assert not decided(some(paper_cpu=["kodim13"]), paper={"siren/kodim13": 30.0})


def test_a_convention_is_possible_if_all_fits_lie_within_what_is_published():
    found = decided(ONE, paper_cpu=HARD)
    assert found.startswith("1 fit of kodim13, 1 of the paper's 24 images (paper_cpu): 5,000 iterations")
    assert "learning rate 0.0001, constant" in found.splitlines()[0]
    assert cells(found, "8 bit", "SIREN") == [["24.00", "+0.25", "24.00", "-11.00"]]
    raw = 24.0 + ROUNDED - SLIP
    assert cells(found, "peak 1 on [-1, 1]", "SIREN") == [
        [f"{raw:.2f}", f"{raw - 23.75:+.2f}"] * 1 + [f"{raw:.2f}", f"{raw - 35:+.2f}"]
    ]
    assert "By 8 bit all lie there: nothing that is published rules out these settings." in found
    assert f"By peak 1 on [-1, 1] (1 of 1 methods, by {23.75 - raw:.2f} dB at most" in found


def test_too_much_by_8_bit_may_be_right_by_the_slip_and_far_too_much_by_neither():
    assert "By peak 1 on [-1, 1] all lie there" in decided(ONE, paper_cpu={"siren/kodim13": 40.0})
    assert "all lie there" not in decided(ONE, paper_cpu={"siren/kodim13": 45.0})


def test_the_distance_is_over_methods_and_of_the_farthest_fit_of_each():
    values = {"siren/kodim13": LOW["siren"] - 1, "siren/kodim08": LOW["siren"] - 4, "ours/kodim13": HIGH["ours"] + 3}
    found = decided(some(paper_cpu=["kodim13", "kodim08"]), paper_cpu=values | {"qt/kodim13": LOW["qt"] + 1})
    assert "By 8 bit (2 of 3 methods, by 4.00 dB at most; distance 2.89 dB)" in found  # the root of (16 + 9 + 0) / 3


def test_profiles_that_are_trained_alike_are_taken_together():
    params = some(paper_cpu=["kodim13"], another=["kodim08"])
    found = decided(params, paper_cpu=HARD, another={"siren/kodim08": 26.0})
    assert "2 fits of kodim08, kodim13, 2 of the paper's 24 images (paper_cpu, another)" in found
    assert cells(found, "8 bit", "SIREN") == [["24.00", "+0.25", "26.00", "-9.00"]]
    slower = params.profiles["another"].train.model_copy(update={"learning_rate": 2e-5})
    other = params.profiles["another"].model_copy(update={"train": slower})
    apart = params.model_copy(update={"profiles": {**params.profiles, "another": other}})
    found = decided(apart, paper_cpu=HARD, another={"siren/kodim08": 26.0})
    assert [row[0] for row in cells(found, "8 bit", "SIREN")] == ["24.00", "26.00"]
    assert "learning rate 2e-05, constant" in found


def test_differences_of_methods_stand_beside_the_published_ones():
    found = decided(ONE, paper_cpu={**HARD, "ftc/kodim13": 36.0, "ours/kodim13": 36.5})
    assert cells(found, "image") == [["LoE Fine-to-Coarse", "Ours"]]
    assert cells(found, "kodim13") == [["+12.00", "+12.50"]]
    assert cells(found, "published, average") == [["+8.13", "+8.97"]]
    assert cells(found, "published, lowest") == [["+11.64", "+12.70"]]
    assert "| image |" not in decided(ONE, paper_cpu=HARD)
    apart = decided(some(paper_cpu=["kodim13"], another=["kodim08"]), paper_cpu=HARD, another={"ours/kodim08": 37.0})
    assert "| image |" not in apart  # they share no image


def test_shorter_budgets_are_read_off_the_curves():
    found = decided(ONE, paper_cpu={**HARD, "ours/kodim13": 37.0, "ftc/kodim13": 36.0})
    assert "before rounding to 8 bit, kodim13:" in found
    for iterations, short in ((500, 4.5), (1000, 4.0), (2000, 3.0), (5000, 0.0)):
        values = [level + ROUNDED - short for level in (24.0, 37.0, 36.0)]
        assert cells(found, f"{iterations:,}") == [[*(f"{value:.2f}" for value in values), "+1.00"]]


def test_the_committed_profiles_are_of_these_and_differ_in_images_and_methods_only():
    own = {name: profile for name, profile in SETTINGS.profiles.items() if name.startswith("paper_cpu")}
    assert {name: (profile.originals.names, profile.methods) for name, profile in own.items()} == {
        "paper_cpu": (["kodim13"], ["siren", "ours", "ftc", "qt"]),
        "paper_cpu_08": (["kodim08"], ["siren"]),
        "paper_cpu_23": (["kodim23"], ["siren", "ours"]),
    }
    for name, profile in own.items():
        assert profile.device == "cpu"
        assert PAPER.protocol.has_some_images_of(profile)
        assert (profile.train, profile.network) == (own["paper_cpu"].train, own["paper_cpu"].network)
        assert (Path(ROOT) / "data/sources" / name / "SHA256SUMS").exists()
    for other in ("quick", "kodak_crops", "paper"):
        assert not PAPER.protocol.has_some_images_of(SETTINGS.profiles[other])
