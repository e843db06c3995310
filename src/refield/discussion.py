"""What the paper's gain is made of, in words and tables whose every number is computed from scores."""

import math
from collections.abc import Iterable, Mapping

import pandas as pd

from refield.config import Params
from refield.paired import Difference, difference
from refield.papers import Paper
from refield.results import DASH, Results, by_image, number, pipe
from refield.sensitivity import course, rates, seeds

FEWEST = 8  # images for a profile to be discussed

# (first, second, what their difference says). The parts lead from SIREN to the paper's method and add up.
PARTS = [
    ("siren_wide", "siren", "parameters: as many weights as Levels-of-Experts has, in one dense network"),
    ("ftc", "siren_wide", "experts: the same number of weights, chosen by tiles"),
    ("random_map", "ftc", "a map instead of the coarsest tiles, of noise"),
    ("turned_map", "random_map", "shapes: regions of the image, by half a turn, instead of noise"),
    ("ours", "turned_map", "luminance: the same regions where they belong"),
]
GAIN = ("ours", "ftc")
AT_LENGTH = [("turned_map", "ftc"), ("ours", "turned_map")]  # the gain's parts where noise was not tried
OTHERS = [
    ("ours", "equal_bin", "Multi-Otsu's thresholds rather than equal bins"),
    ("ours_2", "ours", "two regions rather than four"),
    ("ours_8", "ours", "eight regions rather than four"),
    ("siren_region", "siren", "the region as one more input of a SIREN: luminance without experts"),
    ("ftc_leaky", "ftc", "the original Levels-of-Experts' LeakyReLU rather than sines"),
]
HEADS = ["difference", "what it says", "dB", "95 %", "p", "images won", "published"]


COURSE = [0.1, 0.2, 0.4, 0.6, 0.8, 1.0]  # of the iterations


def discussion(
    scores: Results,
    curves: Results,
    studies: Mapping[str, pd.DataFrame],
    params: Params,
    paper: Paper,
) -> str:
    """Markdown, from all profiles' scores and mean curves and the scores of the studies."""
    blocks = ["# What the gain is made of", PREFACE]
    for profile in scores.profiles(params):
        psnr = by_image(scores.of(profile))
        if len(psnr.dropna()) >= FEWEST:
            blocks += [f"## {profile}", _words(psnr), _differences(psnr, [*PARTS, (*GAIN, SUM)], paper)]
            blocks += ["Other controls:", _differences(psnr, OTHERS, paper)]
            blocks += ["On the way there, before rounding to 8 bit:", _course(curves.of(profile), paper)]
        elif profile in params.profiles and not paper.protocol.differences(params.profiles[profile]):
            blocks += [f"## {profile}", "Not run yet: it needs a CUDA GPU."]
    parts = [(first, second) for first, second, _ in PARTS]
    blocks += ["## Other rates", *rates(studies["rates"], [GAIN, *parts], paper)]
    blocks += ["## Other seeds", *seeds(studies["seeds"], [GAIN, OTHERS[0][:2]], paper)]
    blocks += ["## As many iterations as the paper's", LONG, *course(studies["iterations"], [GAIN, *AT_LENGTH], paper)]
    return "\n\n".join(blocks) + "\n"


LONG = "The crops of `kodak_crops`, fitted for longer (studies/iterations)."
SUM = "the paper's gain, the sum of the last three"
PREFACE = (
    "Made by `dvc repro studies/dvc.yaml:discussion`; every number is computed from `reports/scores` and "
    "`studies/*/scores.csv`. A difference is the mean over images of PSNR in dB, image by image, with its 95 % "
    "confidence interval (Student's t); p is Wilcoxon's signed-rank test. The interval is over images, for one seed: "
    "what another seed or rate changes stands below."
)


def _differences(psnr: pd.DataFrame, pairs: Iterable[tuple[str, str, str]], paper: Paper) -> str:
    published = {row.method: row.average for row in paper.rows}
    rows = []
    for first, second, meaning in pairs:
        if {first, second} <= set(psnr):
            told = first in published and second in published
            there = number(published[first] - published[second], sign="+") if told else DASH
            names = f"{paper.label(first)} less {paper.label(second)}"
            rows.append((names, meaning, *_cells(difference(psnr[first], psnr[second])), there))
    return pipe(HEADS, rows, words=2)


def _course(curves: pd.DataFrame, paper: Paper) -> str:
    """The gain while the fits go on: mean PSNR over images at some iterations."""
    psnr = curves.pivot(index="iteration", columns="method", values="psnr")
    shown = [name for name in ("siren", "ftc", "ours") if name in psnr]
    rows = []
    for part in COURSE:
        at = psnr.index[(psnr.index - part * psnr.index.max()).map(abs).argmin()]
        gap = psnr["ours"][at] - psnr["ftc"][at] if set(GAIN) <= set(psnr) else math.nan
        rows.append((f"{at:,}", *(number(psnr[name][at]) for name in shown), number(gap, sign="+")))
    last = f"{paper.label(GAIN[0])} less {paper.label(GAIN[1])}"
    return pipe(["iterations", *map(paper.label, shown), last], rows)


def _words(psnr: pd.DataFrame) -> str:
    """The gain and its parts in words."""
    if not {method for first, second, _ in PARTS for method in (first, second)} <= set(psnr):
        return "Some of the controls have not been run here."
    gain = difference(psnr["ours"], psnr["ftc"])
    wide, experts, noise, shapes, luminance = (difference(psnr[first], psnr[second]) for first, second, _ in PARTS)
    return (
        f"Ours less Fine-to-Coarse is {gain}, {gain.verdict}; ours wins {gain.wins} of {gain.images} images. "
        f"Of this, a map of noise in place of the coarsest tiles gives {noise}; regions of natural shape, which know "
        f"nothing of their pixels, {shapes} more; and the luminance that the map tells of each pixel {luminance} more, "
        f"{luminance.verdict}. Before that, SIREN gains {wide} by having as many weights as Levels-of-Experts in one "
        f"dense network, and {experts} more by having them as experts."
    )


def _cells(found: Difference) -> tuple[str, str, str, str]:
    interval = f"{number(found.low, sign='+')} to {number(found.high, sign='+')}"
    p = "< 0.001" if found.p < 0.001 else f"{found.p:.3f}"
    return number(found.mean, sign="+"), interval, p, f"{found.wins} of {found.images}"
