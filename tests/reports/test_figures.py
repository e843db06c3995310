"""figures, charts and plotting."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image
from pipeline import ROOT

from refield.reports import charts, figures
from refield.reports.paper_figures import caption
from refield.reports.plotting import COLORS, looks, save
from refield.reports.results import BITS
from refield.reports.views import View
from refield.scores.measure import PSNR, SSIM, Measure

LOOKS = looks(["siren", "ftc", "ours"], [])
LABELS = {"siren": "SIREN", "ftc": "LoE Fine-to-Coarse", "ours": "Ours"}
HIDDEN = Measure("psnr_hidden", "PSNR hidden", 2, unit="dB")
VALUES = pd.DataFrame(
    {"siren": [22.0, 20.0, 21.0, 25.0], "ftc": [30.0, 31.0, 29.0, 33.0], "ours": [31.0, 31.5, 32.0, 32.0]},
    index=pd.Index(["d", "c", "b", "a"], name="image"),
)


def photograph(height: int = 64, width: int = 96, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(60, 200, (height, width, channels), dtype=np.uint8)


def test_the_median_gain_chooses_the_image() -> None:
    """Gains of d, c, b, a: 1, 0.5, 3, -1. Of the two in the middle the lower."""
    assert figures.choose_image(VALUES, "ours", "ftc") == "c"
    assert figures.choose_image(VALUES.drop("a"), "ours", "ftc") == "d"
    tied = pd.DataFrame({"x": [2.0, 2.0, 2.0], "y": [1.0, 1.0, 1.0]}, index=["q", "p", "r"])
    assert figures.choose_image(tied, "x", "y") == "q"
    exact = pd.DataFrame({"x": [math.inf, 3.0, 9.0], "y": [math.inf, 4.0, 4.0]}, index=["p", "q", "r"])
    assert figures.choose_image(exact, "x", "y") == "p"


def test_the_crop_is_where_methods_differ_not_where_all_fail() -> None:
    original = photograph()
    good, bad = original.copy(), original.copy()
    for estimate in (good, bad):
        estimate[:16, :24] += 50  # worst for both
    bad[40:56, 60:84] -= 20
    assert figures.choose_crop(original, [good, bad]) == figures.Window(40, 60, 16, 24)
    assert figures.choose_crop(original, [bad, good]) == figures.Window(40, 60, 16, 24)
    assert figures.choose_crop(original, [good, good]) == figures.Window(0, 0, 16, 24)


def test_of_one_method_the_crop_is_where_it_fails() -> None:
    original = photograph()
    estimate = original.copy()
    estimate[40:56, 60:84] += 20
    assert figures.choose_crop(original, [estimate]) == figures.Window(40, 60, 16, 24)


def test_the_crop_is_the_best_of_all_windows() -> None:
    original = photograph(21, 30)
    rng = np.random.default_rng(1)
    estimates = [(original + rng.integers(-40, 41, original.shape)).astype(np.uint8) for _ in range(3)]
    crop = figures.choose_crop(original, estimates)

    def spread(top: int, left: int) -> float:
        window = figures.Window(top, left, crop.height, crop.width)
        means = [figures.error(window.of(original), window.of(estimate)).mean() for estimate in estimates]
        return max(means) - min(means)

    best = max(spread(top, left) for top in range(21 - crop.height + 1) for left in range(30 - crop.width + 1))
    assert spread(crop.top, crop.left) == pytest.approx(best)


def comparison(shape: tuple[int, int, int], offsets: list[int]) -> tuple[Figure, figures.Window]:
    original = photograph(*shape)
    methods = [figures.Shown(f"M{i}", original + np.uint8(i), f"{30 + i}.00 dB") for i in offsets]
    crop = figures.choose_crop(original, [method.pixels for method in methods])
    return figures.comparison(original, methods, crop), crop


@pytest.mark.parametrize("shape", [(64, 96, 3), (96, 64, 3), (64, 96, 1)])
def test_panels_keep_the_images_aspect_and_do_not_overlap(shape: tuple[int, int, int]) -> None:
    figure, _ = comparison(shape, [5, 20])
    size = figure.get_size_inches()
    boxes = [axes.get_position() for axes in figure.axes if not axes.axison]
    assert len(boxes) == 1 + 1 + 2 * 2
    for box in boxes:
        assert box.height * size[1] / (box.width * size[0]) == pytest.approx(shape[0] / shape[1])
        assert 0 <= box.x0 < box.x1 <= 1
        assert 0 <= box.y0 < box.y1 <= 1
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_errors_share_one_stated_scale() -> None:
    figure, _ = comparison((64, 96, 3), [5, 20])
    maps = [axes.images[0].get_array() for axes in figure.axes if any("dB" in text.get_text() for text in axes.texts)]
    assert [int(shown.max()) for shown in maps] == [5 * 255 // 20, 255]
    bar = next(axes for axes in figure.axes if axes.axison)
    assert [tick.get_text() for tick in bar.get_xticklabels()] == ["0", "20"]
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert texts == ["Original", "M5", "35.00 dB", "M20", "50.00 dB"]


def test_exact_reconstructions_are_black() -> None:
    figure, _ = comparison((64, 96, 3), [0])
    assert (
        next(axes for axes in figure.axes if axes.texts and "M0" in axes.texts[0].get_text())
        .images[0]
        .get_array()
        .max()
        == 0
    )


def test_the_crop_is_marked_on_the_original() -> None:
    figure, crop = comparison((64, 96, 3), [5, 20])
    mark = figure.axes[0].patches[-1]
    assert (mark.get_y() + 0.5, mark.get_x() + 0.5) == (crop.top, crop.left)
    assert (mark.get_height(), mark.get_width()) == (crop.height, crop.width) == (16, 24)


def test_the_caption_states_the_rule() -> None:
    crop = figures.Window(3, 4, 16, 24)
    text = caption("Figure 2. Image kodim07", ["SIREN", "Ours"], crop, ["Ours", "FtC"], "SSIM", View(), 3)
    for part in (
        "Figure 2. Image kodim07, where the gain",
        "gain of Ours over FtC",
        "24 x 16",
        "row 3, column 4",
        "SIREN, Ours",
        "SSIM is that of the whole image",
        "below: absolute error per colour channel, all",
    ):
        assert part in text


def test_a_grey_image_has_no_colour_channels() -> None:
    """Nor has what is shown of a coloured one, such as the length of its gradient."""
    crop = figures.Window(3, 4, 16, 24)
    text = caption("Image slice", ["COIN", "SINCO"], crop, ["SINCO", "COIN"], "PSNR", View(), 1)
    assert "below: absolute error, all on one scale" in text
    assert "colour" not in text


def curves() -> pd.DataFrame:
    steps = np.arange(0, 101, 10)
    final = {"siren": 25.0, "ftc": 32.0, "ours": 33.0}
    parts = [
        pd.DataFrame({"method": method, "iteration": steps, "psnr": 5 + (value - 5) * steps / 100})
        for method, value in final.items()
    ]
    return pd.concat(parts)


COSTS = pd.DataFrame(
    {"average": [25.0, 33.0], "bpp": [16.75, 66.0], "seconds": [4.0, 12.0]},
    index=pd.Index(["siren", "ours"], name="method"),
)
AVERAGE, SECONDS = COSTS["average"], COSTS["seconds"]


def all_charts(ranking: Measure = PSNR) -> dict[str, Figure]:
    return {
        "iterations": charts.over_iterations(curves(), LOOKS, LABELS),
        "per_image": charts.per_image(VALUES, LOOKS, LABELS, ranking),
        "bits": charts.over_bits(COSTS, BITS, LOOKS, LABELS, ranking),
        "seconds": charts.over_seconds(AVERAGE, SECONDS, curves(), LOOKS, LABELS, ranking),
        "against": charts.against(VALUES, "ftc", "ours", LOOKS, LABELS, ranking),
        "comparison": comparison((64, 96, 3), [5, 20])[0],
    }


def test_the_legend_has_the_order_of_the_lines() -> None:
    figure = charts.over_iterations(curves(), LOOKS, LABELS)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Ours", "LoE Fine-to-Coarse", "SIREN"]


def test_a_curve_over_time_ends_where_its_fit_does() -> None:
    time = charts.over_seconds(AVERAGE, SECONDS, curves(), LOOKS, LABELS, PSNR).axes[0]
    _, end, _, curve = time.lines
    assert (curve.get_xdata()[-1], curve.get_ydata()[-1]) == (end.get_xdata()[0], end.get_ydata()[0]) == (12.0, 33.0)
    assert curve.get_xdata()[5] == pytest.approx(6.0)


def test_dots_over_bits_are_the_methods_means() -> None:
    bits = charts.over_bits(COSTS, BITS, LOOKS, LABELS, PSNR).axes[0]
    assert [(*line.get_xdata(), *line.get_ydata()) for line in bits.lines] == [(16.75, 25.0), (66.0, 33.0)]


def test_images_are_sorted_by_the_first_method() -> None:
    axes = charts.per_image(VALUES, LOOKS, LABELS, PSNR).axes[0]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["c", "b", "d", "a"]
    assert axes.lines[0].get_ydata().tolist() == [20, 21, 22, 25]


def test_charts_name_the_measure_that_ranks() -> None:
    assert charts.per_image(VALUES, LOOKS, LABELS, PSNR).axes[0].get_ylabel() == "PSNR (dB)"
    assert charts.per_image(VALUES, LOOKS, LABELS, SSIM).axes[0].get_ylabel() == "SSIM"
    least = Measure("error", "Error", 3, higher_is_better=False)
    assert charts.against(VALUES, "ftc", "ours", LOOKS, LABELS, least).axes[0].get_title() == (
        "Ours is better on 1 of 4 images"
    )
    hidden = charts.over_seconds(AVERAGE, SECONDS, curves().iloc[:0], LOOKS, LABELS, HIDDEN)
    assert hidden.axes[0].get_ylabel() == "PSNR hidden (dB), mean over images"


@pytest.mark.parametrize("chart", ["per_image", "bits", "against"])
def test_axis_titles_are_no_longer_than_their_axes(chart: str) -> None:
    long = Measure("psnr_harmonic", "PSNR, harmonics to degree 8 given", 2, unit="dB")
    figure = all_charts(long)[chart]
    figure.draw_without_rendering()
    (axes,) = figure.axes
    frame, up, across = (each.get_window_extent() for each in (axes, axes.yaxis.label, axes.xaxis.label))
    assert up.height <= frame.height
    assert across.width <= frame.width
    assert axes.get_ylabel().count("\n") == 1  # a short one keeps its line
    assert "given (dB)" in axes.get_ylabel()


def test_one_against_another_counts_the_wins() -> None:
    axes = charts.against(VALUES, "ftc", "ours", LOOKS, LABELS, PSNR).axes[0]
    assert axes.get_title() == "Ours is better on 3 of 4 images"
    assert axes.lines[0].get_xdata().tolist() == VALUES["ftc"].tolist()
    assert axes.get_xlim() == axes.get_ylim()


@pytest.mark.parametrize(
    "values", [VALUES.iloc[:1], VALUES.replace(25.0, math.inf), VALUES * math.inf, VALUES[["ours", "ftc"]]]
)
def test_charts_of_few_or_infinite_values(values: pd.DataFrame, tmp_path: Path) -> None:
    save(charts.per_image(values, LOOKS, LABELS, PSNR), tmp_path / "a.svg")
    save(charts.against(values, "ftc", "ours", LOOKS, LABELS, PSNR), tmp_path / "b.svg")


def test_looks_are_distinct_and_the_papers_do_not_move() -> None:
    table = looks(["a", "b"], [f"m{i}" for i in range(14)])
    assert len({(look.color, look.marker) for look in table.values()}) == 16
    assert looks(["a", "b"], ["z"])["b"] == table["b"] == looks(["a", "b"], ["b", "a"])["b"]
    assert len(set(COLORS)) == len(COLORS) == 8


def write_all(folder: Path) -> None:
    """Each as SVG, and one that has pictures, as pages and prints have it."""
    for name, figure in all_charts().items():
        for suffix in (".svg", ".pdf", ".png") if name == "comparison" else (".svg",):
            save(figure, folder / f"{name}{suffix}")


def test_files_are_real_and_the_same_in_every_process(tmp_path: Path) -> None:
    write_all(tmp_path / "here")
    here = {file.name: file.read_bytes() for file in (tmp_path / "here").iterdir()}
    assert len(here) == 8
    with Image.open(tmp_path / "here" / "comparison.png") as picture:
        assert picture.width == round(7.16 * 300)
    assert here["comparison.pdf"].startswith(b"%PDF")
    assert b"/FontFile2" in here["comparison.pdf"]  # letters, not outlines or bitmaps
    for name, content in here.items():
        assert b"2026" not in content, name
        assert b"CreationDate" not in content, name
    program = "import sys, pathlib; from tests.reports import test_figures as t; t.write_all(pathlib.Path(sys.argv[1]))"
    environment = os.environ | {"PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "0"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *sys.path])
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "there")], check=True, env=environment)
    assert {file.name: file.read_bytes() for file in (tmp_path / "there").iterdir()} == here
