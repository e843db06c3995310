"""Files of a single rate beside codecs at as many bits: they have no curve, and so no BD-rate."""

import pandas as pd

from refield.codecs import CODECS
from refield.comparison import Comparison
from refield.reports.rates_panel import Panel, Series
from refield.scores.numbers import DASH
from refield.scores.paired import FEWEST, difference

LEAD = (
    "PSNR of files of a single rate, less that of a codec whose curve is read off, image by image, at as many bits: "
    "the mean difference with its 95 % interval by Student's t, and on how many images it is above zero."
)


def table(panel: Panel, comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """Heads, and a row for each series of fields that has a single rate; none of fewer images than `FEWEST`."""
    single = [each for each in panel.series if each.kind == "field" and each.rows["setting"].nunique() == 1]
    rows = [
        [each.label, f"{each.rows['bpp'].mean():.3f}", *(_less(panel, each, anchor) for anchor in comparison.anchors)]
        for each in single
        if len(panel.images) >= FEWEST
    ]
    return ["At equal bits", "bpp", *(f"less {CODECS[anchor].title}" for anchor in comparison.anchors)], rows


def _less(panel: Panel, series: Series, anchor: str) -> str:
    """Of the images whose files have as many bits as some two of the codec's."""
    own, curves = series.rows.set_index("image"), panel.images_of(anchor)
    known = {image: curve.at(own["bpp"][image]) for image, curve in curves.items()}
    codec = pd.Series(known, dtype=float).dropna()
    if len(codec) < FEWEST:
        return DASH
    found = difference(own["psnr"][codec.index], codec)
    return f"{found}, {found.wins} of {found.images}"
