"""Claims over several profiles, or over values of a study: they hold, fail, or wait, by numbers that they show."""

import math
from typing import Any

import pandas as pd
import pytest
from pipeline import ROOT

from refield import config, papers
from refield.errors import UserError
from refield.papers import Contest
from refield.pipeline.layout import Layout
from refield.reports.contests import contests
from refield.reports.discussion import discussion
from refield.reports.index import index
from refield.reports.measures import interval
from refield.reports.results import Results
from refield.scores.measure import PSNR
from refield.scores.paired import difference

PARAMS = config.read(path=ROOT / Layout("siren_polito").params)
PAPER = papers.read("siren_polito", ROOT / "papers")
PLAIN, SEEN = "paper_upscale_x2", "paper_upscale_x2_vgg"
FOUR = {
    "MSE": {"method": "siren", "profile": PLAIN},
    "VGG": {"method": "siren", "profile": SEEN},
    "PE": {"method": "siren_pe", "profile": PLAIN},
    "both": {"method": "siren_pe", "profile": SEEN},
}
LEVELS = {"MSE": 31.0, "VGG": 32.0, "PE": 33.0, "both": 30.0}
OMEGA = "network.mlp.omega_0"


def claim(contestants: dict[str, Any] = FOUR, **keys: Any) -> Contest:
    return Contest.model_validate({"text": "Both are worst", "order": "last", "contestants": contestants, **keys})


def profiles(levels: dict[str, float], apart: float = 0.1, images: int = 4) -> pd.DataFrame:
    """PSNR about some levels, a contestant's differences from others moving as much from image to image."""
    return pd.DataFrame(
        [
            {"profile": FOUR[name]["profile"], "method": FOUR[name]["method"], "image": f"im{i}"}
            | {"psnr_8bit": level + i + apart * (place + 1) * (-1) ** i, "ssim": 1 - level / 100}
            for place, (name, level) in enumerate(levels.items())
            for i in range(images)
        ]
    )


def omegas(psnr: dict[float, float], seeds: int = 1, images: int = 1, **columns: Any) -> pd.DataFrame:
    """A study of some omegas."""
    return pd.DataFrame(
        [
            {OMEGA: omega, **({"seed": seed} if seeds > 1 else {}), "method": "siren", "image": f"im{image}"}
            | {"psnr_8bit": level + seed + image + 0.01 * seed * omega, "drop": level / 10}
            for omega, level in psnr.items()
            for seed in range(seeds)
            for image in range(images)
        ]
    ).assign(**columns)


def grown(*omegas_: float, **keys: Any) -> Contest:
    """The larger the better."""
    each = {f"{omega:g}": {"method": "siren", "at": {OMEGA: omega}} for omega in omegas_}
    return Contest.model_validate({"text": "More is better", "studies": ["omega"], "contestants": each, **keys})


def table(asked: Contest, scores: pd.DataFrame | None = None, study: pd.DataFrame | None = None) -> list[list[str]]:
    """The cells of a claim's table."""
    rows = pd.DataFrame(columns=["profile", "method", "image", "psnr_8bit"]) if scores is None else scores
    studies = {} if study is None else {"omega": study}
    lead, text, found = contests([asked], Results(rows, []), studies, PARAMS, PAPER)
    assert text == f"**{asked.text}**"
    assert ("Within chance: " in lead) == (", within chance" in found)
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in found.splitlines() if "---" not in line]


def test_a_claim_over_profiles_holds_with_its_numbers_and_interval() -> None:
    scores = profiles(LEVELS)
    head, published, here = table(claim(), scores)
    assert head == ["PSNR", *FOUR, "least lead", "holds"]
    assert published == ["published", "31.82", "32.39", "33.14", "32.26", "MSE over both: -0.45", "no"]
    wide = scores.pivot(index="image", columns=["method", "profile"], values="psnr_8bit")
    lead = difference(wide["siren", PLAIN], wide["siren_pe", SEEN])
    assert lead.mean == pytest.approx(1.0)
    means = [f"{wide[each['method'], each['profile']].mean():.2f}" for each in FOUR.values()]
    assert here == ["here", *means, f"MSE over both: {interval(lead, PSNR)}", "yes"]


def test_a_claim_over_profiles_fails() -> None:
    here = table(claim(), profiles(LEVELS | {"both": 32.5}))[-1]
    assert here[-1] == "no"
    assert here[-2].startswith("MSE over both: -1.50 [")


def test_a_lead_that_single_images_turn_is_within_chance() -> None:
    assert table(claim(), profiles(LEVELS, apart=3.0))[-1][-1] == "yes, within chance"
    assert table(claim(), profiles(LEVELS, apart=3.0, images=2))[-1][-1] == "yes"  # no interval of two


