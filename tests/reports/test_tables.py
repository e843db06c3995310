"""tables, statement, claims, latex and results together: from CSV files to text."""

import io
import json
import math
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from pipeline import ROOT

from refield import config, papers
from refield.config import Params
from refield.errors import UserError
from refield.pipeline import readme
from refield.reports import results, statistics, tables
from refield.reports.claims import examine
from refield.reports.index import index
from refield.reports.latex import escape, latex
from refield.reports.page import page
from refield.reports.results import Scores
from refield.scores.numbers import number

PARAMS = config.read(path=ROOT / "params.yaml")
PAPER = papers.read(PARAMS.paper, ROOT / "papers")
COLUMNS = [
    *("image", "height", "width", "psnr_8bit", "ssim", "iou"),
    *("parameters", "bpp_weights", "bpp_map", "bpp"),
]
AVERAGES = {
    "siren": 20.0,
    "ftc": 30.0,
    "qt": 25.0,
    "ours": 31.0,
    "seg_first": 28.0,
    "seg_second": 28.5,
    "seg_third": 29.0,
    "equal_bin": 30.5,
}


def write(folder: Path, profile: str, averages: dict[str, float] = AVERAGES, images: int = 3) -> None:
    """Each method's PSNR: its average, and that -1, +1 dB, and so on."""
    for method, average in averages.items():
        rows = []
        for i in range(images):
            psnr = average + (i + 1) // 2 * (-1) ** i
            rows.append([f"im{i}", 128, 192, psnr, 0.9, 0.8, 195, 0.25, 0.5, 0.75])
        file = folder / profile / f"{method}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(rows, columns=COLUMNS).to_csv(file, index=False)


def report(folder: Path, params: Params = PARAMS) -> str:
    return tables.markdown(results.read_scores(folder, params), params, PAPER)


def scores_of(folder: Path, profile: str = "quick") -> Scores:
    return results.scores_of(results.read_scores(folder, PARAMS), profile, PARAMS)


def section(text: str, profile: str) -> str:
    return text.split(f"\n## {profile}\n")[1].split("\n## ")[0]


def cells(text: str, label: str) -> list[list[str]]:
    """All table rows that begin with a label, without it."""
    return [line.strip("| ").split(" | ")[1:] for line in text.splitlines() if line.startswith(f"| {label} |")]


def test_statistics_stand_beside_the_published_ones(tmp_path: Path) -> None:
    write(tmp_path, "quick")
    quick = section(report(tmp_path), "quick")
    assert cells(quick, "SIREN")[0] == [
        "20.00",
        "30.28",
        "-10.28",
        "21.00",
        "35.00",
        "-14.00",
        "19.00",
        "23.75",
        "-4.75",
    ]
    assert cells(quick, "Fourth layer (ours)") == [
        ["31.00", "39.25", "-8.25", "32.00", "42.04", "-10.04", "30.00", "36.45", "-6.45"]
    ]
    assert cells(quick, "Ours, equal bin") == [["0.9000", "0.8000", "195", "0.25", "0.50", "0.75"]]
    assert "stand beside for reference" in quick
    assert "network width 32 instead of 256" in quick
    for table in PAPER.tables:
        for row in table.rows:
            assert [f"{v:.2f}" for v in (row.average, row.highest, row.lowest)] in [
                c[1:9:3] for c in cells(quick, row.label)
            ]


def test_differences_stand_everywhere_and_only_the_papers_scale_is_called_its_own(tmp_path: Path) -> None:
    write(tmp_path, "quick")
    write(tmp_path, "paper", AVERAGES | {"siren": 30.279})
    text = report(tmp_path)
    assert "the paper's own scale" not in section(text, "quick")
    row = cells(section(text, "paper"), "SIREN")[0]
    assert row == ["30.28", "30.28", "+0.00", "31.28", "35.00", "-3.72", "29.28", "23.75", "+5.53"]
    assert "the paper's own scale" in section(text, "paper")


def test_the_papers_profile_has_dashes_and_a_command_until_it_is_run(tmp_path: Path) -> None:
    write(tmp_path, "quick")
    text = section(report(tmp_path), "paper")
    assert "needs a CUDA GPU: `dvc exp run -S 'runs=[paper]'`" in text
    assert cells(text, "SIREN") == [["—", "30.28", "—", "—", "35.00", "—", "—", "23.75", "—"]]
    assert "claims" not in text
    assert "\n## kodak_crops" not in report(tmp_path)


