"""Some of a paper's images at its own scale: each fit, and the extremes that are published of its method beside."""

from collections.abc import Mapping

from refield.papers import Paper
from refield.papers.table import Row
from refield.reports.results import PARAMETERS, Scores, pipe
from refield.scores.numbers import DASH, number

Ends = tuple[float | None, float | None]  # the lowest and the highest, where they are printed


def fit_by_fit(scores: Scores, known: Paper) -> str:
    """A Markdown table of all scores; `known` is what the paper says of the profile's task."""
    published, ranked = extremes(known), scores.ranking
    others = [*scores.others, PARAMETERS, *filter(None, [scores.bits])]
    heads = ["Image", "Method", ranked.title]
    heads += [head for name in ("Lowest", "Highest") for head in (f"{name}, paper", "difference")]
    rows = []
    for fit in scores.rows.sort_values("image", kind="stable").to_dict("records"):
        cells = [fit["image"], known.label(fit["method"]), number(fit[ranked.name], ranked.digits)]
        for value in published.get(fit["method"], (None, None)):
            off = DASH if value is None else number(fit[ranked.name] - value, ranked.digits, "+")
            cells += [DASH if value is None else number(value, ranked.digits), off]
        rows.append([*cells, *(number(fit[measure.name], measure.digits) for measure in others)])
    title = f"### Fit by fit, beside the published extremes of all {known.protocol.images} images"
    return f"{title}\n\n{pipe([*heads, *(measure.title for measure in others)], rows, words=2)}"


def extremes(known: Paper) -> Mapping[str, Ends]:
    """The least and the most that are published of each method."""
    rows: dict[str, Row] = {row.method: row for row in known.rows}
    return {method: (row.lowest, row.highest) for method, row in rows.items()}
