"""Tables of what varies: averages, each method at its best, and what searches have chosen."""

import re

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT
from ruamel.yaml import YAML
from stages import discussion as stage

from refield import papers
from refield.errors import UserError
from refield.pipeline.layout import Layout
from refield.reports.combinations import called
from refield.reports.measures import FALL
from refield.reports.variation import best, sequences, table
from refield.scores.measure import IOU
from refield.scores.paired import difference
from refield.scores.segmented import DICE
from refield.study import brief, read_scores

PAPER = papers.read("mire", ROOT / "papers")
RATE = "method.train.learning_rate"
IMAGES = ["im1", "im2", "im3", "im4"]
PIPELINES = [None, *sorted(folder.parent.name for folder in ROOT.glob("papers/*/studies"))]


def rows(psnr, methods=("mire", "siren"), **columns):
    """Of each method and image the PSNR, which differs from image to image."""
    about = [{**columns, "method": method, "image": image} for method in methods for image in IMAGES]
    return pd.DataFrame(about).assign(psnr_8bit=np.ravel(psnr))


def around(*averages):
    """For each method four images around an average, not the same for all."""
    offsets = [[-3.0, -1.0, 1.0, 3.0], [-2.9, -1.1, 1.3, 2.7], [-3.2, -0.6, 0.9, 2.9], [-2.8, -1.2, 1.1, 2.9]]
    return [[average + offset for offset in each] for average, each in zip(averages, offsets, strict=False)]


def rates(**levels):
    """A study of rates, with each method's averages at 0.001, 0.01 and 0.1."""
    return pd.concat(
        rows(around(*(each[i] for each in levels.values())), [*levels], **{RATE: rate})
        for i, rate in enumerate((0.001, 0.01, 0.1))
    )


def cells(block):
    """Of a table in Markdown, its lines."""
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in block.splitlines() if "---" not in line]


def test_null_is_a_value_as_others_are():
    """As a CSV file has it, which is as a number that is none."""
    scores = pd.concat([rows(around(30, 28), skip=2.0), rows(around(31, 29), skip=np.nan)])
    scores = scores.rename(columns={"skip": "method.skip"})
    assert cells([*table(scores, [], PAPER)][1]) == [
        ["skip", "MIRE", "SIREN"],
        ["2", "30.00", "28.00"],
        ["none", "31.00", "29.00"],
    ]


def test_a_row_is_a_setting_and_a_column_a_method():
    said, averages = table(rates(mire=(30, 32, 31), siren=(28, 29, 27)), [], PAPER)
    assert said == "Average PSNR over 4 images."
    assert cells(averages) == [
        ["learning rate", "MIRE", "SIREN"],
        ["0.001", "30.00", "28.00"],
        ["0.01", "32.00", "29.00"],
        ["0.1", "31.00", "27.00"],
    ]


def test_trials_are_averaged_and_their_deviation_is_that_of_the_average():
    levels = {0: (30, 28), 1: (31, 28), 2: (35, 28)}
    parts = [
        rows(around(*(level + (width == 64) for level in pair)), **{"profile.network.width": width, "seed": seed})
        for width in (32, 64)
        for seed, pair in levels.items()
    ]
    said, averages, _, gaps = table(pd.concat(parts), [("mire", "siren"), ("mire", "finer")], PAPER)
    assert said == "Average PSNR over 4 images, and the standard deviation of the average over 3 seeds."
    deviation = np.std([30, 31, 35], ddof=1)
    assert cells(averages)[1:] == [
        ["32", f"32.00 ± {deviation:.2f}", "28.00 ± 0.00"],
        ["64", f"33.00 ± {deviation:.2f}", "29.00 ± 0.00"],
    ]
    heads, *lines = cells(gaps)
    assert heads == ["width", "MIRE less SIREN"]  # FINER was not fitted
    mean = pd.DataFrame(around(32, 28), index=["mire", "siren"])
    assert {line[1] for line in lines} == {str(difference(mean.loc["mire"], mean.loc["siren"])).replace(" dB", "")}


