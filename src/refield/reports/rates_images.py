"""BD-rates of files of fields image by image: a mean may hide that one image is unlike all others."""

from collections.abc import Iterator, Mapping

import pandas as pd

from refield.codecs import CODECS
from refield.comparison import Comparison
from refield.reports.rates_panel import Panel
from refield.scores.bd_rate import bd_rate
from refield.scores.numbers import DASH, number
from refield.scores.rates import Curve

MOST = 12  # images that have a row each
PLACES = {"lowest": 0.0, "median": 0.5, "highest": 1.0}  # of more; of two in the middle the lower
LEAD = f"The same image by image; of more than {MOST} the {', '.join(PLACES)}, each by its name."


def tables(panel: Panel, comparison: Comparison) -> Iterator[tuple[list[str], list[list[str]]]]:
    """For each series of fields that has a curve, heads and rows of its BD-rates to the anchors; none of one image."""
    for each in panel.series if len(panel.images) > 1 else ():
        if each.kind == "field":
            found = {anchor: _rates(panel.images_of(anchor), each.by_image) for anchor in comparison.anchors}
            rates = pd.DataFrame(found, index=pd.Index(panel.images), dtype=float)
            if rates.notna().any(axis=None):
                heads = [f"BD-rate of {each.label}", *(f"to {CODECS[anchor].title}" for anchor in found)]
                yield heads, _every(rates) if len(rates) <= MOST else _some(rates)


def _rates(anchor: Mapping[str, Curve], test: Mapping[str, Curve]) -> dict[str, float | None]:
    return {image: bd_rate(curve, test[image]) for image, curve in anchor.items()}


def _every(rates: pd.DataFrame) -> list[list[str]]:
    return [[str(image), *map(_said, row)] for image, row in rates.iterrows()]


def _some(rates: pd.DataFrame) -> list[list[str]]:
    ranked = [rates[anchor].dropna().sort_values(kind="stable") for anchor in rates]
    return [[name, *(_at(place, values) for values in ranked)] for name, place in PLACES.items()]


def _at(place: float, values: pd.Series) -> str:
    """An image and its rate, so far along images in the order of rates."""
    if values.empty:
        return DASH
    index = int(place * (len(values) - 1))
    return f"{values.index[index]}, {_said(values.iloc[index])}"


def _said(rate: float) -> str:
    return DASH if pd.isna(rate) else f"{number(rate, 1, '+')} %"
