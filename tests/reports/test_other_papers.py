"""A paper with other methods, and a profile with another task, are data alone: reports follow them without code."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT

from refield import config, papers
from refield.config import Params
from refield.errors import UserError
from refield.papers import Paper
from refield.papers.discussion import Discussion
from refield.reports import report, results, tables
from refield.reports.calibration import ranking
from refield.reports.claims import examine
from refield.reports.description import FRAMES, SOURCES, not_run, said, statement
from refield.reports.discussion import discussion
from refield.reports.index import index
from refield.reports.page import page
from refield.scores.measure import Measure
from refield.signals import photographs, sources
from refield.tasks import TASKS
from refield.units.scoring import COSTS

TOY = """\
citation: A Toy, 2026
link: https://example.org/
protocol: {task: TASK, source: samples, names: all, images: 3}
methods: {plain: Plain field, clever: Clever field}
gain: {better: clever, worse: plain, called: [The clever one, the plain one]}
tables:
- number: 7
  page: 12
  caption: What cleverness does
  rows:
  - {method: plain, label: Plain, average: 20.5}
  - {method: clever, label: Clever, average: 21.5, highest: 22.0, lowest: 21.0}
claims:
- {text: Clever > plain, of: average, methods: [clever, plain]}
- {text: The worst is better, of: lowest, methods: [clever, plain]}
- {text: Mostly better, of: images, methods: [clever, plain]}
"""
GATES = {"gates": ["dense"]}
COLUMNS = {
    task: [*(m.name for m in TASKS[task].measures), *(cost.name for cost in COSTS)]
    for task in ("represent", "inpaint", "edges")
}


@pytest.fixture(params=["represent", "inpaint"])
def task(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def read(folder: Path, task: str, text: str = TOY) -> tuple[Params, Paper]:
    """A paper of its own, whose task is the profile's, with one method that it does not label."""
    (folder / "papers/toy").mkdir(parents=True)
    (folder / "papers/toy/paper.yaml").write_text(text.replace("TASK", task))
    params = config.read(path=ROOT / "params.yaml")
    quick = params.profiles["quick"].model_copy(update={"task": {"kind": task}})
    methods = {"plain": GATES, "clever": GATES, "new": GATES}
    params = params.model_copy(update={"paper": "toy", "methods": methods, "profiles": {"quick": quick}})
    return params, papers.read(params.paper, folder / "papers")


def write(folder: Path, task: str, levels: dict[str, float]) -> None:
    (folder / "quick").mkdir(parents=True)
    for method, level in levels.items():
        rows = [
            {"image": f"im{i}", "height": 128, "width": 192}
            | {name: level - place + i / 10 for place, name in enumerate(COLUMNS[task])}
            for i in range(3)
        ]
        pd.DataFrame(rows).to_csv(folder / "quick" / f"{method}.csv", index=False)


@pytest.fixture
def made(tmp_path: Path, task: str) -> tuple[Params, Paper, results.Results]:
    params, paper = read(tmp_path, task)
    write(tmp_path / "scores", task, {"plain": 30.0, "clever": 31.0, "new": 29.0})
    return params, paper, results.read_scores(tmp_path / "scores", params)


