"""What a choice for each signal can be worth: the oracle's, the search's fitted anew, and the search's own."""

import pandas as pd
import pytest
from pipeline import ROOT

from refield import papers
from refield.errors import UserError
from refield.reports.matched import matched

PAPER = papers.read("mire", ROOT / "papers")
KEY = "methods.sequence.activation"
# Of each image the PSNR of two sequences; and what the search chose, and reached.
GIVEN = {"a": (30.0, 31.0), "b": (34.0, 31.0), "c": (29.0, 29.5), "d": (33.0, 31.5)}
CHOSEN = {"a": ("sine-sine", 25.0), "b": ("sine-root_raised_cosine", 26.0), "c": ("sine-sine", 24.0)}


def study(chosen=CHOSEN, methods=("sequence", "mire")):
    tried = {"['sine', 'sine']": 0, "['sine', 'root_raised_cosine']": 1}
    rows = []
    for name, column in tried.items():
        rows += [(name, methods[0], image, values[column], "") for image, values in GIVEN.items()]
        rows += [(name, methods[1], image, psnr, sequence) for image, (sequence, psnr) in chosen.items()]
    return pd.DataFrame(rows, columns=[KEY, "method", "image", "psnr_8bit", "sequence"])


def cells(block):
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in block.splitlines() if "---" not in line]


def test_choices_stand_beside_the_best_for_all():
    words, table = matched(study(CHOSEN | {"d": ("sine-sine", 23.0)}), PAPER)
    assert words.startswith("Of 2 sequences.")
    head, *rows = cells(table)
    assert head == ["", "PSNR", "less the best for all"]
    assert [row[1] for row in rows] == ["31.50", "31.88", "30.75", "24.50"]
    assert rows[0][0].endswith("sine, sine")
    assert rows[0][2] == ""
    assert [row[2].split()[0] for row in rows[1:]] == ["+0.38", "-0.75", "-7.00"]


def test_a_choice_of_some_images_is_held_against_these():
    """One image has no search, and another one's choice was never given."""
    chosen = CHOSEN | {"c": ("gabor-sine", 24.0)}
    *_, table = matched(study(chosen), PAPER)
    anew, search = cells(table)[-2:]
    assert anew[0].endswith("(2 of 4 images)")
    assert anew[1:] == ["30.50", "—"]
    assert search[0].endswith("(3 of 4 images)")
    assert search[2].startswith("-6.00 [")


def test_nothing_is_matched_where_none_searches():
    with pytest.raises(UserError, match="one that searches"):
        next(matched(study({}), PAPER))