def test_one_clear_lead_the_wrong_way_is_no_chance() -> None:
    wide = {"apart": 3.0, "levels": LEVELS | {"VGG": 29.5}}
    assert table(claim(), profiles(**wide))[-1][-1] == "no, within chance"
    assert table(claim(), profiles(**wide | {"levels": LEVELS | {"VGG": 10.0}}))[-1][-1] == "no"


def test_a_claim_over_profiles_waits_and_shows_what_there_is() -> None:
    head, _, here = table(claim(), profiles({"MSE": 31.0, "PE": 33.0}, apart=0))
    assert here == ["here", "32.50", "—", "34.50", "—", "—", f"waits for {SEEN}"]
    assert table(claim())[-1] == ["here", *["—"] * 5, f"waits for {PLAIN}, {SEEN}"]
    assert head[0] == "PSNR"  # of the task, with or without scores


def test_only_images_that_all_have_are_compared() -> None:
    scores = profiles(LEVELS, apart=0, images=3)
    scores = scores[(scores["image"] != "im2") | (scores["profile"] == PLAIN)]
    assert table(claim(), scores)[-1][1:] == ["31.50", "32.50", "33.50", "30.50", "MSE over both: +1.00", "yes"]
    scores = scores[(scores["image"] == "im2") == (scores["profile"] == PLAIN)]
    with pytest.raises(UserError, match="profiles that have no image in common: MSE, VGG, PE, both"):
        table(claim(), scores)


def test_a_claim_may_be_about_another_measure_and_a_control() -> None:
    head, published, here = table(claim(measure="ssim"), profiles(LEVELS))
    assert (head[0], published[1], here[4], here[-1]) == ("SSIM", "0.9105", "0.7000", "no")
    bicubic = {"psnr_bicubic": 40.0, "ssim_bicubic": 0.9, "detail_bicubic": 0.25}
    scores = profiles(LEVELS, apart=0).assign(detail=-0.5, **bicubic)
    pair = {"bicubic": {"method": "psnr_bicubic", "profile": PLAIN}, "VGG": FOUR["VGG"]}
    asked = {measure: table(claim(pair, measure=measure), scores) for measure in (None, "ssim", "detail")}
    assert [[rows[0][0], *rows[-1][1:3]] for rows in asked.values()] == [
        ["PSNR", "40.00", "33.50"],
        ["SSIM", "0.9000", "0.6800"],
        ["Detail", "0.2500", "-0.5000"],
    ]


def test_numbers_that_are_not_printed_are_no_answer() -> None:
    pair = {"SIREN": FOUR["MSE"], "ReLU": {"method": "relu", "profile": PLAIN}}
    published, here = table(claim(pair))[1:]
    assert published == ["published", "31.82", "—", "—", "—"]
    assert here[-1] == f"waits for {PLAIN}"
    pair = {"ReLU": pair["ReLU"], "ReLU + VGG": {"method": "relu", "profile": SEEN}}
    assert [row[0] for row in table(claim(pair))[1:]] == ["here"]


def test_one_number_that_is_printed_stands_for_no_two_profiles() -> None:
    again = PARAMS.model_copy(update={"profiles": PARAMS.profiles | {"again": PARAMS.profiles[PLAIN]}})
    pair = {"once": FOUR["MSE"], "again": FOUR["MSE"] | {"profile": "again"}}
    none = Results(pd.DataFrame(columns=["profile", "method", "image", "psnr_8bit"]), [])
    *_, found = contests([claim(pair)], none, {}, again, PAPER)
    assert "published" not in found
    assert "here" in found


@pytest.mark.parametrize(
    ("psnr", "lead", "answer"),
    [
        ({8: 20.0, 30: 30.0, 240: 40.0}, "240 over 30: +10.00", "yes"),
        ({8: 20.0, 30: 30.0, 240: 29.0}, "240 over 30: -1.00", "no"),
        ({8: 30.0, 30: 30.0, 240: 40.0}, "30 over 8: +0.00", "no"),
        ({8: 20.0, 30: math.inf, 240: math.inf}, "240 over 30: +0.00", "no"),
        ({8: 20.0, 30: 30.0, 240: math.inf}, "30 over 8: +10.00", "yes"),
        ({8: 20.0, 30: math.inf, 240: 40.0}, "240 over 30: —", "no"),
    ],
)
def test_a_claim_of_a_study_holds_or_fails(psnr: dict[float, float], lead: str, answer: str) -> None:
    head, row = table(grown(240, 30, 8), study=omegas(psnr))
    assert head == ["PSNR", "240", "30", "8", "least lead", "holds"]
    assert row[0] == "omega"
    assert row[-2:] == [lead, answer]


