"""A profile is scored and shown by those of its methods that are fitted, while the others are not; and profiles of some
of the paper's images, at its own scale, are taken together: here two of an image each."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from pipeline import ROOT
from ruamel.yaml import YAML
from stages import discussion, evaluate, figures, index, page, provenance, report, segment, wanted

from refield import config
from refield.pipeline import fits
from refield.pipeline.layout import Layout
from refield.signals import png

TOY = Layout("toy")
SCALE = {"source": "samples", "frame": "resize", "long": 24, "short": 16, "color": "rgb"}
METHODS = ("siren", "ftc", "ours")


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A paper of four images at a scale of moments, and two of these, a profile each: of three methods, and of one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REFIELD_DEVICE", "cpu")
    subprocess.run(["git", "init", "-q"], check=True)  # what git leaves out, a front page does
    yaml = YAML()
    params, paper = yaml.load(ROOT / "params.yaml"), yaml.load(ROOT / "papers/oh_bae_2024/paper.yaml")
    TOY.pipeline.parent.mkdir(parents=True)
    TOY.pipeline.write_text("stages: {}\n")
    paper["protocol"] = {"images": 4, "width": 4, "iterations": 6, **SCALE}
    yaml.dump(paper, TOY.pipeline.with_name("paper.yaml"))
    quick, train = params["profiles"]["quick"], {"iterations": 6, "learning_rate": 1e-3, "trace_every": 2}
    params["paper"], params["runs"], params["maps"] = "toy", ["hard"], {"multi_otsu": params["maps"]["multi_otsu"]}
    params["methods"] = {name: params["methods"][name] for name in METHODS}
    params["profiles"] = {
        profile: {**quick, "images": {**SCALE, "names": [image]}, "methods": methods, "train": train}
        | {"network": {"width": 4, "mlp": {"largest_a": 4.0}}}
        for profile, image, methods in (("hard", "rocket", ["siren", "ours", "ftc"]), ("easy", "coffee", ["siren"]))
    }
    yaml.dump(params, TOY.params)
    for number, (profile, image) in enumerate((("hard", "rocket"), ("easy", "coffee"))):
        pixels = np.random.default_rng(number).integers(0, 256, (16, 24, 3), dtype=np.uint8)
        png.write(TOY.signals(profile) / f"{image}.png", pixels)
        segment.main(profile, "multi_otsu", "toy")
        wanted.main(profile, "toy")
    return config.read(path=TOY.params)


def show(profile: str) -> None:
    """What stages make of a profile, and then of all."""
    for stage in (evaluate, provenance, figures, page):
        stage.main(profile, "toy")
    for each in (report, index, discussion):
        each.main("toy")


def card() -> str:
    return TOY.index.read_text().partition('<a href="pages/hard.html">hard</a>')[2].partition("</article>")[0]


def section(file: Path, title: str) -> str:
    return file.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.usefixtures("clone")
def test_what_is_fitted_is_shown_while_other_methods_are_not(capsys):
    assert list(fits.fit(TOY, "hard", ["siren"]))[-1] == "hard: 1 fits, 1 of which were made now"
    show("hard")
    assert "no fits of ftc, ours, which are not scored" in capsys.readouterr().out
    assert [file.stem for file in (TOY.scores_of_all / "hard").iterdir()] == ["siren"]
    rows = [line for line in section(TOY.tables.with_suffix(".md"), "hard").splitlines() if line[:8] == "| rocket"]
    assert [line.split(" | ")[1] for line in rows] == ["SIREN"]
    assert "1 fit of rocket, 1 of the paper's 4 images (hard)" in TOY.discussion.read_text()
    assert "partly done" in card()
    assert "1 of 3" in card()
    assert '"label": "SIREN"' in TOY.page("hard").read_text()
    assert '"label": "Ours"' not in TOY.page("hard").read_text()
    assert "SIREN" in TOY.provenance_report("hard", ".md").read_text()

    assert list(fits.fit(TOY, "hard"))[-1] == "hard: 3 fits, 2 of which were made now"
    show("hard")
    assert {file.stem for file in (TOY.scores_of_all / "hard").iterdir()} == {*METHODS}
    assert "3 fits of rocket" in TOY.discussion.read_text()
    assert "partly done" not in card()
    assert "3 of 3" in card()
    assert '"label": "Ours"' in TOY.page("hard").read_text()


@pytest.mark.usefixtures("clone")
def test_profiles_of_an_image_each_have_a_block_each_and_are_discussed_together():
    list(fits.fit(TOY, "hard", ["siren", "ours"]))
    list(fits.fit(TOY, "easy"))
    for profile in ("hard", "easy"):
        evaluate.main(profile, "toy")
    report.main("toy")
    discussion.main("toy")
    tables = TOY.tables.with_suffix(".md")
    for profile, image in (("hard", "rocket"), ("easy", "coffee")):
        block = section(tables, profile)
        assert f"| {image} | SIREN | " in block
        assert "1 of its 4 images: each fit stands beside the extremes" in block
        assert "Average" not in block
    found = section(TOY.discussion, "Some of the images, at the paper's own scale")
    assert found.count("of the paper's 4 images") == 1
    assert "3 fits of coffee, rocket, 2 of the paper's 4 images (hard, easy)" in found
    assert "On the way there, before rounding to 8 bit, rocket:" in found
    assert "On the way there, before rounding to 8 bit, coffee:" in found
    assert "| published, lowest | +12.70 |" in found  # ours less SIREN, beside that of rocket
    assert found.count("\n| rocket | ") == 1