def test_tables_and_claims_of_another_paper(made, task: str) -> None:
    params, paper, scores = made
    texts = report.texts(params, paper, scores)
    text = texts["tables.md"]
    assert "### Table 7 (p. 12): What cleverness does" in text
    assert "| Plain | 30.10 | 20.50 | +9.60 | 30.20 | — | — | 30.00 | — | — |" in text
    assert "| Clever > plain | 21.50, 20.50 | 31.10, 30.10 | yes |" in text
    assert "| The worst is better | 21.00, — | 31.00, 30.00 | yes |" in text
    assert "| Mostly better | — | 3 of 3 | yes |" in text
    assert "| new | 29.10 |" in text.split("### Methods beyond the paper")[1]
    heads = [measure.title for measure in (*TASKS[task].measures[1:], *COSTS)]
    assert f"| Method | {' | '.join(heads)} |" in text
    measures = list(json.loads(texts["metrics.json"])["quick"]["new"])
    assert measures == [name.removesuffix("_8bit") for name in COLUMNS[task][: len(TASKS[task].measures)]]
    assert f"{TASKS[task].measures[0].title} (dB), published" in texts["tables.tex"]
    columns = texts["tables.csv"].splitlines()[0].split(",")
    assert f"{COLUMNS[task][0].removesuffix('_8bit')}_average" in columns
    assert columns[-len(COLUMNS[task]) + 1 :] == COLUMNS[task][1:]
    row = tables.readme_table(scores, params, paper).splitlines()
    assert row[0] == f"| {TASKS[task].measures[0].title} in dB | Paper | `quick` |"
    assert row[3] == "| Clever field | 21.50 | 31.10 |"


UNPRINTED = {
    "none": {", average: 20.5": "", ", average: 21.5, highest: 22.0, lowest: 21.0": ""},
    "one": {", average: 20.5": ""},
}


@pytest.fixture
def unprinted(tmp_path: Path, task: str) -> Callable[[str], tuple[Params, Paper, results.Results]]:
    """The toy paper with the average of no method, or of one."""

    def made(known: str) -> tuple[Params, Paper, results.Results]:
        text = TOY
        for old, new in UNPRINTED[known].items():
            text = text.replace(old, new)
        params, paper = read(tmp_path, task, text)
        write(tmp_path / "scores", task, {"plain": 30.0, "clever": 31.0, "new": 29.0})
        return params, paper, results.read_scores(tmp_path / "scores", params)

    return made


@pytest.mark.parametrize(
    ("known", "published", "there", "claimed", "difference"),
    [("none", {}, "—", "—", "— | —"), ("one", {"clever": 21.5}, "21.50", "21.50, —", "21.50 | +9.60")],
)
def test_numbers_that_a_paper_does_not_print_are_dashes(unprinted, known, published, there, claimed, difference):
    params, paper, scores = unprinted(known)
    assert paper.published == published
    assert paper.listed == ["plain", "clever"]
    texts = report.texts(params, paper, scores)
    text = texts["tables.md"]
    assert "| Plain | 30.10 | — | — | 30.20 | — | — | 30.00 | — | — |" in text
    assert f"| Clever | 31.10 | {difference} |" in text
    assert f"| Clever > plain | {claimed} | 31.10, 30.10 | yes |" in text
    assert ("The paper prints no averages" in text) == (known == "none")
    assert r"    Plain & 30.10 & 30.20 & 30.00 & -- & -- & -- &" in texts["tables.tex"]
    assert ("at another scale" in texts["tables.tex"]) == (known == "one")
    table = pd.read_csv(io.StringIO(texts["tables.csv"])).set_index(["table", "method"])
    assert table.loc[(7, "plain"), ["published_average", "published_highest", "published_lowest"]].isna().all()
    assert f"| Clever field | {there} | 31.10 |" in tables.readme_table(scores, params, paper)


@pytest.mark.parametrize("known", UNPRINTED)
def test_pages_and_charts_of_a_paper_that_does_not_print_its_numbers(unprinted, known, task):
    params, paper, found = unprinted(known)
    curves = pd.DataFrame(columns=["profile", "method", "iteration", "psnr"])
    names = [name for name, _ in report.comparisons(params, paper, found, results.Results(curves, []))]
    assert names == [f"quick/{name}" for name in ("clever_against_plain", "per_image", "per_image_more", "bits")]
    html = page("quick", results.scores_of(found, "quick", params), curves, [], params, paper)
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S).group(1))
    assert data["methods"][0]["values"][:3] == {"none": [30.1, 30.2, 30.0], "one": [30.1, None, None]}[known]
    assert data["claims"][0][2:] == ["31.10, 30.10", "yes"]
    for scores in (found, results.Results(found.rows.iloc[:0], [])):
        front = re.sub(r"\s+", " ", index(params, paper, scores, {}))
        assert front.count("The paper's gain: Clever field less Plain field") == bool(len(scores.rows))
        assert ("1 more methods, beyond the paper" in front) == bool(len(scores.rows))  # what the tables list is not


