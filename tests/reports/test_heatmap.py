"""Two keys of a study at once: numbers in cells, fits that fell or diverged; and the stage that draws them."""

import io
import itertools
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from pipeline import ROOT
from ruamel.yaml import YAML
from small import unit
from stages import discussion as stage

from refield import papers
from refield.errors import UserError
from refield.executors import make_units
from refield.executors.settings import Inline
from refield.fitting.train import Train
from refield.pipeline.layout import Layout
from refield.pipeline.studies import drop, row_of
from refield.reports.heatmap import FRAME, FRAMED, axis, chart, grids, heatmap
from refield.reports.plotting import save
from refield.study import DROP
from refield.units.store import Store

PAPER = papers.read("mire", ROOT / "papers")
OMEGA, GATES = "method.omega_0", "method.gates"
IMAGES = ("a", "b")


def study(values: dict[tuple[float, int], float], fallen: dict[tuple[float, int], float] | None = None) -> pd.DataFrame:
    """Of each omega and depth an average over two images and two seeds; MIRE is 2 dB better than SIREN."""
    rows = [
        {OMEGA: omega, GATES: str(["dense"] * depth), "seed": seed, "method": method, "image": image}
        | {"psnr_8bit": psnr + better + side + seed - 0.5, "drop": (fallen or {}).get((omega, depth), 0.1)}
        for (omega, depth), psnr in values.items()
        for seed in (0, 1)
        for method, better in (("siren", 0.0), ("mire", 2.0))
        for image, side in zip(IMAGES, (-0.5, 0.5), strict=True)
    ]
    return pd.DataFrame(rows)


def thrice(rows: pd.DataFrame) -> pd.DataFrame:
    """With a third key, of two values."""
    parts = [rows.copy(), rows.copy()]
    for number, part in enumerate(parts):
        part.insert(0, "third", number)
    return pd.concat(parts)[[*rows.columns[:2], "third", *rows.columns[2:]]]


WHOLE = {(omega, depth): omega + depth for omega in (10.0, 30.0) for depth in (2, 3, 4)}


def cells(blocks: list[str]) -> list[list[str]]:
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in blocks[-1].splitlines() if "---" not in line]


def test_a_cell_is_an_average_over_images() -> None:
    said, link, _ = blocks = list(heatmap(study(WHOLE), "omega", PAPER))
    assert said.startswith("Average PSNR over 2 images, omega 0 down and dense gates across. A fit is unstable if")
    assert link == "![PSNR by omega 0 and dense gates](discussion/omega.svg)"
    assert cells(blocks) == [
        ["", "omega 0, by dense gates", "2", "3", "4"],
        ["SIREN", "10", "12.00", "13.00", "14.00"],
        ["SIREN", "30", "32.00", "33.00", "34.00"],
        ["MIRE", "10", "14.00", "15.00", "16.00"],
        ["MIRE", "30", "34.00", "35.00", "36.00"],
    ]


def test_what_fell_is_counted_and_framed_and_what_diverged_has_no_number() -> None:
    scores = study(WHOLE, {(30.0, 3): 3.2, (30.0, 2): 2.9}).query("method == 'siren'")
    lost = (scores[OMEGA] == 30) & (scores[GATES].str.count("dense") == 4) & (scores["image"] == "a")
    scores.loc[lost, ["psnr_8bit", DROP]] = math.nan
    blocks = list(heatmap(scores, "omega", PAPER))
    assert cells(blocks)[2] == ["SIREN", "30", "32.00", "33.00 (4 of 4 unstable)", "2 of 4 diverged"]
    figure = chart(scores, "omega", PAPER)
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == ["12.0", "13.0", "14.0", "32.0", "33.0", "div."]
    assert [text.get_fontweight() for text in axes.texts].index("bold") == 4  # the best of those that have one
    frames = [patch for patch in axes.patches if patch.get_edgecolor() == to_rgba(FRAME)]
    assert [(round(patch.get_x()), round(patch.get_y())) for patch in frames] == [(1, 1)]
    assert FRAMED in figure.get_supxlabel()