def test_other_measures_have_tables_of_their_own():
    scores = rates(mire=(30, 32, 31), siren=(28, 29, 27)).assign(dice=0.125)
    _, _, said, averages = table(scores, [], PAPER, [DICE])
    assert said.startswith("Average Dice over ")
    assert {cell for line in cells(averages)[1:] for cell in line[1:]} == {"0.1250"}
    assert len([*table(scores, [], PAPER)]) == 2


def test_differences_are_in_other_measures_as_well():
    dice = rates(mire=(80, 92, 91), siren=(78, 89, 87))["psnr_8bit"] / 100
    scores = rates(mire=(30, 32, 31), siren=(28, 29, 27)).assign(dice=dice)
    *_, in_db, psnr, said, gaps = table(scores, [("mire", "siren")], PAPER, [DICE])
    assert [in_db, psnr] == [*table(scores, [("mire", "siren")], PAPER)][2:]
    assert said == "Differences in Dice with their 95 % intervals over images."
    found = scores.pivot(index=[RATE, "image"], columns="method", values="dice").loc[0.01]
    gap = difference(found["mire"], found["siren"])
    assert cells(gaps)[2] == ["0.01", f"{gap.mean:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"]


def test_two_images_have_no_interval():
    scores = rates(mire=(30, 32, 31), siren=(28, 29, 27))
    *_, said = table(scores[scores["image"].isin(IMAGES[:2])], [("mire", "siren")], PAPER)
    assert said == "Of 2 images differences have no intervals."


def test_one_image_has_its_intervals_over_seeds():
    psnr = {"mire": [30.0, 31.0, 35.0], "siren": [28.0, 28.5, 27.0]}
    parts = [rows(np.repeat([each[seed] for each in psnr.values()], 4), seed=seed) for seed in range(3)]
    scores = pd.concat(parts)
    *_, said, gaps = table(scores[scores["image"] == "im2"], [("mire", "siren")], PAPER)
    assert said == "Differences in dB with their 95 % intervals over seeds."
    gap = difference(*(pd.Series(psnr[name]) for name in ("mire", "siren")))
    assert cells(gaps)[1] == ["all", str(gap).replace(" dB", "")]
    *_, said, both = table(scores[scores["image"].isin(["im2", "im3"])], [("mire", "siren")], PAPER)
    assert said.endswith("over seeds; of each seed the mean over images.")
    assert cells(both) == cells(gaps)  # which are equal


def of(measure, *levels):
    """A study of rates, of another measure than the PSNR: a hundredth of the numbers."""
    scores = rates(mire=levels[0], siren=levels[1])
    return scores.assign(**{measure.name: scores.pop("psnr_8bit") / 100}, psnr_raw=1.0, ssim=0.5)


def test_a_study_of_another_task_goes_by_what_ranks_there():
    scores = of(IOU, (80, 92, 91), (78, 89, 87))
    said, averages, less, gaps = table(scores, [("mire", "siren")], PAPER)
    assert said == "Average IoU over 4 images."
    assert cells(averages)[2] == ["0.01", "0.9200", "0.8900"]
    assert less == "Differences in IoU with their 95 % intervals over images."
    values = pd.DataFrame(around(92, 89), index=["mire", "siren"]) / 100
    gap = difference(values.loc["mire"], values.loc["siren"])
    assert cells(gaps)[2][1] == f"{gap.mean:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"
    said, _, chosen, ranked = best(scores, ["mire"], PAPER)
    assert said == "Average IoU over 4 images; * is a method's best."
    assert "Differences in IoU with their 95 % intervals." in chosen
    heads, first, _ = cells(ranked)
    assert heads == ["", "learning rate", "IoU", "held out", "MIRE less it"]
    assert first == ["MIRE", "0.01", "0.9200", "0.9200", ""]


def test_where_less_is_better_the_least_is_best():
    _, averages, _, ranked = best(of(FALL, (800, 920, 910), (780, 890, 870)), [], PAPER)
    assert cells(averages)[1] == ["0.001", "8.00*", "7.80*"]
    assert [line[:3] for line in cells(ranked)[1:]] == [
        ["SIREN", "0.001 (end)", "7.80"],
        ["MIRE", "0.001 (end)", "8.00"],
    ]


