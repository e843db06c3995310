"""What the files of a profile's fits show, and what its task's network sees there, beside the scores of the fits."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from refield.config import Params
from refield.papers import Paper
from refield.reports.results import Scores, pipe
from refield.scores.numbers import DASH, number
from refield.scores.seen import means
from refield.tasks.segmented import Segmented

BPP = "bpp"  # of a whole file
PSNR, SSIM, DICE, BPP_STORED, _ = Segmented.measures
MEASURES = (PSNR, SSIM, DICE)
LEAD = (
    "Means over images of what each file decodes to, at which the network looks that looks at the fits. Of each method "
    "what is scored above comes first: the weights{precision}, which are in no file. A dash: no such files have been "
    "looked at, or some image has none."
)


def block(profile: str, seen: pd.DataFrame, scores: Scores, params: Params, paper: Paper) -> str | None:
    """Markdown of a profile's `Look`s, of which there may be none; None unless its fits are coded, and a network looks
    at them."""
    if profile not in params.profiles or (coding := params.coded(profile)) is None:
        return None
    if not isinstance(task := params.task(profile), Segmented):
        return None
    heads = ["Method", "File", BPP, *(measure.title for measure in MEASURES), f"{DICE.title}, less the fits'"]
    methods = dict.fromkeys(map(str, scores.rows["method"]))
    lines = [line for method in methods for line in _lines(method, seen, scores, coding.variants, paper)]
    lead = LEAD.format(precision=" in half precision" if task.precision == "half" else "")
    return f"### What files show, and what is seen there\n\n{lead}\n\n{pipe(heads, lines, words=2)}"


def _lines(method: str, seen: pd.DataFrame, scores: Scores, codecs: Sequence[str], paper: Paper) -> Iterator[list[str]]:
    """A method's: its fits, then its files in the order of the ways of coding, from the fewest bits."""
    label, fits = paper.label(method), scores.rows[scores.rows["method"] == method]
    scored = fits[[BPP_STORED.name, *(measure.name for measure in MEASURES)]].mean().rename({BPP_STORED.name: BPP})
    yield [label, "none: the fits", *_cells(scored), ""]
    if (own := seen[seen["method"] == method]).empty:
        yield [label, *[DASH] * (len(MEASURES) + 3)]
        return
    found = means(own).reset_index().sort_values(BPP, kind="stable")
    for codec in codecs:
        for row in found[found["codec"] == codec].to_dict("records"):
            less = number(row[DICE.name] - scored[DICE.name], DICE.digits, "+")
            yield [label, f"`{codec}`, {row['setting']}", *_cells(row), less]


def _cells(row: Mapping[Any, Any] | pd.Series) -> list[str]:
    return [number(row[BPP], 3), *(number(row[measure.name], measure.digits) for measure in MEASURES)]