def test_a_gain_that_is_not_printed_is_a_dash_in_the_discussion(unprinted):
    params, paper, found = unprinted("one")
    rows = pd.concat([found.rows.assign(image=found.rows["image"] + again) for again in "abc"])
    plan = Discussion(title="What it is made of", gain="cleverness")
    curves = results.Results(pd.DataFrame(columns=["profile", "method", "iteration", "psnr"]), [])
    paper = paper.model_copy(update={"discussion": plan})
    text = discussion("", results.Results(rows, []), curves, {}, params, paper)
    assert re.search(r"\| Clever field less Plain field \| cleverness \| \+1.00 \| .* \| 9 of 9 \| — \|", text)


def test_settings_are_ranked_by_the_averages_that_are_printed(tmp_path: Path) -> None:
    _, paper = read(tmp_path, "represent", TOY.replace(", average: 20.5", ""))
    rows = [(0.1, method, image, 31.0, 31.5) for method in ("plain", "clever") for image in "ab"]
    scores = pd.DataFrame(rows, columns=["profile.train.learning_rate", "method", "image", "psnr_8bit", "psnr_raw"])
    ranked = ranking(scores, paper)
    assert "plain" not in ranked
    assert ranked["distance"].notna().all()
    with pytest.raises(UserError, match="the paper prints the average of none of the methods"):
        ranking(scores[scores["method"] == "plain"], paper)


def test_of_two_lines_of_a_method_that_with_a_number_counts(tmp_path: Path) -> None:
    more = "claims:\n"
    again = "- number: 8\n  caption: A picture\n  rows:\n  - {method: clever, label: Clever}\n"
    _, paper = read(tmp_path, "represent", TOY.replace(more, again + more))
    assert paper.published == {"plain": 20.5, "clever": 21.5}
    assert paper.listed == ["plain", "clever"]


def test_a_profile_of_another_task_has_its_own_measures_and_no_published_numbers(tmp_path: Path) -> None:
    params, _ = read(tmp_path, "inpaint")
    paper = papers.read("oh_bae_2024", ROOT / "papers")
    write(tmp_path / "scores", "inpaint", {"plain": 30.0, "clever": 31.0})
    scores = results.read_scores(tmp_path / "scores", params)
    texts = report.texts(params, paper, scores)
    text = texts["tables.md"]
    assert "### PSNR hidden in dB\n\n| Method | Average | Highest | Lowest |" in text
    assert "| clever | 31.10 | 31.20 | 31.00 |" in text
    assert "Table 1" not in text
    assert "claims" not in text
    assert "No published number is of this task and these images; none stands beside." in text
    assert "luminance regions" not in text
    assert "`quick`, PSNR hidden" in tables.readme_table(scores, params, paper)
    assert texts["tables.tex"].count("\n") == 1


def test_charts_follow_the_paper(made) -> None:
    params, paper, scores = made
    curves = pd.DataFrame([("quick", m, i, 20.0 + i) for m in params.methods for i in range(3)])
    curves = results.Results(curves.set_axis(["profile", "method", "iteration", "psnr"], axis=1), [])
    names = [name for name, _ in report.comparisons(params, paper, scores, curves)]
    assert names == [
        "quick/clever_against_plain",
        *("quick/per_image", "quick/iterations", "quick/per_image_more", "quick/iterations_more", "quick/bits"),
    ]