def test_profiles_stand_in_the_order_of_params_and_unknown_ones_last_with_a_warning(tmp_path: Path) -> None:
    for profile in ("another", "paper", "kodak_crops", "quick"):
        write(tmp_path, profile)
    text = report(tmp_path)
    assert re.findall(r"^## (.*)$", text, re.M) == ["quick", "kodak_crops", "paper", "another"]
    assert "params.yaml no longer has a profile another" in section(text, "another")
    assert cells(section(text, "another"), "SIREN")[0][0] == "20.00"


def test_strays_and_former_methods_are_flagged_and_left_out(tmp_path: Path) -> None:
    write(tmp_path, "quick", AVERAGES | {"former": 99.0})
    (tmp_path / "quick" / "notes.txt").write_text("x")
    (tmp_path / ".gitignore").write_text("x")
    text = report(tmp_path)
    for name in ("quick/former.csv", "quick/notes.txt"):
        assert len([line for line in text.splitlines() if line.endswith("is left out.") and name in line]) == 1
    assert ".gitignore" not in text
    assert "99.00" not in text


def test_methods_beyond_the_paper_have_a_table_of_their_own(tmp_path: Path) -> None:
    """One entry of params.yaml is all that a method costs: the paper does not know it, and it goes by its own name."""
    params = PARAMS.model_copy(update={"methods": PARAMS.methods | {"wide_siren": {"gates": ["dense"], "width": 512}}})
    write(tmp_path, "quick", AVERAGES | {"wide_siren": 27.0})
    quick = section(report(tmp_path, params=params), "quick")
    extra = quick.split("### Methods beyond the paper")[1]
    assert cells(extra, "wide_siren") == [
        ["27.00", "28.00", "26.00"],
        ["0.9000", "0.8000", "195", "0.25", "0.50", "0.75"],
    ]
    assert "Methods beyond" not in report(tmp_path)


def test_the_statement_says_what_was_measured_and_where_to_read_when(tmp_path: Path) -> None:
    write(tmp_path, "quick")
    quick = section(report(tmp_path, params=PARAMS.model_copy(update={"seed": 7})), "quick")
    assert "3 photographs that ship inside scikit-image (im0, im1, im2), resized, 192 x 128 pixels, RGB" in quick
    assert "300 iterations of full-batch Adam in float32, learning rate 0.002, cosine to 0.01 of it; seed 7." in quick
    assert "[provenance](provenance/quick.md)" in quick
    assert "provenance" not in section(report(tmp_path), "paper")  # which has not been run


def test_networks_of_another_width_are_named(tmp_path: Path) -> None:
    methods = PARAMS.methods | {"broad": {"gates": ["dense"], "width": 48}, "broader": {"gates": [8], "width": 48}}
    write(tmp_path, "quick", {"siren": 20.0, "siren_wide": 21.0, "broad": 22.0, "broader": 23.0})
    lines = section(report(tmp_path, params=PARAMS.model_copy(update={"methods": methods})), "quick").splitlines()
    assert [line for line in lines if line.startswith("* Networks")] == [
        "* Networks: width 32, sine activation, no tiles finer than A = 16.",
        "* Networks of width 64: SIREN, twice as wide.",
        "* Networks of width 48: broad; broader.",
    ]


def test_averages_over_other_images_are_flagged(tmp_path: Path) -> None:
    write(tmp_path, "quick")
    write(tmp_path, "quick", {"qt": 25.0}, images=2)
    assert "qt was scored on 2 of 3 images" in report(tmp_path)


def verdicts(folder: Path, averages: dict[str, float]) -> list[str]:
    write(folder, "quick", averages)
    return examine(scores_of(folder), PAPER)["Holds"].tolist()


@pytest.mark.parametrize(
    ("change", "failing"),
    [
        ({}, []),
        ({"qt": 30.2}, [0]),
        ({"seg_first": 31.5}, [1]),
        ({"seg_first": 28.9}, []),  # the order among the other layers does not matter
        ({"equal_bin": 31.5}, [2]),
        ({"ours": 29.5}, [0, 2, 3, 4]),
    ],
)
def test_claims(tmp_path: Path, change: dict[str, float], failing: list[int]) -> None:
    assert [i for i, holds in enumerate(verdicts(tmp_path, AVERAGES | change)) if holds == "no"] == failing