def test_a_study_without_scores_is_named():
    with pytest.raises(UserError, match="scores of no task's measures, but columns seed, method, image"):
        list(table(rows(around(30, 28), seed=0).drop(columns="psnr_8bit"), [], PAPER))


def test_where_only_seeds_vary_there_is_one_row_of_all():
    parts = [rows(around(30 + seed, 28), seed=seed) for seed in (0, 1)]
    assert cells([*table(pd.concat(parts), [], PAPER)][1])[1:] == [["all", "30.50 ± 0.71", "28.00 ± 0.00"]]


def test_what_changes_only_with_an_earlier_key_is_not_said_twice():
    keys = ("method.gates", "methods.mire.gates")
    parts = [rows(around(30, 28), **dict.fromkeys(keys, str(["dense"] * depth)), stages="[1]") for depth in (2, 4)]
    heads, *lines = cells([*table(pd.concat(parts), [], PAPER)][1])
    assert [heads[0], *(line[0] for line in lines)] == ["gates", "dense, dense", "dense, dense, dense, dense"]
    starts = ("base", "{'normal': [0.0, 1.0]}")
    both = pd.concat(rows(around(30, 28), init=init, trained=start) for init in "ab" for start in starts)
    heads, *lines = cells([*table(both, [], PAPER)][1])
    assert [line[0] for line in lines] == ["a, base", "a, normal 0, 1", "b, base", "b, normal 0, 1"]


def test_combinations_whose_values_say_little_have_names():
    starts = ("{'iterations': 840}", "{'iterations': 1960}")
    parts = [
        rows(around(30 + more + seed, 28), **{"methods.siren.train": start, "seed": seed})
        for more, start in enumerate(starts)
        for seed in (0, 1)
    ]
    scores = called(pd.concat(parts), ["equal iterations", "equal seconds"], "seconds")
    heads, *lines = cells([*table(scores, [], PAPER)][1])
    assert heads[0] == "setting"
    assert [line[:2] for line in lines] == [["equal iterations", "30.50 ± 0.71"], ["equal seconds", "31.50 ± 0.71"]]
    with pytest.raises(UserError, match="the study seconds has 2 combinations of values, and called 1 names"):
        called(pd.concat(parts), ["equal"], "seconds")
    assert called(parts[0], [], "seconds") is parts[0]


def test_each_method_is_taken_at_its_best():
    scores = rates(mire=(30, 32, 31), siren=(28, 29, 29.5), finer=(33, 33, 33))
    _, averages, said, ranked = best(scores, ["mire"], PAPER)
    assert cells(averages)[1:] == [
        ["0.001", "30.00", "28.00", "33.00"],
        ["0.01", "32.00*", "29.00", "33.00"],
        ["0.1", "31.00", "29.50*", "33.00"],
    ]
    assert "(end) is an end of what was tried" in said
    heads, *lines = cells(ranked)
    assert heads == ["", "learning rate", "PSNR", "held out", "MIRE less it"]
    assert [line[:4] for line in lines] == [
        ["FINER", "—", "33.00", "—"],  # nothing of it was varied
        ["MIRE", "0.01", "32.00", "32.00"],
        ["SIREN", "0.1 (end)", "29.50", "29.50"],
    ]
    psnr = pd.DataFrame(around(32, 29.5, 33), index=["mire", "siren", "finer"])
    gaps = [str(difference(psnr.loc["mire"], psnr.loc[other])).replace(" dB", "") for other in ("finer", "siren")]
    assert [line[4] for line in lines] == [gaps[0], "", gaps[1]]


def test_held_out_each_image_has_what_is_best_for_the_others():
    by_rate = {0.01: (0.0, 9.0, 9.0, 9.0), 0.1: (9.5, 9.0, 3.0, 3.0)}
    scores = pd.concat(rows(values, ["siren"], **{RATE: rate}) for rate, values in by_rate.items())
    _, _, said, ranked = best(scores, [], PAPER)
    assert said.endswith("Held out: of each image at what is best for the others.")
    # Without one of the last two the rate of the first is better, and without the first that of the last.
    assert cells(ranked)[1][2:] == ["6.75", f"{np.mean([0, 9, 3, 3]):.2f}"]


