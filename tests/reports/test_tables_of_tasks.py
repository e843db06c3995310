"""Tables of some of a task's profiles, of several measures, and with what needs no field."""

import pandas as pd
import pytest
from pipeline import ROOT

from refield import config, papers
from refield.reports import report, results
from refield.settings import ConfigError
from refield.tasks.segmented import Segmented

TOY = """\
citation: A Toy, 2026
link: https://example.org/
protocol: {task: derivatives, source: samples, names: all, images: 3, width: 64}
methods: {plain: Plain field, clever: Clever field, psnr_bicubic: Bicubic}
tables:
- number: 1
  caption: Values
  rows:
  - {method: plain, label: Plain, average: 20.5, also: {psnr_gradient: 25.0}}
- number: 2
  caption: Twice
  task: superresolve
  where: {factor: 2}
  rows:
  - {method: clever, label: Clever, average: 29.0}
- number: 4
  caption: Four times
  task: superresolve
  where: {factor: 4}
  protocol: {width: 32}
  rows:
  - {method: clever, label: Clever, average: 21.5, also: {ssim: 0.5}}
  - {method: psnr_bicubic, label: Bicubic, average: 22.0, also: {ssim: 0.75}}
- number: 5
  caption: Three times, of one photograph
  task: superresolve
  where: {factor: 3, names: [coffee]}
  rows:
  - {method: clever, label: Clever, average: 19.5}
claims:
- {text: A gradient is nearer, of: average, methods: [clever, plain], measure: psnr_gradient}
- {text: Bicubic is better, task: superresolve, of: average, methods: [psnr_bicubic, clever]}
- {text: Bicubic mostly is, task: superresolve, where: {factor: 4}, of: images, methods: [psnr_bicubic, clever]}
- {text: Bicubic has more detail, task: superresolve, of: average, methods: [psnr_bicubic, clever], measure: detail}
- {text: Twice is better, task: superresolve, where: {factor: 2}, of: average, methods: [clever, plain]}
"""


def made(folder, task, images=3, names=None):
    (folder / "papers/toy").mkdir(parents=True)
    (folder / "papers/toy/paper.yaml").write_text(TOY)
    params = config.read(path=ROOT / "params.yaml")
    quick = params.profiles["quick"].model_copy(update={"task": task, "network": {"width": 32}})
    if names:
        quick = quick.model_copy(update={"originals": quick.originals.model_copy(update={"names": names})})
    gates = {"gates": ["dense"]}
    params = params.model_copy(update={"methods": {"plain": gates, "clever": gates}, "profiles": {"quick": quick}})
    measures = [measure.name for measure in params.task("quick").measures]
    (folder / "scores/quick").mkdir(parents=True)
    for method, level in (("plain", 30.0), ("clever", 31.0)):
        rows = [
            {"image": f"im{i}", "height": 16, "width": 16}
            | {name: level + i for name in measures}
            | {name: 40.0 + i for name in measures if "bicubic" in name}
            | dict.fromkeys(("parameters", "bpp_weights", "bpp_map", "bpp"), 1)
            for i in range(images)
        ]
        pd.DataFrame(rows).to_csv(folder / "scores/quick" / f"{method}.csv", index=False)
    paper = papers.read("toy", folder / "papers")
    return report.texts(params, paper, results.read_scores(folder / "scores", params))


def test_a_table_stands_beside_those_profiles_that_it_is_of(tmp_path):
    texts = made(tmp_path, {"kind": "superresolve", "factor": 4})
    text = texts["tables.md"]
    assert "Table 4: Four times" in text
    assert "Table 2" not in text
    assert "Table 1" not in text
    assert "network width" not in text.split("departs from")[1].split(".")[0]  # the table's own is 32
    clever = "| Clever | 32.00 | 21.50 | +10.50 | 33.00 | — | — | 31.00 | — | — | 32.0000 | 0.5000 | +31.5000 |"
    bicubic = "| Bicubic | 41.00 | 22.00 | +19.00 | 42.00 | — | — | 40.00 | — | — | 41.0000 | 0.7500 | +40.2500 |"
    assert clever in text
    assert bicubic in text
    assert "| Bicubic is better | 22.00, 21.50 | 41.00, 32.00 | yes |" in text
    assert "| Bicubic mostly is | — | 3 of 3 | yes |" in text
    assert "| Bicubic has more detail | — | 41.0000, 32.0000 | yes |" in text
    assert "Twice is better" not in text
    row = pd.read_csv(tmp_path / "scores/quick/clever.csv").iloc[0]
    assert row["psnr_bicubic"] == 40  # the measure itself stays where it was
    assert "psnr_bicubic" in texts["tables.csv"].splitlines()[0]


@pytest.mark.parametrize(("names", "stands"), [(["coffee"], True), (["rocket"], False), (["coffee", "rocket"], False)])
def test_a_table_may_be_of_certain_images(tmp_path, names, stands):
    text = made(tmp_path, {"kind": "superresolve", "factor": 3}, names=names)["tables.md"]
    assert ("Table 5: Three times, of one photograph" in text) == stands
    assert ("19.50" in text) == stands
    assert ("none stands beside" in text) == (not stands)
    assert ("chosen images: coffee instead of all" in text) == stands


def test_of_one_image_there_is_one_number_and_a_claim_may_be_about_another_measure(tmp_path):
    text = made(tmp_path, {"kind": "derivatives"}, images=1)["tables.md"]
    assert "| Method | PSNR | paper | difference | PSNR of the gradient | paper | difference |" in text
    assert "| Plain | 30.00 | 20.50 | +9.50 | 30.00 | 25.00 | +5.00 |" in text
    assert "| A gradient is nearer | —, 25.00 | 31.00, 30.00 | yes |" in text


def test_what_a_table_was_measured_on_has_the_keys_of_a_protocol(tmp_path):
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy/paper.yaml").write_text(TOY.replace("protocol: {width: 32}", "protocol: {breadth: 32}"))
    with pytest.raises(ConfigError, match="breadth"):
        papers.read("toy", tmp_path)


def test_a_control_may_be_of_another_measure_than_the_one_that_ranks():
    measures = Segmented.measures
    row = {"method": "plain", "image": "a", **{each.name: 1.0 for each in (*measures, *results.COSTS)}}
    scores = results.Scores(pd.DataFrame([row | {"psnr_8bit": 30.0, "dice_original": 0.9}]), measures)
    found = scores.with_controls(["dice_original"]).summary().loc["dice_original"]
    assert found["dice"] == 0.9
    assert found[["average", "ssim", "bpp"]].isna().all()
