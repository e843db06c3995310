"""What the paper's gain is made of, in words and tables whose every number is computed from scores."""

import math
from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from refield.config import Params
from refield.paired import Difference, difference
from refield.papers import Paper
from refield.results import DASH, Results, by_image, number

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
    scores: Results, curves: Results, studies: Mapping[str, pd.DataFrame], params: Params, paper: Paper
) -> str:
    """Markdown, from all profiles' scores and mean curves and the scores of the studies `seeds` and `rates`."""
    blocks = ["# What the gain is made of", PREFACE]
    for profile in scores.profiles(params):
        psnr = by_image(scores.of(profile))
        if len(psnr.dropna()) >= FEWEST:
            blocks += [f"## {profile}", _words(psnr), _differences(psnr, [*PARTS, (*GAIN, SUM)], paper)]
            blocks += ["Other controls:", _differences(psnr, OTHERS, paper)]
            blocks += ["On the way there, before rounding to 8 bit:", _course(curves.of(profile), paper)]
        elif profile in params.profiles and not paper.protocol.differences(params.profiles[profile]):
            blocks += [f"## {profile}", "Not run yet: it needs a CUDA GPU."]
    blocks += ["## Other rates", *_rates(studies["rates"], paper), "## Other seeds", _seeds(studies["seeds"], paper)]
    return "\n\n".join(blocks) + "\n"


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
    return _pipe(HEADS, rows, words=2)


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
    return _pipe(["iterations", *map(paper.label, shown), last], rows)


def _words(psnr: pd.DataFrame) -> str:
    """The gain and its parts in words."""
    if not {method for first, second, _ in PARTS for method in (first, second)} <= set(psnr):
        return "Some of the controls have not been run here."
    gain = difference(psnr["ours"], psnr["ftc"])
    wide, experts, noise, shapes, luminance = (difference(psnr[first], psnr[second]) for first, second, _ in PARTS)
    return (
        f"Ours less Fine-to-Coarse is {gain}, {_verdict(gain)}; ours wins {gain.wins} of {gain.images} images. "
        f"Of this, a map of noise in place of the coarsest tiles gives {noise}; regions of natural shape, which know "
        f"nothing of their pixels, {shapes} more; and the luminance that the map tells of each pixel {luminance} more, "
        f"{_verdict(luminance)}. Before that, SIREN gains {wide} by having as many weights as Levels-of-Experts in one "
        f"dense network, and {experts} more by having them as experts."
    )


def _rates(scores: pd.DataFrame, paper: Paper) -> Iterator[str]:
    """The gain and its parts in each of a study's combinations, and with each method at its own best."""
    keys = [str(column) for column in scores][: list(scores).index("method")]
    settings = {}
    for values, part in scores.groupby(keys, sort=False):
        words = ", ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in values)
        settings[words] = part.pivot(index="image", columns="method", values="psnr_8bit")
    methods = list(dict.fromkeys(scores["method"]))
    best = {method: max(settings, key=lambda words: settings[words][method].mean()) for method in methods}
    settings["each at its best"] = pd.DataFrame({method: settings[best[method]][method] for method in methods})
    named = ", ".join(key.rpartition(".")[2].replace("_", " ") for key in keys)
    rows = [
        (words, *(number(psnr[method].mean()) + "*" * (best[method] == words) for method in methods))
        for words, psnr in settings.items()
    ]
    yield "Average PSNR; * is a method's best, by which it takes part in the last line."
    yield _pipe([named, *map(paper.label, methods)], rows)
    pairs = [GAIN, *((first, second) for first, second, _ in PARTS if {first, second} <= set(methods))]
    rows = [
        (words, *(str(difference(psnr[first], psnr[second])).replace(" dB", "") for first, second in pairs))
        for words, psnr in settings.items()
    ]
    yield "Differences in dB with their 95 % intervals: the gain, and those of its parts that were fitted here."
    yield _pipe([named, *(f"{paper.label(first)} less {paper.label(second)}" for first, second in pairs)], rows)
    gains = [difference(psnr["ours"], psnr["ftc"]) for psnr in settings.values()]
    better, worse = (sum(gain.clear and sign * gain.mean > 0 for gain in gains[:-1]) for sign in (1, -1))
    yield (
        f"Ours is better than Fine-to-Coarse, clear of zero, in {better} of these {len(gains) - 1} settings and worse "
        f"in {worse}. With each method at its best the gain is {gains[-1]}, {_verdict(gains[-1])}."
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


def _cells(found: Difference) -> tuple[str, str, str, str]:
    interval = f"{number(found.low, sign='+')} to {number(found.high, sign='+')}"
    p = "< 0.001" if found.p < 0.001 else f"{found.p:.3f}"
    return number(found.mean, sign="+"), interval, p, f"{found.wins} of {found.images}"


def _verdict(found: Difference) -> str:
    return "clear of zero" if found.clear else "not clear of zero"


def _pipe(heads: list[str], rows: Iterable[tuple[str, ...]], words: int = 1) -> str:
    """A Markdown table whose first columns are words, and the others numbers."""
    lines = [heads, [*["---"] * words, *["---:"] * (len(heads) - words)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