def test_a_study_without_falls_says_nothing_of_them() -> None:
    scores = study(WHOLE).drop(columns=DROP)
    assert "unstable" not in "".join(heatmap(scores, "omega", PAPER))
    assert not chart(scores, "omega", PAPER).get_supxlabel()


def test_combinations_that_are_not_there_are_empty() -> None:
    scores = study({key: value for key, value in WHOLE.items() if key != (10.0, 4)})
    assert cells(list(heatmap(scores, "omega", PAPER)))[1][-1] == "—"
    assert chart(scores, "omega", PAPER).axes[0].texts[2].get_text() == ""
    assert grids(scores, "omega", PAPER)["SIREN"].fits[0, 2] == 0


def test_methods_share_a_scale_of_colours() -> None:
    first, second = chart(study(WHOLE), "omega", PAPER).axes
    assert first.images[0].get_clim() == second.images[0].get_clim()
    assert (first.get_title(), second.get_title()) == ("SIREN", "MIRE")
    assert first.images[0].get_clim()[1] == 36.0


def test_an_exact_fit_has_the_colour_of_the_best_that_is_not(tmp_path) -> None:
    exact = study(WHOLE | {(30.0, 4): math.inf})
    figure = chart(exact, "omega", PAPER)
    save(figure, tmp_path / "exact.svg")
    (picture,) = figure.axes[0].images
    assert picture.norm.vmax == 35.0
    assert "∞" in {text.get_text() for text in figure.axes[0].texts}


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_nothing_sticks_out_of_the_figure(count: int) -> None:
    some = study(WHOLE, dict.fromkeys(WHOLE, 5.0)).query("method == 'siren'")
    scores = pd.concat(some.assign(method=f"m{i}") for i in range(count))
    scores.loc[scores["image"] == "b", "psnr_8bit"] = math.nan
    figure = chart(scores, "omega", PAPER)
    figure.draw_without_rendering()
    wide, tall = figure.get_size_inches()
    box = figure.get_tightbbox()
    assert -0.01 <= box.x0 < box.x1 <= wide + 0.01
    assert -0.01 <= box.y0 < box.y1 <= tall + 0.01
    assert wide <= 7.17


@pytest.mark.parametrize(
    ("values", "title", "ticks"),
    [
        ([1.0, 30.0], "omega 0", ["1", "30"]),
        (["[30, 1, 1]", "[30, 30, 30]"], "omega 0", ["30, 2 x 1", "3 x 30"]),
        (["['dense', 'dense']", "['dense', 'dense', 'dense']"], "dense omega 0", ["2", "3"]),
        (["['dense', 'segment']", "['dense', 'dense']"], "omega 0", ["dense, segment", "2 x dense"]),
        (["siren", "pytorch"], "omega 0", ["siren", "pytorch"]),
    ],
)
def test_values_are_named_in_few_words(values: list[object], title: str, ticks: list[str]) -> None:
    assert (axis(OMEGA, values).title, axis(OMEGA, values).ticks) == (title, ticks)


def test_of_one_key_methods_are_down() -> None:
    """By their labels, in one panel without a name; a seed is no key."""
    rows = study({(10.0, depth): psnr for depth, psnr in ((2, 20.0), (3, 25.0))})
    said, _, _ = blocks = list(heatmap(rows, "omega", PAPER))
    assert said.startswith("Average PSNR over 2 images, method down and dense gates across.")
    assert cells(blocks) == [
        ["method, by dense gates", "2", "3"],
        ["SIREN", "20.00", "25.00"],
        ["MIRE", "22.00", "27.00"],
    ]
    ((title, grid),) = grids(rows, "omega", PAPER).items()
    assert (title, grid.down.ticks, grid.fits.tolist()) == ("", ["SIREN", "MIRE"], [[4, 4], [4, 4]])
    (panel,) = chart(rows, "omega", PAPER).axes
    assert [text.get_text() for text in panel.texts] == ["20.0", "25.0", "22.0", "27.0"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda rows: rows.assign(method="siren").pipe(thrice),
            "it varies method.omega_0, method.gates, third, not one",
        ),
        (lambda rows: rows.iloc[:1], "it varies nothing, not one key or two"),
        (lambda rows: rows.drop(columns="psnr_8bit"), "has no heat map without psnr_8bit; its scores must name it"),
    ],
)
def test_a_study_of_no_two_keys_is_named(change, said: str) -> None:
    with pytest.raises(UserError, match=said):
        list(heatmap(change(study(WHOLE)), "omega", PAPER))


