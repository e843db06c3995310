"""The discussion says what the numbers say."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT

from refield import config, papers
from refield.errors import UserError
from refield.reports.differences import _cells
from refield.reports.discussion import discussion
from refield.reports.results import Results
from refield.scores.measure import PSNR, Measure
from refield.scores.paired import difference
from refield.study import COURSE

PARAMS, PAPER = config.read(path=ROOT / "params.yaml"), papers.read("oh_bae_2024", ROOT / "papers")
PLAN = PAPER.discussion
IMAGES = [f"kodim{i:02}" for i in range(1, 13)]
LEVEL = {"siren": 30, "siren_wide": 33, "siren_region": 31, "ftc": 38, "turned_map": 38.5, "random_map": 38.2}
LEVEL |= {"qt": 36, "ours": 39, "equal_bin": 38.9, "ours_2": 38.7, "ours_8": 39.2, "ftc_leaky": 34}


def rows(methods, **columns):
    rng = np.random.default_rng(0)
    each = rng.normal(0, 3, len(IMAGES))
    noise = rng.normal(0, 0.02, (len(methods), len(IMAGES)))
    return pd.DataFrame(
        [
            {**columns, "method": method, "image": image, "psnr_8bit": LEVEL[method] + each[i] + noise[j, i]}
            for j, method in enumerate(methods)
            for i, image in enumerate(IMAGES)
        ]
    )


def chosen(segmentation, better, bits):
    """A study's rows of one method with a map, so many dB better and at so many bits a pixel."""
    found = rows(["ours"], **{"seg.method": segmentation})
    apart = np.linspace(1, 1.001, len(IMAGES))  # between equal differences the rank test goes through all permutations
    return found.assign(psnr_8bit=found["psnr_8bit"] + better * apart, bpp_map=bits)


def text(scores=None, paper=PAPER):
    scores = rows(LEVEL, profile="kodak_crops") if scores is None else scores
    seeds = pd.concat([rows(["ftc", "ours", "equal_bin"], seed=s) for s in (0, 1, 2)])
    rates = rows(["siren", "ftc", "ours", "random_map", "turned_map"], **{"profile.train.learning_rate": 1e-3})
    long = rows(["ftc", "ours", "turned_map"], **{"profile.train.iterations": 5000})
    long = long.assign(**dict.fromkeys([*COURSE, "psnr_raw"], long["psnr_8bit"]))
    maps = pd.concat(
        [chosen("multi_otsu", 0, 0.9), chosen("em", 0.5, 0.4), chosen("turned", -1, 0.9), chosen("random", -2, 2)]
    )
    studies = {"seeds": seeds, "rates": rates, "iterations": long, "segmentations": maps}
    return discussion("Made here.", Results(scores, []), Results(curves(), []), studies, PARAMS, paper)


def curves():
    """Ours leads by 2 dB at a tenth of the way, and by nothing in the end."""
    steps = [0, 50, 100, 200, 300, 400, 500]
    psnr = {"siren": 20.0, "ftc": 30.0, "ours": 32.0}
    return pd.DataFrame(
        [
            {"profile": "kodak_crops", "method": method, "iteration": step, "psnr": value + step / 100}
            for method, value in psnr.items()
            for step in steps
        ]
    ).assign(psnr=lambda rows: rows["psnr"] - 2.0 * ((rows["method"] == "ours") & (rows["iteration"] == 500)))


def first_lines(**studies):
    scores, none = Results(rows(LEVEL, profile="kodak_crops"), []), Results(curves(), [])
    return discussion("Made here.", scores, none, studies, PARAMS, PAPER).partition("\n## ")[0]


