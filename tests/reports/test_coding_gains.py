"""Bits that coding saves at equal PSNR, of curves whose answer is known."""

import re

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT

from refield import config, papers
from refield.errors import UserError
from refield.reports.coding_gains import gains, page, rates_of

PARAMS = config.read(path=ROOT / "papers/coin/params.yaml")
PAPER = papers.read("coin", ROOT / "papers")
METHODS = {"siren_5x20": (1.0, 24.0), "siren_5x30": (2.0, 27.0), "siren_10x28": (4.0, 30.0)}  # bpp and dB in half


def rates(part: float, images=("a", "b", "c"), codec="steps") -> pd.DataFrame:
    """Half precision has 3 dB for each doubling; the codec has the same curve at a part of the bits, other files."""
    rows = []
    for i, image in enumerate(images):
        for method, (bpp, psnr) in METHODS.items():
            rows.append(("quick", method, image, "half", bpp, psnr + i))
            for loss in (0.4, 1.7):
                rows.append(("quick", method, image, codec, part * bpp * 2 ** (-loss / 3), psnr + i - loss))
    return pd.DataFrame(rows, columns=["profile", "method", "image", "codec", "bpp", "psnr"])


@pytest.mark.parametrize("part", [0.3, 0.6, 1.2])
def test_a_curve_at_a_part_of_the_bits_saves_the_rest(part):
    found = gains(rates(part))
    assert len(found) == 9
    known = found[found["method"] != "siren_10x28"]
    np.testing.assert_allclose(known["bpp"], part * known["plain"], rtol=1e-12)
    assert found.loc[found["method"] == "siren_10x28", "bpp"].isna().all()  # no larger network's file is as good


def test_a_file_that_a_smaller_one_beats_does_not_count():
    worse = pd.DataFrame([("quick", "siren_5x30", "a", "steps", 9.0, 26.0)], columns=rates(0.3).columns)
    both = gains(pd.concat([rates(0.3), worse]))
    pd.testing.assert_frame_equal(both, gains(rates(0.3)))


def test_a_network_that_a_smaller_one_beats_is_compared_at_the_smaller_ones_bits():
    beaten = pd.DataFrame([("quick", "siren_10x40", "a", "half", 8.0, 27.0)], columns=rates(0.3).columns)
    found = gains(pd.concat([rates(0.3), beaten]))
    row = found[found["method"] == "siren_10x40"].iloc[0]
    assert row["plain"] == pytest.approx(2.0)
    assert row["bpp"] == pytest.approx(0.6)


def test_rivals_are_read_off_their_own_curves():
    better = rates(0.3).assign(psnr=lambda rows: rows["psnr"] + 2 * (rows["codec"] == "steps"))
    own = gains(better, "each")
    np.testing.assert_array_equal(own["plain"], [METHODS[method][0] for method in own["method"]])
    np.testing.assert_allclose(own["bpp"], 0.3 * 2 ** (-1.7 / 3) * own["plain"])  # even the smallest file is better
    rival = better.assign(method="rival", psnr=50.0)
    found = gains(pd.concat([better, rival]), "each")
    pd.testing.assert_frame_equal(found[found["method"] != "rival"].reset_index(drop=True), own)
    assert gains(rates(0.3), "each")["bpp"].isna().all()  # no file of a network's own is as good


def test_a_file_that_is_better_than_all_that_is_asked_for_counts_as_it_is():
    found = gains(rates(0.3).query("codec == 'half' or psnr > 28"))
    assert (found[found["method"] == "siren_5x20"]["bpp"] > 0.3).all()


def test_the_page_says_what_is_saved_and_whether_it_is_half():
    text = page(pd.concat([rates(0.3), rates(0.6, codec="rounded").query("codec != 'half'")]), PAPER)
    assert "| network | PSNR in dB | half | steps | rounded |" in text
    assert "| COIN 5x20 | 25.00 | 1.000 | 0.300 (70 %) | 0.600 (40 %) |" in text
    assert "| COIN 10x28 | 31.00 | 4.000 | — | — |" in text
    assert "| mean saving where all reach it |  |  | 70 % | 40 % |" in text
    assert "**Yes**, leaving out 3 where none of its files is as good: `steps` saves 70 % on average, and more" in text
    assert " than half in 6 of 6 pairs" in text
    assert "**No**" in page(rates(0.6), PAPER)
    rivals = page(rates(0.3), PAPER.model_copy(update={"curves_of": "each"}))
    assert "over the settings of one network" in rivals
    assert "| COIN 5x20 | 25.00 | 1.000 | — |" in rivals
    unreached = rates(0.3).query("codec == 'half' or psnr < 24")
    unreached = unreached.assign(psnr=unreached["psnr"] + 9 * (unreached["codec"] == "half"))
    assert "No way of coding reaches" in page(unreached, PAPER)
    assert page(rates(0.3).query("codec == 'half'"), PAPER).count("| COIN") == 3


def test_what_learns_has_the_verdict_of_what_does_not_beside_it():
    learned = rates(0.3, codec="aware").query("codec != 'half'")
    text = page(pd.concat([rates(0.6), learned]), PAPER)
    assert "`aware` saves 70 % on average, and more than half in 6 of 6 pairs" in text
    (said,) = re.findall(r"And without learning\? (.*)\n", text)
    assert said.startswith("**No**, leaving out 3 where none of its files is as good: `steps` saves 40 % on average,")
    worse = rates(0.6).assign(psnr=lambda rows: rows["psnr"] - 9 * (rows["codec"] == "steps"))
    assert "And without learning? No such file is as good." in page(pd.concat([worse, learned]), PAPER)
    assert "learning?" not in page(rates(0.6), PAPER)
    assert "learning?" not in page(pd.concat([rates(0.3), learned.assign(codec="rounded", bpp=9.0)]), PAPER)


def test_rates_are_read_in_the_order_of_params_and_a_bad_file_is_named(tmp_path):
    assert rates_of(tmp_path, PARAMS).empty
    head = "image,codec,setting,bytes,bpp,psnr,ms_ssim\n"
    for method in ("siren_5x30", "siren_5x20"):
        (tmp_path / "quick").mkdir(exist_ok=True)
        (tmp_path / f"quick/{method}.csv").write_text(head + "007,half,16 bit,9,1.5,20.25,\n")
    found = rates_of(tmp_path, PARAMS)
    assert found["method"].tolist() == ["siren_5x20", "siren_5x30"]
    assert found["image"].tolist() == ["007", "007"]
    (tmp_path / "quick/siren_5x20.csv").write_text(head + "a,half,16 bit,9,much,20.25,\n")
    with pytest.raises(UserError, match=r"siren_5x20.csv has what is no number in its column bpp"):
        rates_of(tmp_path, PARAMS)
