"""Reports call volumes and scenes what they are, and say of them only what means something."""

import io
import json
import re

import pandas as pd
import pytest
from pipeline import ROOT

from refield import config, papers
from refield.reports import report, results
from refield.reports.description import counted, measured, scale, statement
from refield.reports.page import page
from refield.units.scoring import COSTS

PARAMS = config.read(path=ROOT / "papers/mire/params.yaml")
PAPER = papers.read("mire", ROOT / "papers")
METHODS = ["mire", "siren"]


@pytest.fixture
def found(tmp_path):
    """Scores of two images, two solids and one scene."""
    for profile, names in {"quick": "ab", "quick_occupancy": "cd", "quick_views": "e"}.items():
        axes = PARAMS.profiles[profile].signal.axes
        numbers = [*(measure.name for measure in (*PARAMS.measures(profile), *COSTS))]
        (tmp_path / profile).mkdir()
        for method in METHODS:
            rows = [{"image": name, **dict.fromkeys(axes, 16), **dict.fromkeys(numbers, 0.5)} for name in names]
            pd.DataFrame(rows).to_csv(tmp_path / profile / f"{method}.csv", index=False)
    return results.read_scores(tmp_path, PARAMS)


def section(text: str, profile: str) -> str:
    return text.partition(f"\n## {profile}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize(
    ("profiles", "said"),
    [
        (["quick"], "; IoU is that of 4 luminance regions, cut at the original's Multi-Otsu thresholds. Bits"),
        (["quick", "quick_occupancy"], "Multi-Otsu thresholds, and of volumes that of voxels. Bits"),
        (
            ["quick_occupancy", "quick_views"],
            "averaged over images; IoU is that of voxels. Bits per pixel (bpp), and of volumes per voxel, cou",
        ),
        (["quick_views", "inpaint_text"], "averaged over images. Bits per pixel (bpp) count"),
    ],
)
def test_what_iou_is_of(profiles, said):
    assert said in measured(profiles, PARAMS)


def test_signals_are_counted_by_what_they_are(found):
    lines = {name: scale(name, results.scores_of(found, name, PARAMS), PARAMS) for name in set(found.rows["profile"])}
    assert {name: line.partition(",")[0] for name, line in lines.items()} == {
        "quick": "2 images",
        "quick_occupancy": "2 volumes",
        "quick_views": "1 scene",
    }
    scores = results.scores_of(found, "quick_views", PARAMS)
    assert "* Images: 1 scene, of views with poses (e), 16 views" in statement("quick_views", scores, PARAMS, PAPER)
    volumes = PARAMS.profiles["quick_occupancy"].originals
    assert [counted(count, volumes) for count in (1, 2)] == ["1 solid by address", "2 solids by address"]


def test_a_batch_is_of_rays_or_points(found):
    said = {
        name: re.search(
            r"batches of [0-9,]+ (\w+)", statement(name, results.scores_of(found, name, PARAMS), PARAMS, PAPER)
        )
        for name in ("quick_views", "quick_occupancy")
    }
    assert {name: match[1] for name, match in said.items()} == {"quick_views": "rays", "quick_occupancy": "points"}


def test_bits_are_those_per_voxel_of_a_volume_and_none_of_a_scene(found):
    table = PAPER.tables[0].model_copy(update={"number": 9, "figure": None, "task": "radiance"})
    first = PAPER.tables[0].model_copy(update={"where": {}})  # of `quick` as well
    paper = PAPER.model_copy(update={"tables": [first, *PAPER.tables[1:], table]})
    texts = report.texts(PARAMS, paper, found)
    assert "| Method | SSIM | Parameters |\n" in section(texts["tables.md"], "quick_views")
    assert "| bpp, map | bpp |" in section(texts["tables.md"], "quick")
    assert "bpp" not in (volumes := section(texts["tables.md"], "quick_occupancy"))
    assert "| bits per voxel, map | bits per voxel |" in volumes
    floats = dict(
        re.findall(r"Profile (\w+), \d+ images\b(.*?)\\bottomrule", texts["tables.tex"].replace(r"\_", "_"), re.S)
    )
    assert {name: "bpp" in text for name, text in floats.items()} == {"quick": True, "quick_views": False}
    rows = [line.count("&") for line in floats["quick_views"].splitlines() if line.endswith(r"\\")]
    assert len({*rows[1:]}) == 1  # the heads' and all methods'
    known = pd.read_csv(io.StringIO(texts["tables.csv"])).groupby("profile")[["parameters", "bpp"]].count() > 0
    assert known.loc["quick_views"].tolist() == [True, False]
    assert known.loc[["quick", "quick_occupancy"]].all(axis=None)


def test_nor_have_its_page_and_charts(found):
    curves = pd.DataFrame(columns=["profile", "method", "iteration", "psnr"])
    names = [name for name, _ in report.comparisons(PARAMS, PAPER, found, results.Results(curves, []))]
    assert [name for name in names if name.endswith("/bits")] == ["quick/bits", "quick_occupancy/bits"]
    heads = {}
    for profile in ("quick_occupancy", "quick_views"):
        html = page(profile, results.scores_of(found, profile, PARAMS), curves, [], PARAMS, PAPER)
        data = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)[1]
        heads[profile] = [column["label"] for column in json.loads(data)["columns"]][-2:]
    assert heads == {"quick_occupancy": ["Parameters", "bits per voxel"], "quick_views": ["SSIM", "Parameters"]}


def test_a_page_and_a_chart_of_volumes_are_of_voxels(found):
    curves = pd.DataFrame(columns=["profile", "method", "iteration", "psnr"])
    texts = {
        profile: page(profile, results.scores_of(found, profile, PARAMS), curves, [], PARAMS, PAPER)
        for profile in ("quick", "quick_occupancy")
    }
    words = (
        "8-bit reconstruction",
        "Image by image",
        "(dB), mean over images",
        "reconstructed voxels",
        "Volume by volume",
    )
    said = {profile: [word in text for word in words] for profile, text in texts.items()}
    assert said == {"quick": [True] * 3 + [False] * 2, "quick_occupancy": [False] * 3 + [True] * 2}
    drawn = dict(report.comparisons(PARAMS, PAPER, found, results.Results(curves, [])))
    heads = [drawn[f"{profile}/bits"].axes[0].get_xlabel() for profile in texts]
    assert heads == ["Bits per pixel, weights and map", "Bits per voxel, weights and map"]