def test_a_page_has_the_tasks_columns(made, task: str) -> None:
    params, paper, found = made
    scores = results.scores_of(found, "quick", params)
    curves = pd.DataFrame(columns=["method", "iteration", "psnr"])
    html = page("quick", scores, curves, [], params, paper)
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S).group(1))
    labels = [column["label"] for column in data["columns"]]
    others = [measure.title for measure in TASKS[task].measures[1:]]
    statistics = ["Average", "published", "difference", "Highest", "Lowest"]
    assert labels == [*statistics, *others, "Parameters", "bits per pixel"]
    assert data["own"] == "clever"
    assert data["measure"]["words"] == f"{TASKS[task].measures[0].title} in dB"
    assert data["methods"][0]["values"][:3] == [30.1, 20.5, 9.6]


def test_the_statement_names_the_task_and_what_a_method_trains_otherwise(made, task: str) -> None:
    params, paper, found = made
    params = params.model_copy(update={"methods": params.methods | {"new": GATES | {"train": {"learning_rate": 0.01}}}})
    scores = results.scores_of(found, "quick", params)
    text = statement("quick", scores, params, paper)
    assert ("* Task: inpaint." in text) == (task == "inpaint")
    assert "* Training of new: learning rate 0.01." in text


def test_every_source_and_frame_has_words() -> None:
    assert SOURCES.keys() == sources.SOURCES.keys()
    assert FRAMES.keys() == {*get_args(photographs.Frame)}


def test_a_former_profile_has_the_measures_that_are_there(tmp_path: Path) -> None:
    params, _ = read(tmp_path, "inpaint")
    write(tmp_path / "scores", "inpaint", {"plain": 30.0})
    (tmp_path / "scores/quick").rename(tmp_path / "scores/former")
    found = results.read_scores(tmp_path / "scores", params)
    scores = results.scores_of(found, "former", params)
    assert [measure.name for measure in scores.measures] == ["psnr_8bit", "ssim"]
    assert np.isclose(scores.summary().loc["plain", "average"], 28.1)


def test_a_measure_that_images_lack_is_averaged_over_the_others_and_the_least_error_is_best(tmp_path: Path) -> None:
    params, paper = read(tmp_path, "edges")
    write(tmp_path / "scores", "edges", {"plain": 30.0, "clever": 31.0})
    for file in (tmp_path / "scores/quick").iterdir():  # no image has edges, and one has no flat pixels
        rows = pd.read_csv(file)
        rows.assign(edge_error=np.nan, flat_error=[np.nan, 2.0, 5.0]).to_csv(file, index=False)
    found = results.read_scores(tmp_path / "scores", params)
    texts = report.texts(params, paper, found)
    lines = texts["tables.md"].split("Other measures")[1].splitlines()
    heads, plain = (next(line for line in lines if name in line).split(" | ") for name in ("Method", "Plain"))
    assert plain[heads.index("Error on edges")] == "—"
    assert plain[heads.index("Error where flat")] == "3.50"
    averages = json.loads(texts["metrics.json"])["quick"]["plain"]
    assert (averages["edge_error"], averages["flat_error"]) == (None, 3.5)
    curves = pd.DataFrame(columns=["method", "iteration", "psnr"])
    html = page("quick", results.scores_of(found, "quick", params), curves, [], params, paper)
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S).group(1))
    columns = {column["label"]: place for place, column in enumerate(data["columns"])}
    assert data["columns"][columns["Error where flat"]]["best"] == "min"
    row = data["methods"][0]["values"]
    assert (row[columns["Error on edges"]], row[columns["Error where flat"]]) == (None, 3.5)


def test_where_less_is_better_the_order_turns(tmp_path: Path) -> None:
    _, paper = read(tmp_path, "represent")
    errors = {("clever", "a"): 1.0, ("clever", "b"): 1.112, ("plain", "a"): 2.0, ("plain", "b"): 2.112}
    costs = {cost.name: 1.0 for cost in COSTS}
    rows = [{"method": method, "image": image, "error": error} | costs for (method, image), error in errors.items()]
    scores = results.Scores(pd.DataFrame(rows), [Measure("error", "Error", 3, higher_is_better=False)])
    assert examine(scores, paper)[["Here", "Holds"]].to_numpy().tolist() == [
        ["1.056, 2.056", "yes"],
        ["1.000, 2.000", "yes"],
        ["2 of 2", "yes"],
    ]