def test_an_end_of_what_was_tried_is_spoken_of_where_a_best_one_is_there():
    assert "(end)" not in "".join(best(rates(mire=(30, 32, 31), siren=(28, 30, 29.5)), ["mire"], PAPER))


def test_settings_with_which_a_fit_diverges_are_no_ones_best_and_have_no_average():
    scores = rates(mire=(30, 32, 31), siren=(28, 29, 40)).reset_index(drop=True)
    scores.loc[(scores["method"] == "siren") & (scores[RATE] == 0.1) & (scores["image"] != "im2"), "psnr_8bit"] = np.nan
    _, averages, _, ranked = best(scores, ["mire"], PAPER)
    assert cells(averages)[3] == ["0.1", "31.00", "diverged on 3 of 4"]
    assert cells(ranked)[2][:3] == ["SIREN", "0.01", "29.00"]
    _, same, _, gaps = table(scores, [("mire", "siren")], PAPER)
    assert cells(same) == [[cell.rstrip("*") for cell in line] for line in cells(averages)]
    assert [line[1] == "—" for line in cells(gaps)[1:]] == [False, False, True]
    scores.loc[scores["method"] == "siren", "psnr_8bit"] = np.nan
    assert cells([*best(scores, ["mire"], PAPER)][3])[2] == ["SIREN", "—", "diverged on 4 of 4", "—", "—"]


def test_the_values_of_no_number_have_no_end():
    parts = [rows(around(level, 28), activation=str([name])) for name, level in (("sine", 31), ("gabor", 30))]
    _, _, said, ranked = best(pd.concat(parts), [], PAPER)
    assert "end" not in said
    assert [line[:2] for line in cells(ranked)[1:]] == [["MIRE", "sine"], ["SIREN", "—"]]


def test_best_against_a_method_that_was_not_fitted_is_refused():
    with pytest.raises(UserError, match="has no scores of finer"):
        list(best(rates(mire=(30, 32, 31)), ["finer"], PAPER))


def searched(*chosen, **columns):
    return rows(around(30, 28), **columns).assign(sequence=[*chosen, "", "", "", ""])


def test_sequences_are_counted_and_held_against_those_of_other_seeds():
    scores = pd.concat(
        [
            searched("sine-gabor", "sine-gabor", "root_raised_cosine-gabor", "sine-sine", seed=0),
            searched("sine-gabor", "gabor-gabor", "root_raised_cosine-sine", "sine-gabor", seed=1),
        ]
    )
    said, found = sequences(scores, PAPER)
    assert "on how many images every seed leads to the same choice" in said
    heads, line = cells(found)
    assert heads == ["seeds", "", "sequences", "different ones", "the same with every seed", "in layer 1", "in layer 2"]
    assert line[:2] == ["all", "MIRE"]  # SIREN does not search
    assert line[2].startswith("sine, gabor (4); ")
    assert "root raised cosine, gabor (1)" in line[2]
    assert line[3:] == ["5", "1 of 4", "3 of 4", "2 of 4"]


def test_sequences_of_one_seed_and_of_several_depths():
    scores = pd.concat(
        [
            searched("sine", "sine", "sine", "gabor", gates="['dense']"),
            searched("sine-sine", "sine-sine", "gabor-sine", "gabor-sine", gates="['dense', 'dense']"),
        ]
    )
    said, found = sequences(scores, PAPER)
    assert "seed" not in said
    assert cells(found)[1:] == [
        ["dense", "MIRE", "sine (3); gabor (1)", "2"],
        ["dense, dense", "MIRE", "sine, sine (2); gabor, sine (2)", "2"],
    ]
    both = pd.concat([scores.assign(seed=0), scores.assign(seed=1)])[["seed", *scores]]
    assert [line[4:] for line in cells([*sequences(both, PAPER)][1])] == [
        ["the same with every seed", "in layer 1", "in layer 2"],
        ["4 of 4", "4 of 4", ""],
        ["4 of 4", "4 of 4", "4 of 4"],
    ]


