"""What is known of where and when fits were made: kept while their bytes stay, else taken from the store."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pipeline import ROOT
from ruamel.yaml import YAML

from refield import config, papers
from refield.config import Params
from refield.pipeline import provenance
from refield.pipeline.layout import Layout
from refield.reports import results
from refield.reports.provenance import chart, page
from refield.reports.results import Scores
from refield.signals import Image
from refield.tasks.represent import Represent
from refield.units.names import CURVE, WEIGHTS, reconstruction
from refield.units.scoring import COSTS
from refield.units.store import Made, Store

PARAMS = config.read(path=ROOT / "params.yaml")
PAPER = papers.read(PARAMS.paper, ROOT / "papers")
KEYS = {"a": "0" * 64, "b": "1" * 64}
SOME = {"seconds": 12.34, "date": "2026-11-19", "device": "CPU (Some)", "torch": "2.9.1", "precision": "float32"}
SOME |= {"together": 1, "seed": 0, "code": "123e45"}
FILES = {CURVE: b"", reconstruction(Image): b""}
LAYOUT, FILE = Layout(), Layout().provenance("quick", "siren")


@pytest.fixture
def only_siren(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """Two fits of one method, and what is wanted, in an empty clone."""
    monkeypatch.chdir(tmp_path)
    wanted = LAYOUT.wanted("quick", "siren")
    wanted.parent.mkdir(parents=True)
    wanted.write_text(json.dumps({"code": "x", "units": KEYS}))
    for name in KEYS:
        fit(name, name.encode())
    return PARAMS.model_copy(update={"methods": {"siren": PARAMS.methods["siren"]}})


def fit(name: str, data: bytes, **about: Any) -> None:
    """Put a fit in its place and into the store."""
    folder = LAYOUT.fits("quick", "siren") / name
    folder.mkdir(parents=True, exist_ok=True)
    files = FILES | {WEIGHTS: data}
    for file, content in files.items():
        (folder / file).write_bytes(content)
    Store().put(KEYS[name], Made(files, SOME | about))


def dates() -> dict[str, str]:
    return {name: row["date"] for name, row in provenance.read(FILE).items()}


def test_who_makes_the_same_bytes_on_another_day_changes_nothing(only_siren: Params) -> None:
    provenance.update(LAYOUT, only_siren, "quick")
    first = FILE.read_text()
    assert dates() == {"a": "2026-11-19", "b": "2026-11-19"}
    for name in KEYS:
        fit(name, name.encode(), date="2031-01-01", seconds=99.0, device="CPU (Other)")
    provenance.update(LAYOUT, only_siren, "quick")
    assert FILE.read_text() == first


def test_other_bytes_or_another_unit_are_of_the_day_on_which_they_were_made(only_siren: Params) -> None:
    provenance.update(LAYOUT, only_siren, "quick")
    fit("b", b"rounded otherwise", date="2031-01-01", node="n7")
    provenance.update(LAYOUT, only_siren, "quick")
    assert dates() == {"a": "2026-11-19", "b": "2031-01-01"}
    assert [row["node"] for row in provenance.read(FILE).values()] == ["", "n7"]
    wanted = LAYOUT.wanted("quick", "siren")
    wanted.write_text(wanted.read_text().replace("0" * 64, "2" * 64))  # of other code
    Store().put("2" * 64, Made(FILES | {WEIGHTS: b"a"}, SOME | {"date": "2032-01-01"}))
    provenance.update(LAYOUT, only_siren, "quick")
    assert dates() == {"a": "2032-01-01", "b": "2031-01-01"}


def test_a_fit_of_unknown_origin_has_no_row(only_siren: Params) -> None:
    provenance.update(LAYOUT, only_siren, "quick")
    (LAYOUT.fits("quick", "siren") / "b" / WEIGHTS).write_bytes(b"from elsewhere")
    provenance.update(LAYOUT, only_siren, "quick")
    assert dates() == {"a": "2026-11-19"}
    (LAYOUT.fits("quick", "siren") / "a" / WEIGHTS).write_bytes(b"from elsewhere")
    FILE.write_bytes(b"\xff\x00 no table")
    provenance.update(LAYOUT, only_siren, "quick")
    assert not FILE.exists()
    past = results.read_provenance(LAYOUT.provenance_of_all, only_siren).of("quick")
    assert "it is not known" in page("quick", past, PAPER, drawn=False)


def scored() -> Scores:
    measures = {measure.name: 30.0 for measure in (*Represent.measures, *COSTS)}
    return Scores(pd.DataFrame([{"method": m, "image": "a"} | measures for m in ("siren", "ours")]), Represent.measures)


def test_the_page_has_the_median_fit_and_every_machine() -> None:
    seconds = {"siren": [1.0, 2.04, 9.0], "ours": [4.0]}
    past = pd.DataFrame([{"method": m, **SOME, "seconds": each} for m, fits in seconds.items() for each in fits])
    past.loc[3, ["device", "date"]] = ["CPU (Other)", "2026-11-20"]
    past.loc[1, "date"] = "2026-11-21"
    text = page("quick", past, PAPER, drawn=True)
    assert "| SIREN | 3 | — | 2.0 | 1.0 | 9.0 |\n| Ours | 1 | — | 4.0 | 4.0 | 4.0 |" in text
    assert "| 1 | 2026-11-20 | CPU (Other) |" in text
    assert "| 3 | 2026-11-19 to 2026-11-21 | CPU (Some) | 1 | float32 | 2.9.1 |" in text
    assert "](quick.svg)" in text


def test_fits_on_other_numbers_of_threads_have_no_median_in_common() -> None:
    fits = {"siren": [(2, 1.0), (1, 5.0), (2, 2.0)], "ours": [(2, 3.0)], "ftc": [("", 4.0), (1, 6.0)]}
    past = pd.DataFrame(
        [{"method": m, **SOME, "threads": t, "seconds": s} for m, of in fits.items() for t, s in of], dtype=object
    ).astype({"seconds": float})
    heads, _, *lines = page("quick", past, PAPER, drawn=False).split("\n\n")[2].splitlines()
    assert heads == "| Method | fits | threads | seconds, median | least | most |"
    assert lines == [
        "| SIREN | 2 | 2 | 1.5 | 1.0 | 2.0 |",
        "| SIREN | 1 | 1 | 5.0 | 5.0 | 5.0 |",
        "| Ours | 1 | 2 | 3.0 | 3.0 | 3.0 |",
        "| LoE Fine-to-Coarse | 1 | — | 4.0 | 4.0 | 4.0 |",
        "| LoE Fine-to-Coarse | 1 | 1 | 6.0 | 6.0 | 6.0 |",
    ]


def test_the_chart_leaves_out_methods_of_unknown_time() -> None:
    past = pd.DataFrame([{"method": "siren", "seconds": 2.0}, {"method": "former", "seconds": 3.0}])
    curves = pd.DataFrame({"method": "siren", "iteration": [0, 10], "psnr": [5.0, 30.0]})
    figure = chart(scored(), past, curves, PARAMS, PAPER)
    assert figure
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["SIREN"]
    assert chart(scored(), past.iloc[:0], curves, PARAMS, PAPER) is None
    assert chart(scored(), past.iloc[1:], curves, PARAMS, PAPER) is None


@pytest.mark.parametrize("folder", ["", "studies/", "papers/mire/", "papers/mire/studies/"])
def test_no_stage_reads_or_declares_it_so_that_no_lock_file_holds_a_day(folder: str) -> None:
    for name, stage in YAML(typ="safe").load(ROOT / f"{folder}dvc.yaml")["stages"].items():
        parts = {key: stage.get("do", stage).get(key, []) for key in ("deps", "outs", "plots", "metrics")}
        assert "provenance" not in str(parts).replace("stages/provenance.py", ""), name