def test_the_head_names_only_what_studies_that_were_run_vary():
    """A key that has one value in all combinations varies nothing, and a study that is not shown says nothing."""
    seeds = pd.concat([rows(["ftc", "ours"], seed=seed) for seed in (0, 1)])
    rates = pd.concat(
        [rows(["ftc", "ours"], **{"profile.train.learning_rate": rate, "profile.train.beta2": 0.9}) for rate in (1, 2)]
    )
    maps = pd.concat([chosen("multi_otsu", 0, 0.9), chosen("turned", -1, 0.9), chosen("random", -2, 2)])
    assert first_lines().endswith("for one seed.\n")
    assert first_lines(elsewhere=seeds).endswith("for one seed.\n")
    assert first_lines(rates=rates[rates["profile.train.learning_rate"] == 1]).endswith("for one seed.\n")
    assert first_lines(rates=rates).endswith("for one seed: what another rate changes stands below.\n")
    assert first_lines(seeds=seeds, rates=rates).endswith("what another seed or rate changes stands below.\n")
    assert first_lines(seeds=seeds, rates=rates, segmentations=maps).endswith(
        "what another seed, rate or setting changes stands below.\n"
    )


def test_every_control_is_a_row_with_its_difference():
    lines = text().splitlines()
    for name in [*PLAN.parts, "gain", *PLAN.others]:
        first, second = PAPER.difference(name)
        (line,) = [line for line in lines if line.startswith(f"| {PAPER.label(first)} less {PAPER.label(second)} |")]
        found = float(line.split("|")[3])
        assert found == pytest.approx(LEVEL[first] - LEVEL[second], abs=0.03), line


def test_published_differences_stand_beside_ours_where_there_are_any():
    rows = [line.split("|") for line in text().splitlines() if line.startswith("| ") and " less " in line]
    lines = {row[1].strip(): row[-2].strip() for row in rows}
    assert lines["Ours less LoE Fine-to-Coarse"] == "+0.84"
    assert lines["Ours less Ours, equal bin"] == "+0.23"
    assert lines["Ours, random map less LoE Fine-to-Coarse"] == "—"


def test_the_parts_of_the_gain_add_up():
    pairs = [PAPER.difference(name) for name in PLAN.parts]
    assert [first for first, _ in pairs[:-1]] == [second for _, second in pairs[1:]]  # each starts where the last ends
    assert (pairs[-1][0], pairs[2][1]) == PAPER.gain.pair  # the last three are the gain's


def test_the_gain_is_followed_over_the_iterations():
    rows = [line.split("|") for line in text().splitlines() if line.startswith(("| 50 |", "| 500 |"))][:2]
    assert [row[-2].strip() for row in rows] == ["+2.00", "+0.00"]


def test_the_course_is_of_iterations_that_most_methods_take(monkeypatch):
    """One that takes twice as many moves no rows of the others, and has one for its end."""
    longer = [{"profile": "kodak_crops", "method": "siren", "iteration": i, "psnr": 20 + i / 100} for i in (600, 1000)]
    found = pd.concat([curves(), pd.DataFrame(longer)])
    monkeypatch.setattr(f"{__name__}.curves", lambda: found)
    course = text().partition("On the way there, before rounding to 8 bit:\n\n")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in course.splitlines()[2:]]
    assert [row[0] for row in rows] == ["50", "100", "200", "300", "400", "500", "1,000"]
    assert rows[-2][1:] == ["25.00", "35.00", "35.00", "+0.00"]
    assert rows[-1][1:] == ["30.00", "—", "—", "—"]


def test_there_is_no_table_without_a_row():
    controls = rows([name for name in LEVEL if name not in PAPER.gain.pair], profile="kodak_crops")
    found = text(controls)
    assert "Some of the controls have not been run here." in found
    for block in found.split("\n\n"):
        assert "| --- |" not in block.splitlines()[-1], block