def test_an_order_that_single_images_turn_is_within_chance(tmp_path: Path) -> None:
    write(tmp_path, "quick")
    file = tmp_path / "quick" / "ours.csv"
    scores = pd.read_csv(file)
    scores["psnr_8bit"] += [-8.0, 0.0, 8.0]  # the same average; before, all images agreed
    scores.to_csv(file, index=False)
    found = examine(scores_of(tmp_path), PAPER)["Holds"].tolist()
    assert found[:3] == ["yes, within chance"] * 3
    assert found[3] == "no"  # of the lowest; no interval


def moved(folder: Path, method: str, by: list[float]) -> None:
    """Add something to each image's PSNR."""
    file = folder / "quick" / f"{method}.csv"
    scores = pd.read_csv(file)
    scores.assign(psnr_8bit=scores["psnr_8bit"] + by).to_csv(file, index=False)


def test_one_clear_difference_is_enough_to_contradict_an_order_and_one_unclear_one_to_leave_it_open(
    tmp_path: Path,
) -> None:
    above_all = PAPER.claims[0].model_copy(update={"of": "average", "methods": ["ftc", "ours", "qt"], "order": "first"})
    paper = PAPER.model_copy(update={"claims": [above_all]})
    answers = {}
    for name, unclear in (("rival", "ours"), ("other", "qt"), ("neither", "siren")):
        write(tmp_path / name, "quick")
        moved(tmp_path / name, unclear, [-8.0, 0.0, 8.0])
        (answers[name],) = examine(scores_of(tmp_path / name), paper)["Holds"]
    assert answers == {"rival": "no, within chance", "other": "no", "neither": "no"}


def test_an_order_of_what_is_better_the_less_it_is(tmp_path: Path) -> None:
    write(tmp_path, "quick")
    scores = scores_of(tmp_path)
    less = replace(scores, measures=[replace(scores.ranking, higher_is_better=False), *scores.others])
    claim = PAPER.claims[0].model_copy(update={"of": "average", "methods": ["siren", "ours", "qt"], "order": "first"})
    paper = PAPER.model_copy(update={"claims": [claim]})
    assert examine(less, paper)["Holds"].tolist() == ["yes"]
    moved(tmp_path, "qt", [-8.0, 0.0, 8.0])
    assert examine(replace(scores_of(tmp_path), measures=less.measures), paper)["Holds"].tolist() == [
        "yes, within chance"
    ]


@pytest.mark.parametrize(("by", "images", "told"), [(0.0, 3, False), (8.0, 3, True), (8.0, 2, False)])
def test_chance_is_explained_where_an_answer_is_within_it(tmp_path: Path, by: float, images: int, told: bool) -> None:
    write(tmp_path, "quick", images=images)
    moved(tmp_path, "ours", [-by, by, 0.0][:images])
    found = results.read_scores(tmp_path, PARAMS)
    texts = (report(tmp_path), index(PARAMS, PAPER, found, {}), shown_alone(found))
    assert ["Within chance: " in text for text in texts] == [told] * 3
    assert (" over images, for one seed." in texts[0]) == told


def shown_alone(found: results.Results) -> str:
    none = pd.DataFrame(columns=["method", "iteration", "psnr"])
    return page("quick", results.scores_of(found, "quick", PARAMS), none, [], PARAMS, PAPER)


ALL = ["ours", "siren", "ftc", "qt", "equal_bin"]


@pytest.mark.parametrize(
    ("order", "methods", "here", "there"),
    [
        ("first", ALL, "31.00; 30.50 (Ours, equal bin)", "39.25; 39.02 (Ours, equal bin)"),
        ("last", ALL, "30.50; 20.00 (SIREN)", "39.02; 30.28 (SIREN)"),
        ("chain", ALL, "31.00, 20.00, 30.00, 25.00, 30.50", "39.25, 30.28, 38.41, 36.35, 39.02"),
        ("first", ALL[:4], "31.00, 20.00, 30.00, 25.00", "39.25, 30.28, 38.41, 36.35"),
    ],
)
def test_of_many_methods_that_one_is_above_or_below_the_one_in_question_is_named(
    tmp_path: Path, order: str, methods: list[str], here: str, there: str
) -> None:
    write(tmp_path, "quick")
    claim = PAPER.claims[0].model_copy(update={"of": "average", "methods": methods, "order": order})
    found = examine(scores_of(tmp_path), PAPER.model_copy(update={"claims": [claim]})).loc[0]
    assert (found["Here"], found["Paper"]) == (here, there)


