"""Does a gain outlast other learning rates, seeds and numbers of iterations? Markdown, from studies' scores."""

from collections.abc import Iterator, Sequence

import pandas as pd

from refield.paired import difference
from refield.papers import Paper
from refield.results import number, pipe
from refield.study import COURSE, brief, in_words, short, varied

Pair = tuple[str, str]  # methods: the first less the second


def rates(scores: pd.DataFrame, pairs: Sequence[Pair], paper: Paper) -> Iterator[str]:
    """The differences in each of a study's combinations and with each method at its own best; the first is the gain."""
    settings = {
        ", ".join(map(brief, values)): _psnr(part, "psnr_8bit")
        for values, part in scores.groupby(varied(scores), sort=False)
    }
    methods = list(dict.fromkeys(scores["method"]))
    best = {method: max(settings, key=lambda words: settings[words][method].mean()) for method in methods}
    settings["each at its best"] = pd.DataFrame({method: settings[best[method]][method] for method in methods})
    rows = [
        (words, *(number(psnr[method].mean()) + "*" * (best[method] == words) for method in methods))
        for words, psnr in settings.items()
    ]
    named = ", ".join(map(short, varied(scores)))
    yield "Average PSNR; * is a method's best, by which it takes part in the last line."
    yield pipe([named, *map(paper.label, methods)], rows)
    pairs = [pair for pair in pairs if {*pair} <= {*methods}]
    rows = [
        (words, *(str(difference(psnr[first], psnr[second])).replace(" dB", "") for first, second in pairs))
        for words, psnr in settings.items()
    ]
    yield "Differences in dB with their 95 % intervals: the gain, and those of its parts that were fitted here."
    yield pipe([named, *(_less(pair, paper) for pair in pairs)], rows)
    first, second = pairs[0]
    gains = [difference(psnr[first], psnr[second]) for psnr in settings.values()]
    better, worse = (sum(gain.clear and sign * gain.mean > 0 for gain in gains[:-1]) for sign in (1, -1))
    yield (
        f"Ours is better than Fine-to-Coarse, clear of zero, in {better} of these {len(gains) - 1} settings and worse "
        f"in {worse}. With each method at its best the gain is {gains[-1]}, {gains[-1].verdict}."
    )


def seeds(scores: pd.DataFrame, pairs: Sequence[Pair], paper: Paper) -> Iterator[str]:
    """Each method's average by seed, and the differences."""
    averages = scores.pivot_table(index="method", columns="seed", values="psnr_8bit", sort=False)
    rows = []
    for method, row in averages.iterrows():
        values = row.to_numpy(dtype=float)
        spread = float(values.std(ddof=1))
        rows.append((paper.label(str(method)), *map(number, values), number(values.mean()), number(spread)))
    yield pipe(["Average PSNR", *(f"seed {s}" for s in averages), "mean", "standard deviation"], rows)
    lines = []
    for first, second in pairs:
        gaps = averages.T[first] - averages.T[second]
        each = ", ".join(number(float(gap), sign="+") for gap in gaps.tolist())
        mean = scores.groupby(["method", "image"])["psnr_8bit"].mean()
        pooled = difference(mean[first], mean[second])
        lines.append(
            f"* {_less((first, second), paper)}: {each} dB by seed; "
            f"of each image's mean over seeds {pooled}, {pooled.verdict}."
        )
    yield "\n".join(lines)


def course(scores: pd.DataFrame, pairs: Sequence[Pair], paper: Paper) -> Iterator[str]:
    """For each of a study's combinations: the first difference on the way, before rounding, and all in the end."""
    first, second = pairs[0]
    pairs = [pair for pair in pairs if {*pair} <= {*scores["method"]}]
    keys = varied(scores)
    heads = ["iterations", *map(paper.label, (second, first)), _less(pairs[0], paper), "images won"]
    for values, part in scores.groupby(keys, sort=False):
        rows = []
        for column, share in {**COURSE, "psnr_raw": 1.0}.items():
            psnr = _psnr(part, column)
            found = difference(psnr[first], psnr[second])
            averages = (number(psnr[method].mean()) for method in (second, first))
            at = brief(round(share * part["profile.train.iterations"].iloc[0]))
            rows.append((at, *averages, str(found).replace(" dB", ""), f"{found.wins} of {found.images}"))
        psnr = _psnr(part, "psnr_8bit")
        words = in_words(keys, values)
        yield f"{words[0].upper()}{words[1:]}; PSNR before rounding to 8 bit:"
        yield pipe(heads, rows)
        yield "In the end, of 8-bit images:"
        yield "\n".join(f"* {_less(pair, paper)}: {_told(psnr, pair)}" for pair in pairs)


def _psnr(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    return rows.pivot(index="image", columns="method", values=column)


def _told(psnr: pd.DataFrame, pair: Pair) -> str:
    found = difference(psnr[pair[0]], psnr[pair[1]])
    return f"{found}, {found.verdict}; {found.wins} of {found.images} images won."


def _less(pair: Pair, paper: Paper) -> str:
    return " less ".join(map(paper.label, pair))