@pytest.mark.parametrize(
    ("keys", "worst", "answer"),
    [
        ({"least": 20.0}, "8 over 20: +0.00", "yes"),
        ({"least": 20.5}, "8 over 20.5: -0.50", "no"),
        ({"least": 3.0, "measure": "drop"}, "30 over 3: +0.00", "yes"),
        ({"least": 2.5, "measure": "drop"}, "30 over 2.5: -0.50", "no"),
    ],
)
def test_a_level_is_reached_by_the_worst_of_all(keys: dict[str, Any], worst: str, answer: str) -> None:
    """Also where less is better, such as of a fall."""
    assert table(grown(30, 8, **keys), study=omegas({8: 20.0, 30: 30.0}))[-1][-2:] == [worst, answer]
    diverged = table(grown(30, 8, **keys), study=omegas({8: 20.0, 30: math.nan}))[-1]
    assert diverged[-2:] == [f"30 over {keys['least']:g}: —", "no"]


def test_a_fit_that_diverged_is_the_worst() -> None:
    found = omegas({8: 20.0, 30: 30.0, 240: math.nan})
    assert table(grown(240, 30, 8), study=found)[-1][1:] == ["diverged", "30.00", "20.00", "240 over 30: —", "no"]
    assert table(grown(30, 8, 240), study=found)[-1][-1] == "yes"


def test_less_of_a_fall_is_better() -> None:
    head, row = table(grown(8, 30, 240, order="last", measure="drop"), study=omegas({8: 0.0, 30: 10.0, 240: 40.0}))
    assert head[0] == "largest fall on the way"
    assert row[1:] == ["0.00", "1.00", "4.00", "30 over 240: +3.00", "yes"]


def test_intervals_of_a_study_are_over_images_or_else_over_seeds() -> None:
    psnr = {8: 20.0, 30: 30.0}
    seeds = omegas(psnr, seeds=3)
    wide = seeds.pivot(index="seed", columns=OMEGA, values="psnr_8bit")
    expected = f"30 over 8: {interval(difference(wide[30], wide[8]), PSNR)}"
    assert "[" in expected
    assert table(grown(30, 8), study=seeds)[-1][-2] == expected
    assert table(grown(30, 8), study=omegas(psnr, seeds=3, images=3))[-1][-2] == "30 over 8: +10.22 [+10.22, +10.22]"
    assert table(grown(30, 8), study=omegas(psnr, seeds=2, images=2))[-1][-2] == "30 over 8: +10.11"


@pytest.mark.parametrize(
    ("omega", "row"),
    [
        (8.0, ["9.00", "21.00", "bicubic over SIREN: -12.00 [-12.00, -12.00]", "no"]),
        (30.0, ["41.00", "31.00", "bicubic over SIREN: +10.00 [+10.00, +10.00]", "yes"]),
    ],
)
def test_a_study_has_its_controls_at_each_of_its_values(omega: float, row: list[str]) -> None:
    """One for each image, however many methods it has; of another measure, if the study has that of them as well."""
    siren = omegas({8.0: 20.0, 30.0: 30.0}, images=3).assign(ssim=0.5)
    siren["psnr_bicubic"] = siren["psnr_8bit"] + siren[OMEGA] - 20
    study = pd.concat([siren, siren.assign(method="relu", psnr_8bit=5.0)])
    pair = {
        name: {"method": method, "at": {OMEGA: omega}}
        for name, method in (("bicubic", "psnr_bicubic"), ("SIREN", "siren"))
    }
    assert table(claim(pair, studies=["omega"]), study=study)[-1][1:] == row
    with pytest.raises(UserError, match=r"names psnr_bicubic, omega 0 [0-9]+: the study omega has no such fits"):
        table(claim(pair, studies=["omega"], measure="ssim"), study=study)
    study["ssim_bicubic"] = omega / 100
    row = table(claim(pair, studies=["omega"], measure="ssim"), study=study)[-1]
    assert row[1:3] == [f"{omega / 100:.4f}", "0.5000"]


@pytest.mark.parametrize(
    ("measure", "siren", "relu"), [(None, "31.00", "26.00"), ("drop", "2.00", "1.00"), ("ssim", "0.1000", "0.5000")]
)
def test_a_contestant_may_stand_where_it_does_best(measure: str | None, siren: str, relu: str) -> None:
    """By what the claim is about, and over all images; a rate with which one of them diverged is none."""
    found = omegas({8.0: 20.0, 30.0: 30.0, 60.0: 40.0}, images=3).assign(ssim=0.1)
    found.loc[(found[OMEGA] == 60) & (found["image"] == "im1"), ["psnr_8bit", "drop", "ssim"]] = math.nan
    other = omegas({8.0: 25.0, 30.0: 12.0, 60.0: 10.0}, images=3).assign(
        method="relu", ssim=[0.5, 0.5, 0.5, *[0.2] * 6]
    )
    pair = {name: {"method": name, "at": {OMEGA: "best"}} for name in ("siren", "relu")}
    row = table(claim(pair, studies=["omega"], measure=measure), study=pd.concat([found, other]))[-1]
    assert row[1:3] == [siren, relu]