@pytest.mark.parametrize(
    ("pipeline", "said"),
    [
        (None, "dvc exp run -S 'runs=[quick]'"),
        ("papers/toy", "dvc exp run -S 'papers/toy/params.yaml:runs=[quick]' papers/toy/dvc.yaml"),
    ],
)
def test_a_profile_that_has_not_run_is_run_by_its_papers_own_pipeline(pipeline, said):
    params = config.read(path=ROOT / "params.yaml")
    paper = papers.read("oh_bae_2024", ROOT / "papers").model_copy(update={"pipeline": pipeline})
    assert f"`{said}`" in not_run("quick", params, paper)


LEVELS = """\
- {text: Thirty, of: average, methods: [clever], least: 30.0, parameters: 30}
- {text: Few numbers, of: average, methods: [clever], least: 30.0, parameters: 5}
- {text: All of them, of: lowest, methods: [clever, plain], least: 30.5}
- {text: Another, of: average, methods: [clever, other], least: 1.0}
"""


def test_a_level_is_reached_with_as_many_parameters_on_the_papers_own_images_alone(tmp_path: Path) -> None:
    text = TOY.replace("methods: {plain", "methods: {other: Other, plain") + LEVELS
    params, paper = read(tmp_path, "represent", text)
    write(tmp_path / "scores", "represent", {"plain": 30.0, "clever": 31.0})
    found = results.read_scores(tmp_path / "scores", params)
    most = int(found.rows.query("method == 'clever'")["parameters"].max())
    names = {"source": "samples", "names": [*params.profiles["quick"].images.names], "images": 4}
    for protocol, told in ((paper.protocol, 3), (paper.protocol.model_copy(update=names), 7)):
        own = paper.model_copy(update={"protocol": protocol})
        examined = examine(results.scores_of(found, "quick", params), said("quick", params, own)).set_index("Claim")
        assert len(examined) == told
    assert examined.loc[["Thirty", "Few numbers", "All of them", "Another"], "Holds"].tolist() == [
        "yes",
        f"no: {most} parameters",
        "no",
        "—",
    ]
    assert examined.loc["Thirty", "Here"] == "31.10"


def test_claims_on_methods_that_a_profile_leaves_out_are_not_asked_there(tmp_path: Path) -> None:
    params, paper = read(
        tmp_path, "represent", TOY.replace("methods: {plain", "methods: {other: Other, plain") + LEVELS
    )
    names = {"source": "samples", "names": [*params.profiles["quick"].images.names], "images": 4}
    paper = paper.model_copy(update={"protocol": paper.protocol.model_copy(update=names)})
    fewer = params.profiles["quick"].model_copy(update={"methods": {"plain": None}})
    without = params.model_copy(update={"profiles": {**params.profiles, "quick": fewer}})
    assert "All of them" in {claim.text for claim in said("quick", params, paper).claims}
    assert [claim.text for claim in said("quick", without, paper).claims] == ["Thirty", "Few numbers", "Another"]


def test_claims_that_a_paper_does_not_make_are_not_called_its_own(made) -> None:
    params, paper, found = made
    scores, curves = results.scores_of(found, "quick", params), pd.DataFrame(columns=["method", "iteration", "psnr"])
    for by, heads in (
        ("paper", ("### The paper's claims", "What the paper claims", "What the paper concludes")),
        ("us", ("### What is claimed here", "What is claimed here", "What is claimed here")),
    ):
        own = paper.model_copy(update={"claims_by": by})
        texts = (
            report.texts(params, own, found)["tables.md"],
            page("quick", scores, curves, [], params, own),
            index(params, own, found, {}),
        )
        assert all(head in text for head, text in zip(heads, texts, strict=True))
