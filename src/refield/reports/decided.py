"""What fits to some of a paper's images, at its own scale, decide of what it leaves open: its settings, its PSNR.

Their average says nothing of that of all. But if settings and convention of PSNR are the paper's, each fit lies between
the least and the most that is published of its method; and a difference of two methods is the same by every convention.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from refield.config import Params
from refield.papers import Paper
from refield.reports.calibration import CONVENTIONS, DRAWN, SLIP
from refield.reports.course import course
from refield.reports.description import entry, has_some_images, kind, training
from refield.reports.results import STATISTICS, Results, pipe
from refield.reports.some_images import extremes
from refield.scores.measure import PSNR
from refield.scores.numbers import number

TITLE = "Some of the images, at the paper's own scale"


@dataclass(frozen=True)
class Reach:
    """The least and the most PSNR of a method's fits by one convention, in dB, and both less the published."""

    method: str
    least: float
    most: float
    over_lowest: float  # less than 0: outside of what is published
    over_highest: float  # more than 0: outside

    @property
    def outside(self) -> float:
        return max(0.0, -self.over_lowest, self.over_highest)


def decided(scores: Results, curves: Results, params: Params, paper: Paper) -> Iterator[str]:
    """Markdown: a section on all profiles that have some of the paper's images at its own scale; nothing without one.

    Fits that are trained in the same way are taken together.
    """
    run = set(scores.rows["profile"])
    ways: dict[str, list[str]] = {}
    for name in params.profiles:
        if name in run and has_some_images(name, params, paper) and kind(name, params) == paper.protocol.task:
            ways.setdefault(training(params.profiles[name]), []).append(name)
    if ways:
        yield f"## {TITLE}"
    for way, names in ways.items():
        known, first = paper.of(entry(names[0], params)), params.profiles[names[0]]
        conventions = [each for each in DRAWN if each != SLIP or first.train.target != "unit"]
        fits = pd.concat([scores.of(name) for name in names]).drop_duplicates(["image", "method"])
        ends = pd.concat([_ends(curves.of(name)) for name in names])
        yield f"{_counted(fits, known)} ({', '.join(names)}): {way}."
        yield from _of_one_way(fits, ends, conventions, known)
        for name in names:
            images, traced = sorted(set(scores.of(name)["image"])), curves.of(name)
            of = f"mean of {' and '.join(images)}" if len(images) > 1 else images[0]
            yield from course(traced, dict.fromkeys(traced["method"]), paper.gain, paper, of)


def _counted(fits: pd.DataFrame, known: Paper) -> str:
    images = sorted(set(fits["image"]))
    number_of = f"{len(fits)} fit{'s' * (len(fits) != 1)}"
    return f"{number_of} of {', '.join(images)}, {len(images)} of the paper's {known.protocol.images} images"


def _ends(curves: pd.DataFrame) -> pd.DataFrame:
    """The last row of each method's curve: PSNR before rounding."""
    return curves.loc[curves.groupby("method")["iteration"].idxmax()]


def _of_one_way(fits: pd.DataFrame, ends: pd.DataFrame, conventions: Sequence[str], known: Paper) -> Iterator[str]:
    reaches = {convention: _reaches(fits, ends, known, *CONVENTIONS[convention]) for convention in conventions}
    if all(reaches.values()):
        every = known.protocol.images
        slip = (
            f" {SLIP.capitalize()} is a slip that would be easily made, and is {number(-CONVENTIONS[SLIP][1])} dB less."
        )
        yield (
            f"An average of so few says nothing of that of all {every}. But if these settings are the paper's, and its "
            "PSNR is taken by the same convention, then each fit lies between the lowest and the highest that is "
            "published of its method. The distance is the root mean square, over methods, of how far outside they lie."
            f"{slip * (SLIP in reaches)}"
        )
        yield _table(reaches, known)
        yield _verdict(reaches, every)
    yield from _gaps(fits, known)


def _reaches(fits: pd.DataFrame, ends: pd.DataFrame, paper: Paper, column: str, shift: float) -> list[Reach]:
    """Of the methods whose extremes are published; `column` is the PSNR of 8 bit, or that before rounding."""
    found = fits.assign(lowest=fits[PSNR.name], highest=fits[PSNR.name]) if column == PSNR.name else ends
    reaches = []
    for method, (lowest, highest) in extremes(paper).items():
        own = found[found["method"] == method]
        if len(own) and lowest is not None and highest is not None:
            least, most = float(own["lowest"].min()) + shift, float(own["highest"].max()) + shift
            reaches.append(Reach(method, least, most, least - lowest, most - highest))
    return reaches


def _table(reaches: Mapping[str, Sequence[Reach]], paper: Paper) -> str:
    heads = ["PSNR", "method", "least", "less the lowest published", "most", "less the highest published"]
    rows = [
        [
            convention,
            paper.label(reach.method),
            number(reach.least),
            number(reach.over_lowest, sign="+"),
            number(reach.most),
            number(reach.over_highest, sign="+"),
        ]
        for convention, found in reaches.items()
        for reach in found
    ]
    return pipe(heads, rows, words=2)


def _verdict(reaches: Mapping[str, Sequence[Reach]], every: int) -> str:
    """By which conventions the fits lie where they must, by how much they do not by the others, and what is left."""
    outside = {convention: np.array([reach.outside for reach in found]) for convention, found in reaches.items()}
    within = [convention for convention, off in outside.items() if not off.any()]
    beyond = [f"{convention} ({_distance(off)})" for convention, off in outside.items() if off.any()]
    words = []
    if within:
        words.append(f"By {' and by '.join(within)} all lie there: nothing that is published rules out these settings.")
    if beyond:
        words.append(f"By {' and by '.join(beyond)} some do not: so measured, these settings are not the paper's.")
    words.append(
        "A least above the lowest that is published speaks against them only if no other image is so much harder, and "
        f"a most below the highest only if none is so much easier. This, averages and claims are left to all {every} "
        "images; all here is of one seed."
    )
    return " ".join(words)


def _distance(off: np.ndarray) -> str:
    distance = number(float(np.sqrt(np.mean(off**2))))
    return f"{np.count_nonzero(off)} of {len(off)} methods, by {number(off.max())} dB at most; distance {distance} dB"


def _gaps(fits: pd.DataFrame, paper: Paper) -> Iterator[str]:
    """Differences from the first of the paper's methods on each image that has it and another, beside the published."""
    rows = {row.method: row for row in paper.rows if all(getattr(row, name) is not None for name in STATISTICS)}
    psnr = fits.drop_duplicates(["image", "method"]).pivot(index="image", columns="method", values=PSNR.name)
    first, *others = [method for method in rows if method in psnr] or [""]
    both = psnr[psnr[others].notna().any(axis=1) & psnr[first].notna()] if others else psnr.iloc[:0]
    if both.empty:
        return
    lines = [[str(image), *_signed([row[method] - row[first] for method in others])] for image, row in both.iterrows()]
    for name in STATISTICS:
        values = {method: getattr(row, name) for method, row in rows.items()}
        lines.append([f"published, {name}", *_signed([values[method] - values[first] for method in others])])
    yield f"Less {paper.label(first)}, which is the same by every convention but for rounding:"
    yield pipe(["image", *map(paper.label, others)], lines)


def _signed(values: Sequence[float]) -> list[str]:
    return [number(value, sign="+") for value in values]
