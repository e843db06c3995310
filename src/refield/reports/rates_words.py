"""What a profile's rates say, in sentences: where files of fields lead, where they do not, and where bytes go."""

from collections.abc import Iterator, Sequence
from statistics import fmean

import pandas as pd

from refield.comparison import Comparison
from refield.reports.rates_images import MOST
from refield.reports.rates_panel import Panel, Series
from refield.scores.numbers import number

FEWEST = 4  # photographs that are told apart by halves
NETWORKS = ("header", "drawing network", "expecting network")  # parts of a file that are there whatever it shows


def verdicts(panel: Panel, comparison: Comparison) -> list[str]:
    """Of each series of fields what its curves say beside those of codecs, and of what is published."""
    codecs = [each for each in panel.series if each.kind == "codec"]
    return [
        sentence
        for field in panel.series
        if field.kind == "field"
        for sentence in (*_measured(field, codecs, comparison), *_published(field, panel, comparison))
    ]


def of_parts(label: str, rows: pd.DataFrame) -> str:
    """What the bytes of files of a label, rows of `rates_parts`, say from the smallest setting to the largest."""
    means = rows.groupby(["setting", "part"], sort=False)["bytes"].sum().unstack().fillna(0)
    small, large = means.iloc[0], means.iloc[-1]
    fixed = [
        f"{number(100 * each[each.index.isin(NETWORKS)].sum() / each.sum(), 1)} % at {setting}"
        for setting, each in ((means.index[0], small), (means.index[-1], large))
    ]
    shares = f"{fixed[0]} bpp" if len(means) == 1 else f"{fixed[0]} bpp and {fixed[1]}"
    said = f"Of files of {label} header and networks are {shares}: no better coding of them could save more."
    if len(means) == 1 or large.sum() <= small.sum():
        return said
    more = (large - small) / (large.sum() - small.sum())
    most = f"{number(100 * more.max(), 0)} % are {more.idxmax()}"
    return f"{said} Of what larger files have more, {most}: there bits can be saved."


def _measured(field: Series, codecs: Sequence[Series], comparison: Comparison) -> Iterator[str]:
    """In PSNR by rate, in the largest files by photograph, and in MS-SSIM by rate."""
    above: list[str] = []
    below: list[str] = []
    # Of a single rate, differences at each image's own bits are in a table.
    for bpp in _rates(field, comparison) if len(field.curve.bpp) > 1 else ():
        if shown := {each.label: quality for each in codecs if (quality := each.curve.at(bpp)) == quality}:
            best = max(shown, key=lambda label: shown[label])
            more = field.curve.at(bpp) - shown[best]
            (above if more > 0 else below).append(f"{number(abs(more))} dB at {bpp:g} bpp ({best})")
    said = [f"{way} by {_listed(of)}" for way, of in (("above", above), ("below", below)) if of]
    if said:
        yield f"In mean PSNR {field.label} is, beside the best of the codecs, {'; '.join(said)}."
    yield from _by_smoothness(field, codecs)
    if field.similarity:
        yield from _in_similarity(field, codecs, comparison)


def _by_smoothness(field: Series, codecs: Sequence[Series]) -> Iterator[str]:
    """The largest file of each photograph beside the best codec at as many bits: of smooth photographs and others.

    Smooth are those that codecs show best.
    """
    found: list[tuple[str, float, float, float, str]] = []  # image, bpp, the best codec's PSNR, what is more, codec
    for image, curve in field.by_image.items():
        bpp, psnr = curve.bpp[-1], curve.quality[-1]
        known = {each.label: quality for each in codecs if (quality := each.by_image[image].at(bpp)) == quality}
        if not known:
            return
        best = max(known, key=lambda label: known[label])
        found.append((image, float(bpp), known[best], float(psnr) - known[best], best))
    if not FEWEST <= len(found) <= MOST:
        return
    found.sort(key=lambda row: -row[2])
    more = [row[3] for row in found]
    smooth, other = fmean(more[: len(more) // 2]), fmean(more[len(more) // 2 :])
    farthest, _, _, apart, best = found[more.index(min(more))]
    said = (
        f"In the largest files of {field.label}, of {number(fmean(row[1] for row in found))} bpp on average, the half "
        f"of the photographs that codecs show best, the smooth ones, is {_apart(smooth)} the best codec, the other "
        f"half {_apart(other)} it"
    )
    if apart < 0:
        said += f"; farthest from it is {farthest}, {_apart(apart)} {best}"
    yield f"{said}.{' Smooth photographs saturate.' if smooth < 0 < other else ''}"


def _in_similarity(field: Series, codecs: Sequence[Series], comparison: Comparison) -> Iterator[str]:
    """The codecs that are above it in MS-SSIM, by the rates at which they are."""
    assert field.similarity
    reached = [bpp for bpp in comparison.bpp if field.similarity.at(bpp) > 0]  # which not a number is not
    above: dict[tuple[float, ...], list[str]] = {}
    for each in codecs:
        curve = each.similarity
        if curve and (at := tuple(bpp for bpp in reached if curve.at(bpp) > field.similarity.at(bpp))):
            above.setdefault(at, []).append(each.label)
    if above:
        said = [f"{_listed(labels)} at {_listed([f'{bpp:g}' for bpp in at])} bpp" for at, labels in above.items()]
        yield f"In mean MS-SSIM {field.label} is below {'; below '.join(said)}."
    elif reached:
        yield f"In mean MS-SSIM {field.label} is below no codec at {_listed([f'{bpp:g}' for bpp in reached])} bpp."


def _published(field: Series, panel: Panel, comparison: Comparison) -> Iterator[str]:
    """How many of the published curves of fields are above it, and by how much the best is."""
    for bpp in _rates(field, comparison):
        known = {
            each.label: quality
            for each in panel.published
            if each.kind == "field" and (quality := each.curve.at(bpp)) == quality
        }
        if known:
            own, best = field.curve.at(bpp), max(known, key=lambda label: known[label])
            many = sum(quality > own for quality in known.values())
            yield (
                f"At {bpp:.3g} bpp {many} of {len(known)} published curves of fields are above {field.label}; the "
                f"best, {best}, is {_apart(known[best] - own)} it."
            )


def _rates(field: Series, comparison: Comparison) -> list[float]:
    """Where a series is looked at: at the comparison's rates that it reaches, or at the single one that it has."""
    if len(field.curve.bpp) == 1:
        return [float(field.curve.bpp[0])]
    return [bpp for bpp in comparison.bpp if field.curve.bpp[0] <= bpp <= field.curve.bpp[-1]]


def _apart(more: float) -> str:
    return f"{number(abs(more))} dB {'above' if more > 0 else 'below'}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