def test_of_many_methods_those_that_were_not_scored_are_not_in_question(tmp_path: Path) -> None:
    claim = PAPER.claims[0].model_copy(update={"of": "average", "methods": ALL, "order": "first"})
    paper = PAPER.model_copy(update={"claims": [claim]})
    write(tmp_path, "quick", {"siren": 20.0, "qt": 25.0})
    assert examine(scores_of(tmp_path), paper).loc[0, ["Here", "Holds"]].tolist() == ["—; 25.00 (LoE Quad-Tree)", "—"]
    write(tmp_path / "alone", "quick", {"ours": 31.0})
    assert examine(scores_of(tmp_path / "alone"), paper).loc[0, "Here"] == "31.00"


@pytest.mark.parametrize(("bits", "words"), [(32, "32-bit floats, and"), (16, "16-bit floats, as the paper does, and")])
def test_a_weight_counts_as_many_bits_as_the_paper_says_and_the_map_its_own(
    tmp_path: Path, bits: int, words: str
) -> None:
    write(tmp_path, "quick")
    paper = PAPER.model_copy(update={"bits_per_weight": bits})
    found = results.read_scores(tmp_path, PARAMS, paper.bits_per_weight)
    text = tables.markdown(found, PARAMS, paper)
    assert f"count all weights as {words} the losslessly coded map" in text
    weights, of_map = 0.25 * bits / 32, 0.5
    costs = [number(value, 2) for value in (weights, of_map, weights + of_map)]
    assert cells(text.partition("Other measures")[2], "Ours")[0][-3:] == costs
    assert results.scores_of(found, "quick", PARAMS).summary().loc["ours", "bpp"] == weights + of_map
    assert results.read_scores(tmp_path / "none", PARAMS, bits).rows.empty


def test_a_minority_of_images_is_not_most(tmp_path: Path) -> None:
    write(tmp_path, "quick")
    file = tmp_path / "quick" / "ours.csv"
    scores = pd.read_csv(file)
    scores["psnr_8bit"] = [100.0, 1.0, 1.0]
    scores.to_csv(file, index=False)
    count = examine(scores_of(tmp_path), PAPER).iloc[-1]
    assert count[["Here", "Holds"]].tolist() == ["1 of 3", "no"]


def test_claims_without_a_method_are_open(tmp_path: Path) -> None:
    without = {method: average for method, average in AVERAGES.items() if method != "ftc"}
    assert verdicts(tmp_path, without) == ["—", "yes", "yes", "—", "—"]


def test_infinite_psnr_is_printed_and_is_null_in_json(tmp_path: Path) -> None:
    write(tmp_path, "quick", AVERAGES | {"ours": math.inf})
    assert cells(section(report(tmp_path), "quick"), "Ours")[0][:9:3] == ["∞", "∞", "∞"]
    metrics = json.loads(tables.metrics(results.read_scores(tmp_path, PARAMS), PARAMS), parse_constant=pytest.fail)
    assert metrics["quick"]["ours"] == {"psnr": None, "ssim": 0.9, "iou": 0.8}
    assert metrics["quick"]["siren"]["psnr"] == 20.0


def test_csv_is_tidy(tmp_path: Path) -> None:
    write(tmp_path, "quick")
    scores = results.read_scores(tmp_path, PARAMS)
    text = tables.csv(statistics.tidy(scores, PARAMS, PAPER))
    assert "\r" not in text
    table = pd.read_csv(io.StringIO(text)).set_index(["profile", "table", "method"])
    assert table.index.is_unique
    assert len(table) == 2 * 10  # quick, and the paper's with its published numbers alone
    assert table.loc[("quick", 1, "siren"), ["images", "psnr_average", "published_lowest"]].tolist() == [3, 20.0, 23.75]
    assert math.isnan(table.loc[("paper", 3, "ours"), "psnr_average"])