@pytest.mark.parametrize("scores", [rates(mire=(30, 32, 31)), rates(mire=(30, 32, 31)).assign(sequence="")])
def test_a_study_without_sequences_is_refused(scores):
    with pytest.raises(UserError, match="its scores must name sequence"):
        list(sequences(scores, PAPER))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1, 1, 2], "1, 1, 2"),
        ("['root_raised_cosine', 'sine']", "root raised cosine, sine"),
        ({"uniform": [0.0, 1.0]}, "uniform 0, 1"),
        ("{'uniform': [-10.0, 10.0]}", "uniform -10, 10"),
        (True, "yes"),
        (np.bool_(False), "no"),
        (np.int64(2520), "2,520"),
        (1e-3, "0.001"),
        ("multi_otsu", "multi otsu"),
        ("data/a_mask/kate_mask.png", "data/a_mask/kate_mask.png"),
        ("kate_mask.png", "kate_mask.png"),
    ],
)
def test_a_value_reads_the_same_from_parameters_and_from_a_file(value, words, tmp_path):
    assert brief(value) == words
    file = tmp_path / "scores.csv"
    pd.DataFrame({"key": [value]}).to_csv(file, index=False)
    assert brief(read_scores(file)["key"].iloc[0]) == words


def test_the_parts_of_mires_gain_add_up():
    pairs = [PAPER.difference(name) for name in PAPER.discussion.parts]
    assert [first for first, _ in pairs[:-1]] == [second for _, second in pairs[1:]]
    assert (pairs[-1][0], pairs[0][1]) == PAPER.gain.pair


@pytest.mark.parametrize("paper", PIPELINES)
def test_a_discussion_depends_on_the_studies_that_it_shows(paper):
    layout = Layout(paper)
    stages = YAML(typ="safe").load(ROOT / layout.studies / "dvc.yaml")["stages"]
    name = YAML(typ="safe").load(ROOT / layout.params)["paper"]
    shown = {f"{layout.studies}/{study}/scores.csv" for study in papers.read(name, ROOT / "papers").studies}
    assert {dep for dep in stages["discussion"]["deps"] if dep.endswith("scores.csv")} == shown


def test_the_discussion_says_which_studies_have_not_been_run(tmp_path, monkeypatch):
    layout = Layout("mire")
    (tmp_path / layout.params).parent.mkdir(parents=True)
    (tmp_path / layout.params).write_bytes((ROOT / layout.params).read_bytes())
    paper = YAML().load(ROOT / "papers/mire/paper.yaml")
    paper["discussion"]["claims"] = []  # which ask for methods that these studies do not have
    YAML().dump(paper, tmp_path / "papers/mire/paper.yaml")
    monkeypatch.chdir(tmp_path)
    layout.reports.mkdir(parents=True)
    searches = ("mire", "mire_siren", "sequence")
    study = {"profile": "crops", "images": "all", "methods": [*searches, "siren"]}
    study["vary"] = [{RATE: [0.001, 0.01, 0.1]}]
    scores = rates(**dict.fromkeys(searches, (30, 32, 31)), siren=(28, 29, 27))
    for name, rows_there in (("rates", 48), ("widths", 47)):  # the second was cut off
        (layout.studies / name).mkdir(parents=True)
        YAML().dump(study, layout.studies / name / "params.yaml")
        scores[:rows_there].to_csv(layout.studies / name / "scores.csv", index=False)
    stage.main("mire")
    text = layout.discussion.read_text()
    titles = [section.title for section in PAPER.discussion.studies]
    sections = dict(zip(titles, re.split("|".join(f"\n## {title}\n" for title in titles), text)[1:], strict=True))
    assert [title for title in titles if "has not been run yet" not in sections[title]] == titles[:2]
    assert "| SIREN | 0.01 | 29.00 | 29.00 | +3.00 [" in sections[titles[0]]
    assert "Made by `dvc repro papers/mire/studies/dvc.yaml:discussion`" in text