def test_a_drop_is_the_largest_fall_below_an_earlier_value() -> None:
    def of(*psnr: float) -> float:
        return drop(pd.Series(psnr))

    assert of(5, 10, 20, 30) == 0
    assert of(5, 20, 12, 25, 18) == 8
    assert of(30, 29, 31, 30.5, 24) == 7
    assert math.isnan(of(math.nan, math.nan))


def test_a_row_has_the_drop_of_its_curve(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFIELD_UNITS", str(tmp_path))
    wild = replace(unit(0), train=Train(iterations=40, learning_rate=1.0, trace_every=1))
    made = make_units([wild], Store(), "cpu", "title", Inline())[wild.key()]
    psnr = pd.read_csv(io.BytesIO(made.files["curve.csv"]))["psnr"].to_numpy()
    falls = [early - late for i, early in enumerate(psnr) for late in psnr[i:]]
    assert max(falls) > 0.1
    assert row_of(made, wild, wild.task)[DROP] == pytest.approx(max(falls))


@pytest.fixture
def clone(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """MIRE's paper, whose discussion shows two heat maps and nothing else, one of a study that was run."""
    layout = Layout("mire")
    layout_file = tmp_path / layout.params
    layout_file.parent.mkdir(parents=True)
    layout_file.write_bytes((ROOT / layout.params).read_bytes())
    yaml = YAML()
    paper = yaml.load(ROOT / "papers/mire/paper.yaml")
    maps = [{"title": name, "study": name, "show": "heatmap"} for name in ("omega", "later")]
    paper["discussion"] |= {"studies": maps, "claims": []}
    yaml.dump(paper, layout_file.with_name("paper.yaml"))
    monkeypatch.chdir(tmp_path)
    asked = {"profile": "crops", "images": "all", "methods": ["siren", "mire"], "scores": [DROP]}
    asked["vary"] = [{OMEGA: [10.0, 30.0], GATES: [["dense"] * depth for depth in (2, 3, 4)], "seed": [0, 1]}]
    (layout.studies / "omega").mkdir(parents=True)
    yaml.dump(asked, layout.studies / "omega/params.yaml")
    study(WHOLE).to_csv(layout.studies / "omega/scores.csv", index=False)
    return layout


def test_the_stage_draws_what_the_discussion_shows_and_nothing_else(clone: Layout) -> None:
    assert [section.is_drawn for section in papers.read("mire").discussion.studies] == [True, True]
    drawn = clone.reports / "discussion"
    drawn.mkdir(parents=True)
    (drawn / "old.svg").touch()
    stage.main("mire")
    text = clone.discussion.read_text()
    assert [file.name for file in drawn.iterdir()] == ["omega.svg"]
    (link,) = re.findall(r"\]\((\S+\.svg)\)", text)
    assert (clone.discussion.parent / link).read_bytes().startswith(b"<?xml")
    assert "| MIRE | 30 | 34.00 | 35.00 | 36.00 |" in text
    assert "## later\n\nThis study has not been run yet" in text
    first = (drawn / "omega.svg").read_bytes()
    stage.main("mire")
    assert (drawn / "omega.svg").read_bytes() == first


def test_a_discussion_without_charts_has_no_folder_of_them() -> None:
    paper = papers.read("gaussian_image", ROOT / "papers")
    assert not any(section.is_drawn for section in paper.discussion.studies)
    outs = YAML(typ="safe").load(ROOT / "papers/gaussian_image/studies/dvc.yaml")["stages"]["discussion"]["outs"]
    assert [*itertools.chain(*outs)] == ["reports/gaussian_image/discussion.md"]


def test_bytes_do_not_depend_on_the_order_of_drawing(tmp_path) -> None:
    for name in ("one", "two"):
        chart(study(WHOLE), "other", PAPER)
        save(chart(study(WHOLE), "omega", PAPER), tmp_path / f"{name}.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert np.all(grids(study(WHOLE), "omega", PAPER)["MIRE"].fits == 4)