def test_differences_stand_in_other_measures_that_are_asked_for():
    scores = rows(LEVEL, profile="kodak_crops")
    scores = scores.assign(ssim=scores["psnr_8bit"] / 100)
    table = PAPER.tables[0]
    also = {"ours": 0.9875, "ftc": 0.975}
    known = [
        row.model_copy(update={"also": {"ssim": also[row.method]} if row.method in also else {}}) for row in table.rows
    ]
    tables = [table.model_copy(update={"rows": known}), *PAPER.tables[1:]]
    plan = PLAN.model_copy(update={"measures": ["ssim"]})
    found = text(scores, PAPER.model_copy(update={"tables": tables, "discussion": plan}))
    before, _, section = found.partition("\n\nIn SSIM:\n\n")
    section, _, after = section.partition("\n\n")
    assert f"{before}\n\n{after}".replace(", or of SSIM,", ",") == text(scores)
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines()]
    assert lines[0][2] == "SSIM"
    assert len(lines) == 2 + len([*PLAN.parts, "gain", *PLAN.others])
    (gain,) = [line for line in lines if line[0] == "Ours less LoE Fine-to-Coarse"]
    ssim = scores.pivot(index="image", columns="method", values="ssim")
    gap = difference(ssim["ours"], ssim["ftc"])
    assert gain[2:4] == [f"{gap.mean:+.4f}", f"{gap.low:+.4f} to {gap.high:+.4f}"]
    assert gain[-2:] == ["12 of 12", "+0.0125"]


def test_less_of_an_error_wins():
    error = Measure("error", "Error", 2, higher_is_better=False)
    values = pd.DataFrame({"one": [3.0, 1.0, 2.0, 5.0], "other": [4.0, 3.0, 2.5, 4.0]})
    assert _cells(values, "one", "other", error)[-1] == "3 of 4"
    assert _cells(values, "one", "other", PSNR)[-1] == "1 of 4"


def test_words_follow_the_sign():
    assert re.search(
        r"Ours less Fine-to-Coarse is \+(1\.0|0\.9)\d dB \[.*\], clear of zero; ours wins 12 of 12", text()
    )
    worse = rows(LEVEL, profile="kodak_crops")
    worse.loc[worse["method"] == "ours", "psnr_8bit"] -= 2
    assert re.search(r"Ours less Fine-to-Coarse is -\d\.\d\d dB \[.*\], clear of zero; ours wins 0 of 12", text(worse))
    same = rows(LEVEL, profile="kodak_crops")
    same.loc[same["method"] == "ours", "psnr_8bit"] += np.array([-2, 0] * 6)
    assert re.search(r"Ours less Fine-to-Coarse is [+-]\d\.\d\d dB \[.*\], not clear of zero", text(same))


def test_a_few_images_are_not_discussed_and_a_missing_profile_is_said_to_be_missing():
    few = rows(LEVEL, profile="quick")
    few = few[few["image"].isin(IMAGES[:4])]
    assert "## quick" not in text(few)
    assert "## paper\n\nNot run yet" in text(few)


def test_missing_controls_are_said_to_be_missing():
    found = text(rows([method for method in LEVEL if method != "random_map"], profile="kodak_crops"))
    assert "Some of the controls have not been run here." in found


def test_a_profile_of_another_task_is_not_discussed_in_the_papers_words():
    inpaint = PAPER.protocol.model_copy(update={"task": "inpaint"})
    scores = rows(LEVEL, profile="kodak_crops", height=64, width=96)
    paper = PAPER.model_copy(update={"protocol": inpaint})
    found = text(scores, paper).partition("## kodak_crops\n\n")[2].partition("\n## ")[0]
    assert found.startswith("Another task: 12 images, 96 x 64 pixels; ")
    assert "| Ours less LoE Fine-to-Coarse |" in found
    assert "Ours less Fine-to-Coarse is" not in found
    assert "On the way there" not in found


MIRE, MIRES = papers.read("mire", ROOT / "papers"), config.read(path=ROOT / "papers/mire/params.yaml")


