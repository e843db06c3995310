"""What files show beside what is scored of the fits: means of what all images have, and dashes for what they lack."""

import pandas as pd
import pytest
from pipeline import ROOT

from refield import config, papers
from refield.errors import UserError
from refield.reports import report, results
from refield.reports.seen import block
from refield.scores.seen import NONE, Look, read_looks
from refield.units.scoring import COSTS

PARAMS = config.read(path=ROOT / "papers/sinco/params.yaml")
PAPER = papers.read("sinco", ROOT / "papers")
IMAGES = ("a", "007")


@pytest.fixture
def scores(tmp_path):
    """Two methods' fits of two images."""
    measures = [measure.name for measure in PARAMS.measures("quick")]
    (tmp_path / "scores/quick").mkdir(parents=True)
    for method, dice in (("coin", 0.8), ("inr", 0.7)):
        numbers = {name: 16.0 for name in (*measures, *(cost.name for cost in COSTS))} | {"dice": dice}
        rows = [{"image": image, "height": 16, "width": 16, **numbers} for image in IMAGES]
        pd.DataFrame(rows).to_csv(tmp_path / f"scores/quick/{method}.csv", index=False)
    return results.read_scores(tmp_path / "scores", PARAMS)


def looks(file, *rows: Look) -> pd.DataFrame:
    pd.DataFrame(rows, columns=list(Look._fields)).to_csv(file, index=False)
    return read_looks(file)


def section(scores, seen) -> list[str]:
    text = report.texts(PARAMS, PAPER, scores, seen)["tables.md"]
    return text.partition("### What files show, and what is seen there\n")[2].partition("\n### ")[0].splitlines()


def test_files_stand_beside_the_fits_and_what_some_image_lacks_is_a_dash(scores, tmp_path):
    whole = [
        Look("coin", image, "half", "16 bit", 1.25, 30.0, 0.9, dice)
        for image, dice in zip(IMAGES, (0.7, 0.8), strict=True)
    ]
    some = Look("coin", "007", "steps", "6 bit/weight", 0.5, 29.0, 0.8, 0.6)
    lines = section(scores, {"quick": looks(tmp_path / "seen.csv", *whole, some)})
    assert "| Method | File | bpp | PSNR | SSIM | Dice | Dice, less the fits' |" in lines
    assert "| COIN | none: the fits | 16.000 | 16.00 | 16.0000 | 0.8000 |  |" in lines
    assert "| COIN | `half`, 16 bit | 1.250 | 30.00 | 0.9000 | 0.7500 | -0.0500 |" in lines
    assert "| COIN | `steps`, 6 bit/weight | — | — | — | — | — |" in lines
    assert "| Vanilla INR | — | — | — | — | — | — |" in lines


def test_where_nothing_was_looked_at_there_are_dashes(scores):
    lines = section(scores, None)
    assert [line for line in lines if line.startswith(("| COIN | —", "| Vanilla INR | —"))] == [
        f"| {name} | — | — | — | — | — | — |" for name in ("COIN", "Vanilla INR")
    ]


def test_only_of_a_network_that_looks_at_coded_fits_there_is_a_table(scores):
    of = results.scores_of(scores, "quick", PARAMS)
    assert block("quick", NONE, of, PARAMS, PAPER)
    plain = PARAMS.profiles["quick"].model_copy(update={"task": {"kind": "represent"}})
    for changed in ({"coding": None}, {"profiles": {"quick": plain}}, {"profiles": {}}):
        assert block("quick", NONE, of, PARAMS.model_copy(update=changed), PAPER) is None


@pytest.mark.parametrize(("lacks", "said"), [("dice", "has no column dice"), ("codec", "has no column codec")])
def test_a_file_of_something_else_is_named(tmp_path, lacks, said):
    looks(tmp_path / "seen.csv", Look("coin", "a", "half", "16 bit", 1.25, 30.0, 0.9, 0.7))
    rows = pd.read_csv(tmp_path / "seen.csv").drop(columns=lacks)
    rows.to_csv(tmp_path / "seen.csv", index=False)
    with pytest.raises(UserError, match=f"seen.csv {said}"):
        read_looks(tmp_path / "seen.csv")
