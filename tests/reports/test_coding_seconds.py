"""How long coded files took: means by way of coding and setting, from files with dates and from older ones."""

import pytest
from pipeline import ROOT

from refield import config, papers
from refield.errors import UserError
from refield.reports.coding_seconds import page, seconds_of

PARAMS = config.read(path=ROOT / "papers/coin/params.yaml")
PAPER = papers.read("coin", ROOT / "papers")
OLDER = """\
image,codec,setting,encode_seconds,decode_seconds
007,steps,8 bit/weight,1.0,0.25
b,steps,8 bit/weight,2.0,0.5
007,half,16 bit,0.5,0.125
"""
DATED = """\
image,codec,setting,encode_seconds,decode_seconds,date,device
a,half,16 bit,0.5,0.125,2026-11-29,CPU (Some)
b,half,16 bit,0.5,0.125,2026-11-30,CPU (Some)
"""


def test_means_are_by_way_and_setting_and_older_files_have_no_date(tmp_path):
    (tmp_path / "quick").mkdir()
    (tmp_path / "quick/siren_5x30.csv").write_text(DATED)
    (tmp_path / "quick/siren_5x20.csv").write_text(OLDER)
    text = page("quick", seconds_of(tmp_path, "quick", PARAMS), PAPER)
    assert "[provenance](../quick.md)" in text
    assert text.splitlines()[-3:] == [
        "| COIN 5x20 | `half` | 16 bit | 0.500 | 0.125 | — | — |",
        "| COIN 5x20 | `steps` | 8 bit/weight | 1.500 | 0.375 | — | — |",
        "| COIN 5x30 | `half` | 16 bit | 0.500 | 0.125 | 2026-11-29 to 2026-11-30 | CPU (Some) |",
    ]


def test_what_is_not_known_has_no_rows_and_a_bad_file_is_named(tmp_path):
    assert seconds_of(tmp_path, "quick", PARAMS).empty
    (tmp_path / "quick").mkdir()
    for column in ("decode_seconds", "codec"):
        (tmp_path / "quick/siren_5x20.csv").write_text(OLDER.replace(column, "other"))
        with pytest.raises(UserError, match=rf"siren_5x20\.csv has no column {column}"):
            seconds_of(tmp_path, "quick", PARAMS)
