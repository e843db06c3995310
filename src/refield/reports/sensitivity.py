"""Does a gain outlast other learning rates, seeds and numbers of iterations? Markdown, from studies' scores."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import pandas as pd

from refield.errors import UserError
from refield.papers import Gain, Paper
from refield.papers.table import Pair
from refield.reports.results import averaged, pipe
from refield.scores.measure import PSNR
from refield.scores.numbers import number
from refield.scores.paired import difference
from refield.study import COURSE, brief, in_words, short, varied


def settings(scores: pd.DataFrame, gain: Gain, others: Sequence[Pair], paper: Paper) -> Iterator[str]:
    """The gain and other differences in each of a study's combinations, and with each method at its own best."""
    psnr_of = {
        ", ".join(map(brief, values)): _psnr(part, PSNR.name)
        for values, part in scores.groupby(varied(scores), sort=False, dropna=False)
    }
    methods = list(dict.fromkeys(scores["method"]))
    best = {method: max(psnr_of, key=lambda words: averaged(psnr_of[words][method])) for method in methods}
    psnr_of["each at its best"] = pd.DataFrame({method: psnr_of[best[method]][method] for method in methods})
    rows = [
        (words, *(number(psnr[method].mean()) + "*" * (best[method] == words) for method in methods))
        for words, psnr in psnr_of.items()
    ]
    named = ", ".join(map(short, varied(scores)))
    yield "Average PSNR; * is a method's best, by which it takes part in the last line."
    yield pipe([named, *map(paper.label, methods)], rows)
    pairs = _fitted(gain, others, methods)
    rows = [
        (words, *(str(difference(psnr[first], psnr[second])).replace(" dB", "") for first, second in pairs))
        for words, psnr in psnr_of.items()
    ]
    yield "Differences in dB with their 95 % intervals: the gain, and those of its parts that were fitted here."
    yield pipe([named, *(_less(pair, paper) for pair in pairs)], rows)
    found = [difference(psnr[gain.better], psnr[gain.worse]) for psnr in psnr_of.values()]
    better, worse = (sum(gap.clear and sign * gap.mean > 0 for gap in found[:-1]) for sign in (1, -1))
    yield (
        f"{gain.called[0]} is better than {gain.called[1]}, clear of zero, in {better} of these {len(found) - 1} "
        f"settings and worse in {worse}. With each method at its best the gain is {found[-1]}, {found[-1].verdict}."
    )


def seeds(scores: pd.DataFrame, gain: Gain, others: Sequence[Pair], paper: Paper) -> Iterator[str]:
    """Each method's average by seed, and the gain and other differences."""
    averages = scores.pivot_table(index="method", columns="seed", values=PSNR.name, sort=False)
    rows = []
    for method, row in averages.iterrows():
        values = row.to_numpy(dtype=float)
        spread = float(values.std(ddof=1))
        rows.append((paper.label(str(method)), *map(number, values), number(values.mean()), number(spread)))
    yield pipe(["Average PSNR", *(f"seed {s}" for s in averages), "mean", "standard deviation"], rows)
    lines = []
    for first, second in _fitted(gain, others, averages.index):
        gaps = averages.T[first] - averages.T[second]
        each = ", ".join(number(float(gap), sign="+") for gap in gaps.tolist())
        mean = scores.groupby(["method", "image"])[PSNR.name].mean()
        pooled = difference(mean[first], mean[second])
        lines.append(
            f"* {_less((first, second), paper)}: {each} dB by seed; "
            f"of each image's mean over seeds {pooled}, {pooled.verdict}."
        )
    yield "\n".join(lines)


def course(scores: pd.DataFrame, gain: Gain, others: Sequence[Pair], paper: Paper) -> Iterator[str]:
    """For each of a study's combinations: the gain on the way, before rounding, and other differences in the end."""
    first, second = gain.pair
    pairs = _fitted(gain, others, scores["method"])
    keys = varied(scores)
    heads = ["iterations", *map(paper.label, (second, first)), _less(pairs[0], paper), "images won"]
    for values, part in scores.groupby(keys, sort=False, dropna=False):
        rows = []
        for column, share in {**COURSE, "psnr_raw": 1.0}.items():
            psnr = _psnr(part, column)
            found = difference(psnr[first], psnr[second])
            averages = (number(psnr[method].mean()) for method in (second, first))
            at = brief(round(share * part["profile.train.iterations"].iloc[0]))
            rows.append((at, *averages, str(found).replace(" dB", ""), f"{found.wins} of {found.images}"))
        psnr = _psnr(part, PSNR.name)
        words = in_words(keys, values)
        yield f"{words[0].upper()}{words[1:]}; PSNR before rounding to 8 bit:"
        yield pipe(heads, rows)
        yield "In the end, of 8-bit images:"
        yield "\n".join(f"* {_less(pair, paper)}: {_told(psnr, pair)}" for pair in pairs)


# What a section on a study may show.
SECTIONS: Mapping[str, Callable[[pd.DataFrame, Gain, Sequence[Pair], Paper], Iterator[str]]] = {
    "settings": settings,
    "seeds": seeds,
    "course": course,
}


def _fitted(gain: Gain, others: Sequence[Pair], methods: Iterable[str]) -> list[Pair]:
    """The pairs whose methods were fitted; `UserError` if those of the gain were not."""
    known = set(methods)
    if missing := [method for method in gain.pair if method not in known]:
        raise UserError(f"a study that the discussion shows has no scores of {missing[0]}, which the gain is about")
    return [pair for pair in (gain.pair, *others) if {*pair} <= known]


def _psnr(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    return rows.pivot(index="image", columns="method", values=column)


def _told(psnr: pd.DataFrame, pair: Pair) -> str:
    found = difference(psnr[pair[0]], psnr[pair[1]])
    return f"{found}, {found.verdict}; {found.wins} of {found.images} images won."


def _less(pair: Pair, paper: Paper) -> str:
    return " less ".join(map(paper.label, pair))
