import math
import re

import pytest

from refield.errors import UserError
from refield.scores.files import parse_csv, read_csv


def test_words_stay_words_and_numbers_may_be_missing():
    rows = parse_csv(b"image,psnr,seconds,blas,code\nNA,,1,,12e34\n007,inf,2,,000001\n1e5,31.5,3,openblas,abc\n")
    assert rows["image"].tolist() == ["NA", "007", "1e5"]
    assert rows["blas"].tolist() == ["", "", "openblas"]
    assert rows["code"].tolist() == ["12e34", "000001", "abc"]
    assert rows["seconds"].tolist() == [1, 2, 3]
    assert math.isnan(rows["psnr"][0])
    assert rows["psnr"].tolist()[1:] == [math.inf, 31.5]


def test_a_value_of_params_yaml_stays_what_it_is():
    """A study's columns are keys of params.yaml, where a map may be called null."""
    rows = parse_csv(b"seg.method,seed,profile.train.target\nnull,0,unit\nnan,1,symmetric\n")
    assert rows["seg.method"].tolist() == ["null", "nan"]
    assert rows["seed"].tolist() == [0, 1]


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b'image\n"1', b"a\n1,2\n3,4,5\n"])
def test_what_is_no_csv_file_is_refused(tmp_path, data):
    (tmp_path / "scores.csv").write_bytes(data)
    with pytest.raises(UserError, match=r"scores\.csv is no CSV file$"):
        read_csv(tmp_path / "scores.csv")


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"scores\.csv is missing$"):
        read_csv(tmp_path / "scores.csv")
    with pytest.raises(UserError, match=f"^{re.escape(str(tmp_path))} (is no file|cannot be read)"):
        read_csv(tmp_path)
