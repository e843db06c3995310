"""The words follow the numbers: rates, seeds and numbers of iterations."""

import re

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT

from refield import papers
from refield.errors import UserError
from refield.reports.sensitivity import course, seeds, settings
from refield.study import COURSE

PAPER = papers.read("oh_bae_2024", ROOT / "papers")
GAIN = PAPER.gain
LEVEL = {"ftc": 38.0, "ours": 39.0, "random_map": 38.2, "equal_bin": 38.9}
IMAGES = [f"kodim{i:02}" for i in range(1, 13)]


def rows(methods, **columns):
    """Methods that differ by about the same on every image."""
    rng = np.random.default_rng(0)
    each, noise = rng.normal(0, 3, len(IMAGES)), rng.normal(0, 0.02, (len(methods), len(IMAGES)))
    found = [
        {**columns, "method": method, "image": image, "psnr_8bit": LEVEL[method] + each[i] + noise[j, i]}
        for j, method in enumerate(methods)
        for i, image in enumerate(IMAGES)
    ]
    return pd.DataFrame(found)


def line_of(text, start):
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {start} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_each_method_is_taken_at_its_best_rate():
    scores = pd.concat(
        rows(["ftc", "ours", "random_map"], **{"profile.train.schedule": "cosine", "profile.train.learning_rate": rate})
        for rate in (1e-3, 4e-3)
    )
    scores.loc[(scores["profile.train.learning_rate"] == 4e-3) & (scores["method"] == "ours"), "psnr_8bit"] -= 5
    others = [("random_map", "ftc"), ("turned_map", "random_map")]  # the last was not fitted
    _, averages, _, differences, words = settings(scores, GAIN, others, PAPER)
    assert "better than Fine-to-Coarse, clear of zero, in 1 of these 2 settings and worse in 1" in words
    assert re.search(r"With each method at its best the gain is \+(1\.0|0\.9)\d dB \[.*\], clear of zero", words)
    high, best = line_of(averages, "cosine, 0.004"), line_of(averages, "each at its best")
    assert float(best[2].strip("*")) - float(high[2].strip("*")) == pytest.approx(5, abs=0.03)
    assert len(line_of(differences, "each at its best")) == 3


def test_seeds_are_averaged_before_images_are_compared():
    scores = pd.concat([rows(["ftc", "ours", "equal_bin"], seed=seed) for seed in (0, 1, 2)])
    scores.loc[(scores["seed"] == 2) & (scores["method"] == "ours"), "psnr_8bit"] -= 3
    averages, words = seeds(scores, GAIN, [("ours", "equal_bin")], PAPER)
    ours = line_of(averages, "Ours")
    assert float(ours[1]) - float(ours[3]) == pytest.approx(3, abs=0.02)
    assert float(ours[5]) == pytest.approx(np.std([3, 3, 0], ddof=1), abs=0.01)
    gain, otsu = words.splitlines()
    assert re.search(r"\+(1\.0|0\.9)\d, \+(1\.0|0\.9)\d, -(2\.0|1\.9)\d dB by seed", gain)
    assert re.search(r"mean over seeds [+-]0\.0\d dB", gain)
    assert otsu.startswith("* Ours less Ours, equal bin")


def test_the_course_ends_at_the_last_iteration_with_the_difference_there():
    scores = rows(["ftc", "ours"], **{"profile.train.iterations": 5000, "profile.train.learning_rate": 1e-4})
    for column, part in {**COURSE, "psnr_raw": 1.0}.items():
        scores[column] = scores["psnr_8bit"] + np.where(scores["method"] == "ours", 2 * (1 - part), 0)
    title, table, _, end = course(scores, GAIN, [("ftc", "ours")], PAPER)
    assert title.startswith("Iterations 5,000, learning rate 0.0001;")
    for at, gain in (("100", 2.96), ("2,000", 2.2), ("5,000", 1.0)):
        line = line_of(table, at)
        assert float(line[2]) - float(line[1]) == pytest.approx(gain, abs=0.03)
        assert line[3].startswith(f"+{gain:.2f}"[:3])
        assert line[4] == "12 of 12"
    gain, loss = end.splitlines()
    assert re.search(r"\+(1\.0|0\.9)\d dB \[.*\], clear of zero; 12 of 12 images won", gain)
    assert re.search(r"-(1\.0|0\.9)\d dB \[.*\], clear of zero; 0 of 12 images won", loss)


def test_a_study_without_the_gains_methods_is_refused():
    with pytest.raises(UserError, match="no scores of ours"):
        list(seeds(pd.concat(rows(["ftc", "equal_bin"], seed=seed) for seed in (0, 1)), GAIN, [], PAPER))