def hidden(images, **levels):
    """Scores of inpainting, of some methods on some images, and of two ways without a field."""
    each = np.linspace(-1, 1, images)
    return pd.DataFrame(
        [
            {"profile": "inpaint_random", "method": method, "image": f"im{i}", "height": 64, "width": 96}
            | {"psnr_hidden": level + each[i] * (1 + 0.01 * place), "psnr_hidden_biharmonic": 26.0 + each[i]}
            for place, (method, level) in enumerate(levels.items())
            for i in range(images)
        ]
    ).assign(psnr_visible=40.0, psnr_8bit=50.0, ssim=0.9)


def on_hidden_pixels(scores, **plan):
    """The section on a profile of another task than the protocol's, in cells; none if there is none."""
    paper = MIRE.model_copy(update={"discussion": MIRE.discussion.model_copy(update={"studies": [], **plan})})
    none = Results(pd.DataFrame(columns=["profile", "method", "iteration", "psnr"]), [])
    found = discussion("Made here.", Results(scores, []), none, {}, MIRES, paper)
    _, there, section = found.partition("## inpaint_random\n\n")
    lines = section.partition("\n## ")[0].splitlines()
    assert not there or "inpaint, mask random, hidden 0.8" in lines[0]
    return {
        cells[1].strip(): [cell.strip() for cell in cells[2:-1]] for line in lines if (cells := line.split("|"))[1:]
    }


def test_differences_stand_in_another_task_of_the_methods_that_it_has_beside_what_needs_no_field():
    rows = on_hidden_pixels(hidden(3, siren=23.0, mire=15.0, finer_segment=27.0))
    assert [name for name in rows if " less " in name] == [
        "MIRE less SIREN",
        "SIREN less Biharmonic surface",
        "MIRE less Biharmonic surface",
        "FINER, last layer by segment less Biharmonic surface",
    ]
    assert rows["MIRE less SIREN"][1:3] == ["-8.00", "-8.02 to -7.98"]
    assert rows["FINER, last layer by segment less Biharmonic surface"][0] == "+1.00"
    assert rows["difference"] == ["PSNR hidden", "95 %", "p", "images won"]


def test_the_best_way_without_a_field_is_what_methods_of_another_task_stand_beside():
    scores = hidden(3, siren=23.0).assign(psnr_visible=24.0)  # a measure as any, here in the place of a control
    for control, level in (("biharmonic", 27.0), ("visible", 22.0)):
        (name,) = [
            name
            for name in on_hidden_pixels(
                scores.assign(psnr_hidden_biharmonic=level), controls=["psnr_visible", "psnr_hidden_biharmonic"]
            )
            if name.startswith("SIREN less ")
        ]
        assert control in name.lower()


def test_too_few_images_of_another_task_are_not_discussed():
    assert not on_hidden_pixels(hidden(2, siren=23.0, mire=15.0))
    assert not on_hidden_pixels(hidden(3, siren=23.0), controls=[])


def test_a_paper_may_have_nothing_to_discuss():
    with pytest.raises(UserError, match="has no discussion"):
        text(paper=PAPER.model_copy(update={"discussion": None}))


def test_the_committed_discussion_has_every_profile_that_was_run():
    committed = Path(ROOT / "reports/discussion.md")
    if not committed.exists():
        pytest.skip("not made yet")
    assert "## kodak_crops" in committed.read_text()


def test_choices_stand_from_the_best_to_the_worst_beside_what_they_cost():
    section = text().partition("## Other segmentations")[2]
    lines = [line for line in section.splitlines() if line.startswith("| ") and "---" not in line]
    assert [line.split(" | ")[0].strip("| ") for line in lines] == [
        "seg.method",
        "em",
        "multi otsu",
        "turned",
        "random",
    ]
    assert "| 0.40 |" in lines[1]
    assert "+0.50 [+0.50, +0.50]" in lines[1]  # less Multi-Otsu, image by image
    assert "+2.50 [+2.50, +2.50]" in lines[1]  # less noise