def test_latex_is_whole(tmp_path: Path) -> None:
    write(tmp_path, "kodak_crops")
    scores = results.read_scores(tmp_path, PARAMS)
    text = latex(statistics.tidy(scores, PARAMS, PAPER), scores, PARAMS, PAPER)
    assert text.isascii()
    opened, closed = re.findall(r"\\begin{(\w+)}", text), re.findall(r"\\end{(\w+)}", text)
    assert opened == ["table", "tabular"] * 6
    assert closed == ["tabular", "table"] * 6
    assert text.count("{") == text.count("}")
    for row in (line for line in text.splitlines() if line.endswith(r"\\")):
        spanned = sum(int(n) - 1 for n in re.findall(r"\\multicolumn{(\d)}", row))
        assert row.count("&") + spanned == 9
    assert r"SIREN & 20.00 & 21.00 & 19.00 & 30.28 & 35.00 & 23.75 & 0.9000 & 0.8000 & 0.75 \\" in text
    assert r"SIREN & -- & -- & -- & 30.28" in text
    assert r"Profile kodak\_crops, 3 images; the published values are at another scale." in text
    labels = re.findall(r"\\label{(.*)}", text)
    assert len(set(labels)) == len(labels) == 6


def test_latex_escapes() -> None:
    assert escape("50% of a_b & {c} #1 $") == r"50\% of a\_b \& \{c\} \#1 \$"


def test_readme_block(tmp_path: Path) -> None:
    write(tmp_path, "quick")
    block = tables.readme_table(results.read_scores(tmp_path, PARAMS), PARAMS, PAPER)
    assert "| PSNR in dB | Paper | `quick` | `paper` |" in block
    assert cells(block, "LoE Quad-Tree") == [["36.35", "25.00", "—"]]
    assert len(cells(block, "Ours")) == 1
    assert "* `quick`: 3 images, 192 x 128 pixels; width 32; 300 iterations." in block


def test_the_same_scores_give_the_same_text_in_any_order_of_files(tmp_path: Path) -> None:
    write(tmp_path / "a", "quick")
    write(tmp_path / "a", "kodak_crops")
    write(tmp_path / "b", "kodak_crops", dict(reversed(AVERAGES.items())))
    write(tmp_path / "b", "quick", dict(reversed(AVERAGES.items())))
    assert report(tmp_path / "a") == report(tmp_path / "b")


def test_methods_stand_in_the_order_of_params(tmp_path: Path) -> None:
    write(tmp_path, "quick")
    scores = scores_of(tmp_path)
    scored = [method for method in PARAMS.methods if method in AVERAGES]
    assert list(scores.summary().index) == list(scores.by_image()) == scored


def test_nothing_scored_yet(tmp_path: Path) -> None:
    scores = results.read_scores(tmp_path / "none", PARAMS)
    assert re.findall(r"^## (.*)$", report(tmp_path / "none"), re.M) == ["paper"]
    assert tables.metrics(scores, PARAMS) == "{}\n"
    assert "`paper` has not been run yet" in tables.readme_table(scores, PARAMS, PAPER)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is no CSV file"),
        ("image,psnr_8bit\na,1\n", "has no column height"),
        (",".join(COLUMNS) + "\n", "has no rows"),
        (",".join(COLUMNS) + "\na,1,x,1,1,1,1,1,1,1\n", f"has what is no number in its column {COLUMNS[2]}"),
        (",".join(COLUMNS) + "\n" + 2 * "a,1,1,1,1,1,1,1,1,1\n", "two rows for an image"),
    ],
)
def test_odd_scores_are_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "quick").mkdir()
    (tmp_path / "quick" / "siren.csv").write_text(content)
    with pytest.raises(UserError, match=rf"siren\.csv.*{message}"):
        results.read_scores(tmp_path, PARAMS)


@pytest.mark.parametrize(
    ("value", "text"), [(1.005, "1.00"), (-0.001, "0.00"), (12345.678, "12,345.68"), (math.nan, "—"), (math.inf, "∞")]
)
def test_number(value: float, text: str) -> None:
    assert number(value) == text


def test_readme_stage_rewrites_its_block_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(ROOT / "params.yaml", tmp_path)
    shutil.copytree(ROOT / "papers", tmp_path / "papers")
    monkeypatch.chdir(tmp_path)
    write(Path("reports/scores"), "quick")
    file = Path("README.md")
    begin, end = "<!-- results:begin -->", "<!-- results:end -->"
    file.write_text(f"above\n{begin}\nold\n{end}\nbelow\n")
    with pytest.raises(UserError, match="out of date"):
        readme.main(check=True)
    assert "old" in file.read_text()
    readme.main()
    readme.main(check=True)
    text = file.read_text()
    assert text.startswith(f"above\n{begin}\n| PSNR in dB |")
    assert text.endswith(f"\n{end}\nbelow\n")
    assert "old" not in text
    file.write_text(f"{begin} only")
    with pytest.raises(UserError, match=r"README.md has no"):
        readme.main()
