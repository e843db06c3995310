"""What the paper's gain is made of, in words and tables whose every number is computed from scores."""

from collections.abc import Iterable, Mapping

import pandas as pd

from refield.config import Params
from refield.paired import Difference, difference
from refield.papers import Paper
from refield.results import Results, by_image, number

FEWEST = 8  # images for a profile to be discussed

# (first, second, what their difference says)
CONTROLS = [
    ("ours", "ftc", "the paper's gain: a luminance map in place of the coarsest tiles"),
    ("random_map", "ftc", "the same with noise for a map: experts that know nothing"),
    ("turned_map", "ftc", "the same with the map by half a turn: natural shapes that know nothing of their pixels"),
    ("ours", "turned_map", "what the map knows of its pixels, its shapes and sizes apart"),
    ("ours", "random_map", "what the map knows of its pixels, and its shapes"),
    ("ours", "equal_bin", "Multi-Otsu's thresholds rather than equal bins"),
    ("ours_2", "ours", "two regions rather than four"),
    ("ours_8", "ours", "eight regions rather than four"),
    ("siren_wide", "siren", "as many weights as Levels-of-Experts has, without experts"),
    ("ftc", "siren_wide", "the same number of weights, as experts"),
    ("siren_region", "siren", "a SIREN that is told each pixel's region, without experts"),
    ("ftc_leaky", "ftc", "the original Levels-of-Experts' LeakyReLU rather than sines"),
]


def discussion(scores: Results, studies: Mapping[str, pd.DataFrame], params: Params, paper: Paper) -> str:
    """Markdown, from all profiles' scores and the scores of the studies `seeds`, `rates` and `tiles`."""
    blocks = ["# What the gain is made of", PREFACE]
    for profile in scores.profiles(params):
        psnr = by_image(scores.of(profile))
        if len(psnr.dropna()) >= FEWEST:
            blocks += [f"## Controls: {profile}", _controls(psnr, paper), _shares(psnr)]
        elif profile in params.profiles and not paper.protocol.differences(params.profiles[profile]):
            blocks += [f"## Controls: {profile}", "Not run yet: it needs a CUDA GPU."]
    blocks += ["## Seeds", _seeds(studies["seeds"], paper)]
    blocks += ["## Another rate", _varied(studies["rates"], paper), "## Other tiles", _varied(studies["tiles"], paper)]
    return "\n\n".join(blocks) + "\n"


PREFACE = (
    "Made by `dvc repro studies/dvc.yaml:discussion`; every number is computed from `reports/scores` and "
    "`studies/*/scores.csv`. A difference is the mean over images of PSNR in dB, image by image, with its 95 % "
    "confidence interval (Student's t); p is Wilcoxon's signed-rank test. The interval is over images, for one seed: "
    "what another seed changes stands under Seeds."
)


def _controls(psnr: pd.DataFrame, paper: Paper) -> str:
    published = {row.method: row.average for row in paper.rows}
    rows = []
    for first, second, meaning in CONTROLS:
        if {first, second} <= set(psnr):
            found = difference(psnr[first], psnr[second])
            told = first in published and second in published
            there = number(published[first] - published[second], sign="+") if told else "—"
            rows.append((f"{paper.label(first)} less {paper.label(second)}", meaning, *_cells(found), there))
    return _pipe(["difference", "what it says", "dB", "95 %", "p", "images won", "published"], rows)


def _shares(psnr: pd.DataFrame) -> str:
    """The gain in words."""
    needed = {"ours", "ftc", "random_map", "turned_map", "siren_wide", "siren", "siren_region"}
    if not needed <= set(psnr):
        return "Some of the controls have not been run here."
    gain, random, turned = (difference(psnr[name], psnr["ftc"]) for name in ("ours", "random_map", "turned_map"))
    told = difference(psnr["ours"], psnr["turned_map"])
    wide, experts = difference(psnr["siren_wide"], psnr["siren"]), difference(psnr["ftc"], psnr["siren_wide"])
    region = difference(psnr["siren_region"], psnr["siren"])
    return " ".join(
        [
            f"Ours less Fine-to-Coarse is {gain}, {_verdict(gain)}; ours wins {gain.wins} of {gain.images} images.",
            f"With noise in the map's place the difference is {random}, with the map by half a turn {turned}:",
            f"maps that know nothing of the pixels they gate. What is left to the map's knowledge, ours against the "
            f"turned map, is {told}, {_verdict(told)}.",
            f"Parameters alone, a dense SIREN of the same size, give {wide} over SIREN; the same parameters as experts "
            f"give {experts} more.",
            "The region as a third input of a SIREN, which is the luminance that the map leaks without any expert, "
            f"gives {region}.",
        ]
    )


def _seeds(seeds: pd.DataFrame, paper: Paper) -> str:
    """Each method's average by seed, and the differences that matter."""
    averages = seeds.pivot_table(index="method", columns="seed", values="psnr_8bit", sort=False)
    rows = []
    for method, row in averages.iterrows():
        values = row.to_numpy(dtype=float)
        spread = float(values.std(ddof=1))
        rows.append((paper.label(str(method)), *map(number, values), number(values.mean()), number(spread)))
    table = _pipe(["Average PSNR", *(f"seed {s}" for s in averages), "mean", "standard deviation"], rows)
    lines = []
    for first, second in (("ours", "ftc"), ("ours", "equal_bin")):
        gaps = averages.T[first] - averages.T[second]
        each = ", ".join(number(float(gap), sign="+") for gap in gaps.tolist())
        mean = seeds.groupby(["method", "image"])["psnr_8bit"].mean()
        pooled = difference(mean[first], mean[second])
        lines.append(
            f"* {paper.label(first)} less {paper.label(second)}: {each} dB by seed; "
            f"of each image's mean over seeds {pooled}, {_verdict(pooled)}."
        )
    return f"{table}\n\n" + "\n".join(lines)


def _varied(scores: pd.DataFrame, paper: Paper) -> str:
    """The gain in each of a study's combinations."""
    keys = [column for column in scores if column not in ("method", "image", "psnr_8bit", "psnr_raw")]
    rows = []
    for values, part in scores.groupby(keys, sort=False):
        psnr = part.pivot(index="image", columns="method", values="psnr_8bit")
        setting = ", ".join(
            f"{str(key).rpartition('.')[2].replace('_', ' ')} {value}" for key, value in zip(keys, values, strict=True)
        )
        for method in ("ours", "turned_map"):
            found = difference(psnr[method], psnr["ftc"])
            rows.append((setting, paper.label(method), number(psnr[method].mean()), *_cells(found)))
        rows.append((setting, paper.label("ftc"), number(psnr["ftc"].mean()), "", "", "", ""))
    return _pipe(["setting", "method", "average", "over ftc, dB", "95 %", "p", "images won"], rows)


def _cells(found: Difference) -> tuple[str, str, str, str]:
    interval = f"{number(found.low, sign='+')} to {number(found.high, sign='+')}"
    p = "< 0.001" if found.p < 0.001 else f"{found.p:.3f}"
    return number(found.mean, sign="+"), interval, p, f"{found.wins} of {found.images}"


def _verdict(found: Difference) -> str:
    return "clear of zero" if found.clear else "not clear of zero"


def _pipe(heads: list[str], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