def test_best_is_of_the_keys_that_say_so_and_a_control_has_it_too() -> None:
    """The rate is chosen among the fits of one depth."""
    parts = [
        omegas(psnr, depth=depth, psnr_bicubic=23.0)
        for depth, psnr in ((2, {8.0: 20.0, 30.0: 22.0}), (3, {8.0: 35.0, 30.0: 30.0}))
    ]
    study = pd.concat(parts)[["depth", *parts[0].columns.drop("depth")]]
    pair = {
        "bicubic": {"method": "psnr_bicubic", "at": {"depth": 2, OMEGA: "best"}},
        "SIREN": {"method": "siren", "at": {OMEGA: "best", "depth": 2}},
    }
    assert table(claim(pair, studies=["omega"]), study=study)[-1][1:3] == ["23.00", "22.00"]
    pair["SIREN"]["at"]["depth"] = 4
    with pytest.raises(UserError, match=r"siren, omega 0 best, depth 4: the study omega has no such fits"):
        table(claim(pair, studies=["omega"]), study=study)
    pair["SIREN"]["at"] = {"rate": "best"}
    with pytest.raises(UserError, match="names the key rate, which the study omega does not vary"):
        table(claim(pair, studies=["omega"]), study=study)


def test_a_claim_says_who_makes_it() -> None:
    nothing = Results(pd.DataFrame(columns=["profile", "method", "image", "psnr_8bit"]), [])
    blocks = [*contests([claim(), claim(words="So its slides have it.")], nothing, {}, PARAMS, PAPER)]
    assert blocks[3:5] == [blocks[1], "So its slides have it."]
    assert blocks[2] == blocks[5]


def test_a_claim_waits_for_its_study() -> None:
    assert table(grown(30, 8)) == [
        ["", "30", "8", "least lead", "holds"],
        ["omega", "—", "—", "—", "waits for the study omega"],
    ]


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ({"omega": 8.0}, "a claim names the key omega, which the study omega does not vary"),
        ({OMEGA: 9.0}, "a claim names siren, omega 0 9: the study omega has no such fits"),
        ({}, "a claim names siren: the study omega has several such fits"),
    ],
)
def test_values_are_those_of_one_setting(at: dict[str, float], said: str) -> None:
    other = {"30": {"method": "siren", "at": {OMEGA: 30.0}}, "wrong": {"method": "siren", "at": at}}
    asked = Contest.model_validate({"text": "so", "studies": ["omega"], "contestants": other})
    with pytest.raises(UserError, match=said):
        table(asked, study=omegas({8: 20.0, 30: 30.0}))


def test_what_there_is_not_is_named() -> None:
    with pytest.raises(UserError, match=r"the study omega has no scores of iou; its params\.yaml must name it"):
        table(grown(30, 8, measure="iou"), study=omegas({8: 20.0, 30: 30.0}))
    pair = {"MSE": FOUR["MSE"], "none": {"method": "siren", "profile": "none"}}
    with pytest.raises(UserError, match=r"a claim names the profile none, which params\.yaml does not have"):
        table(claim(pair))


def test_the_front_page_says_where_they_stand() -> None:
    nothing = Results(pd.DataFrame(columns=["profile", "method", "image"]), [])
    link = 'Claims across profiles and settings: <a href="discussion.md">'
    for claims in ([], [claim()]):
        assert PAPER.discussion is not None
        plan = PAPER.discussion.model_copy(update={"claims": claims})
        paper = PAPER.model_copy(update={"discussion": plan})
        assert (link in index(PARAMS, paper, nothing, {})) == bool(claims)


@pytest.mark.parametrize(("by", "words"), [("paper", "The paper's claims"), ("us", "What is claimed here")])
def test_the_discussion_has_the_claims(by: str, words: str) -> None:
    nothing = Results(pd.DataFrame(columns=["profile", "method", "image"]), [])
    text = {}
    for claims in ([], [claim()]):
        assert PAPER.discussion is not None
        plan = PAPER.discussion.model_copy(update={"claims": claims, "studies": []})
        paper = PAPER.model_copy(update={"discussion": plan, "claims_by": by})
        text[len(claims)] = discussion("Made here.", nothing, nothing, {}, PARAMS, paper)
    heading = f"## {words}, across profiles and settings\n\n"
    assert heading not in text[0]
    assert text[1].startswith(text[0].rstrip("\n"))
    assert text[1].partition(heading)[2].rstrip("\n").endswith(f"waits for {PLAIN}, {SEEN} |")
