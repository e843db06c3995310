"""The ranking finds the settings that the published numbers were made with."""

import itertools

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT

from refield import papers
from refield.reports.calibration import chart, ranking

PAPER = papers.read("oh_bae_2024", ROOT / "papers")
PUBLISHED = {row.method: (row.average, row.highest, row.lowest) for row in PAPER.rows}
FEW = PAPER.model_copy(update={"protocol": PAPER.protocol.model_copy(update={"images": 4})})  # as many as `study` has
METHODS = ["siren", "ftc", "qt", "ours"]
RATE = "profile.train.learning_rate"


def study(shift, images=4):
    """Scores whose statistics are the published ones plus shift(schedule, rate, method); rounding costs 0.01 dB."""
    rows = []
    for schedule, rate, method in itertools.product(["constant", "cosine"], [1e-4, 1e-3], METHODS):
        average, highest, lowest = PUBLISHED[method]
        middle = (images * average - highest - lowest) / (images - 2)
        for i, psnr in enumerate([highest, lowest, *[middle] * (images - 2)]):
            psnr += shift(schedule, rate, method)
            setting = {"profile.train.schedule": schedule, RATE: rate}
            rows.append({**setting, "method": method, "image": f"im{i}", "psnr_8bit": psnr - 0.01, "psnr_raw": psnr})
    return pd.DataFrame(rows)


def test_the_settings_that_match_come_first_at_no_distance():
    first = ranking(study(lambda *s: 0.0 if s[:2] == ("cosine", 1e-3) else 1.0), FEW).iloc[0]
    assert (first["profile.train.schedule"], first[RATE], first["convention"]) == ("cosine", 1e-3, "unrounded")
    assert first["distance"] == pytest.approx(0, abs=1e-9)
    assert [first[m] for m in METHODS] == pytest.approx([PUBLISHED[m][0] for m in METHODS])


def test_gaps_know_nothing_of_what_all_methods_share():
    shifts = {"siren": 3.0, "ftc": 3.0, "qt": 3.0, "ours": 5.0}
    ranked = ranking(study(lambda *s: shifts[s[2]]), FEW)
    raw = ranked[ranked["convention"] == "unrounded"].iloc[0]
    assert raw["distance"] == pytest.approx(np.sqrt((3 * 9 + 25) / 4))
    assert raw["gaps"] == pytest.approx(np.std([3, 3, 3, 5]))


def test_a_few_images_are_judged_by_their_averages_only():
    scores = study(lambda *_: 0.0)
    scores.loc[scores["image"] == "im0", ["psnr_8bit", "psnr_raw"]] += 1  # another highest ...
    scores.loc[scores["image"] == "im2", ["psnr_8bit", "psnr_raw"]] -= 1  # ... and the same average
    assert ranking(scores, PAPER)["distance"].min() == pytest.approx(0, abs=1e-9)
    assert ranking(scores, FEW)["distance"].min() > 0.5


def test_an_error_on_twice_the_range_with_half_its_peak_is_6_dB_less():
    ranked = ranking(study(lambda *_: 20 * np.log10(2)), FEW)
    assert set(ranked["convention"][ranked["distance"] < 1e-9]) == {"peak 1 on [-1, 1]"}
    unit = study(lambda *_: 0.0).rename(columns={"profile.train.schedule": "profile.train.target"})
    unit["profile.train.target"] = unit["profile.train.target"].map({"constant": "symmetric", "cosine": "unit"})
    slips = ranking(unit, FEW).query("convention == 'peak 1 on [-1, 1]'")
    assert set(slips["profile.train.target"]) == {"symmetric"}  # on [0, 1] a peak of 1 is right


def test_the_chart_has_a_line_for_every_setting_the_nearest_first():
    ranked = ranking(study(lambda schedule, rate, _: 1.0 + (schedule == "constant") + 1e3 * rate), PAPER)
    figure = chart(ranked)
    rounded, slip = figure.axes
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["cosine", "constant"]
    lines = {line.get_label(): line for line in rounded.get_lines()}
    np.testing.assert_allclose(lines["cosine"].get_xdata(), [1e-4, 1e-3])
    np.testing.assert_allclose(lines["cosine"].get_ydata(), [1.09, 1.99])
    lines = {line.get_label(): line for line in slip.get_lines()}
    np.testing.assert_allclose(lines["cosine"].get_ydata(), [6.02 - 1.1, 6.02 - 2.0], atol=1e-2)
