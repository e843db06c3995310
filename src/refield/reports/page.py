"""One self-contained HTML page per profile: tables that sort, pictures side by side, errors, maps, curves.

Pictures are lossless and the page computes errors from them, but for drawings, which have errors of their own.
`page.html` holds all markup and code; here is its data.
"""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from refield.config import Params
from refield.papers import Paper
from refield.reports.claims import examine, explained
from refield.reports.costs_page import costs_of
from refield.reports.description import entry, has_some_images, noun, said, scale, statement
from refield.reports.html import render
from refield.reports.pictures import Picture, encode
from refield.reports.plotting import Look, looks
from refield.reports.results import PARAMETERS, Scores, spelt, unit
from refield.reports.solids import WORDS
from refield.reports.some_images import Ends, extremes
from refield.scores.measure import Measure

BUDGET = 4_000_000  # bytes of pictures in a page: a few MB can live in git


def choose_images(values: pd.DataFrame, count: int) -> list[str]:
    """`count` images, from the one with the first method's least value to that with its most, as evenly as may be."""
    ranked = values.sort_values([values.columns[0]], kind="stable").index
    places = np.unique(np.linspace(0, len(ranked) - 1, min(count, len(ranked))).round().astype(int))
    return [str(ranked[place]) for place in places]


def page(
    profile: str,
    scores: Scores,
    curves: pd.DataFrame,
    pictures: Iterable[Picture],
    params: Params,
    paper: Paper,
) -> str:
    """The page; columns of `curves` as in reports/. It shows as many pictures as its budget allows."""
    values = scores.by_image()
    own = paper.gain.better if paper.gain and paper.gain.better in values else None
    encoded = {picture.name: encode(picture, paper.credit(picture.name)) for picture in pictures}
    share = max([1, *(len(json.dumps(picture)) for picture in encoded.values())])
    # From the hardest to the easiest for the paper's own method.
    ranked = (1 if scores.ranking.higher_is_better else -1) * (values[[own]] if own else values)
    chosen = choose_images(ranked[ranked.index.isin(encoded)], max(1, BUDGET // share)) if encoded else []
    one = noun(profile, params)
    stated = statement(profile, scores, params, paper)
    lines = [line[2:] for line in stated.splitlines() if line[:2] == "* "]
    if len(chosen) < len(encoded):
        lines.append(f"Pictures: {len(chosen)} of the {len(encoded)} {one}s, from the hardest to the easiest.")
    known = said(profile, params, paper)
    claims = examine(scores, known)
    ends = None
    if has_some_images(profile, params, paper):
        ends = extremes(paper.of(entry(profile, params)))
        lines.append(stated.splitlines()[-1])
    columns, rows = _results(scores, known, ends)
    data = {
        "profile": profile,
        "lead": f"{scale(profile, scores, params)}. Beside {paper.citation}.",
        "statement": lines,
        "measure": _measure(scores.ranking),
        "columns": columns,
        "methods": _methods(rows, looks(paper.methods, params.methods), paper),
        "own": own,
        "claims": claims.to_numpy().tolist(),
        "images": [
            {"name": str(name), "values": {str(method): number(value) for method, value in row.items()}}
            for name, row in values.iterrows()
        ],
        "curves": {
            str(method): [[int(i), round(value, 2)] for i, value in curve[["iteration", "psnr"]].to_numpy().tolist()]
            for method, curve in curves.groupby("method", sort=False)
            if np.isfinite(curve["psnr"]).all()
        },
        "pictures": [encoded[name] for name in chosen],
        "errors": f"Where the field is wrong: {WORDS}.",
    }
    text = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("</", "<\\/")
    costs, chance = costs_of(profile, scores, params, paper), explained(claims["Holds"], one)
    return render("page.html", paper=paper, noun=one, chance=chance, data=Markup(text), costs=costs)


def _results(
    scores: Scores, paper: Paper, ends: Mapping[str, Ends] | None = None
) -> tuple[list[dict[str, Any]], pd.DataFrame]:
    """The columns of the page's first table, and its rows by method; `ends` are those that are published of all images,
    of which these are some."""
    statistics, ranking = scores.summary(), scores.ranking
    columns, rows = [], pd.DataFrame(index=statistics.index)

    def add(label: str, values: pd.Series, digits: int, best: str | None = None) -> None:
        columns.append({"label": label, "digits": digits} | ({"best": best} if best else {}))
        rows[label] = values

    best = "max" if ranking.higher_is_better else "min"
    several = scores.rows["image"].nunique() > 1
    if ends is None or not several:
        add(ranking.title if ends else "Average", statistics["average"], ranking.digits, best)
    there = pd.Series(paper.published, dtype=float).reindex(statistics.index)
    if there.notna().any():
        add("published", there, ranking.digits)
        add("difference", statistics["average"].round(6) - there, ranking.digits)
    if several:
        add("Highest", statistics["highest"], ranking.digits, best)
        add("Lowest", statistics["lowest"], ranking.digits, best)
    if ends is not None:
        for place, name in enumerate(("lowest", "highest")):
            values = pd.Series({method: pair[place] for method, pair in ends.items()}, dtype=float)
            add(f"{name} published", values.reindex(statistics.index), ranking.digits)
    for measure in (*scores.others, PARAMETERS, *filter(None, [scores.bits])):
        best = "max" if measure.higher_is_better else "min"
        add(spelt(measure), statistics[measure.name], measure.digits, best)
    return columns, rows


def _methods(rows: pd.DataFrame, looks: Mapping[str, Look], paper: Paper) -> list[dict[str, Any]]:
    return [
        {
            "name": str(method),
            "label": paper.label(str(method)),
            "color": looks[str(method)].color,
            "dashes": _dashes(looks[str(method)]),
            "values": [number(value) for value in row],
        }
        for method, row in rows.iterrows()
    ]


def _measure(measure: Measure) -> dict[str, Any]:
    words = f"{measure.title} in{unit(measure)}" if unit(measure) else measure.title
    best = "max" if measure.higher_is_better else "min"
    return {"words": words, "unit": unit(measure), "digits": measure.digits, "best": best}


def _dashes(look: Look) -> str:
    """As SVG has them."""
    named = {"-": "", "--": "6 3"}
    return named[look.dashes] if isinstance(look.dashes, str) else " ".join(f"{2 * x:g}" for x in look.dashes[1])


def number(value: float) -> float | str | None:
    """As JSON has it: no value is null, and infinity a word.

    With the six digits of the CSVs: the page rounds once, to what it shows, as the tables do.
    """
    return None if math.isnan(value) else round(float(value), 6) if math.isfinite(value) else "∞"
