"""The front page: what this is, pictures to compare, published against reproduced, a card per profile, what waits.

Its numbers are those of the tables, its pictures those of the profiles' pages. `index.html` holds all markup.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from refield.config import Params
from refield.originals import Scenes, Volumes
from refield.papers import Paper
from refield.reports.description import COLORS, FRAMES, command, counted, has_some_images, scale, source
from refield.reports.glance import glance
from refield.reports.html import render
from refield.reports.results import Results, Scores, scores_of, unit
from refield.reports.showcase import Exhibit, comparison, drawing, exhibits
from refield.reports.waiting import Waiting
from refield.scores.numbers import DASH, number


@dataclass(frozen=True)
class Card:
    """A paper and a profile."""

    profile: str
    state: str  # done, partly done, not run here
    facts: Sequence[str]
    best: tuple[str, str] | None  # method and average
    fits: str
    at_scale: str  # whether it is at that of the published numbers
    page: bool
    command: str
    needs: str
    pictures: Sequence[str]  # keys of exhibits


@dataclass(frozen=True)
class Neighbour:
    """Another page that this one leads to."""

    name: str
    about: str
    link: str  # relative to this page


def index(
    params: Params,
    paper: Paper,
    results: Results,
    pages: Mapping[str, str],
    waits: Waiting | None = None,
    neighbours: Sequence[Neighbour] = (),
) -> str:
    """HTML from all profiles' scores and from the texts of their pages; `UserError` if one of these is no page."""
    profiles = results.profiles(params)
    whole = [name for name in profiles if name in pages and not has_some_images(name, params, paper)]
    shown = exhibits({profile: pages[profile] for profile in whole}, results, params)
    cards = [_card(profile, results, params, paper, profile in pages, shown) for profile in profiles]
    pictures = comparison(shown, params, paper)
    data = json.dumps(pictures, ensure_ascii=False, allow_nan=False).replace("</", "<\\/")
    return render(
        "index.html",
        paper=paper,
        counted=_counted(results, cards),
        drawing=drawing(shown, params, paper),
        comparison=pictures,
        data=Markup(data),
        glance=glance(results, params, paper),
        cards=cards,
        waits=waits,
        neighbours=neighbours,
        coded=params.coding is not None,
        DASH=DASH,
    )


def _card(profile: str, results: Results, params: Params, paper: Paper, page: bool, shown: Sequence[Exhibit]) -> Card:
    scores, settings = scores_of(results, profile, params), params.profiles.get(profile)
    done, wanted = _fits(profile, scores, params)
    facts = scale(profile, scores, params).split("; ") if done else _planned(profile, params)
    if settings and done:
        facts = [*facts, source(settings.originals)]
    return Card(
        profile,
        state="not run here" if not done else "done" if done == wanted else "partly done",
        facts=facts,
        best=None if has_some_images(profile, params, paper) else _best(scores, paper),
        fits=f"{done:,} of {wanted:,}" if done else DASH,
        at_scale=_at_scale(profile, scores, params, paper),
        page=page,
        command=command(profile, params, paper),
        needs="a CUDA GPU" if settings and settings.device == "cuda" else "",
        pictures=[exhibit.key for exhibit in shown if exhibit.profile == profile],
    )


def _at_scale(profile: str, scores: Scores, params: Params, paper: Paper) -> str:
    if profile not in params.profiles:
        return DASH
    if has_some_images(profile, params, paper):
        return f"yes, of {len(params.profiles[profile].originals.names)} of its {paper.protocol.images} images"
    return "no" if paper.protocol.differences(params.profiles[profile]) else "yes"


def _fits(profile: str, scores: Scores, params: Params) -> tuple[int, int]:
    """How many fits have a score, and how many that would be if each of its methods had all images."""
    methods = params.methods_of(profile) if profile in params.profiles else params.methods
    return len(scores.rows), scores.rows["image"].nunique() * len(methods)


def _planned(profile: str, params: Params) -> list[str]:
    """What a profile without scores would be."""
    settings = params.profiles[profile]
    originals, width = settings.originals, settings.network.get("width", params.network.get("width"))
    signals = source(originals) if originals.names == "all" else counted(len(originals.names), originals)
    if isinstance(originals, Volumes):
        made = f"{originals.side} voxels long"
    elif isinstance(originals, Scenes):
        made = f"{originals.long} pixels long"
    else:
        made = f"{FRAMES[settings.images.frame]}, {COLORS[settings.images.color]}"
    return [
        f"{signals}, {made}",
        *([f"width {width}"] if width else []),
        f"{settings.train.iterations:,} iterations",
    ]


def _best(scores: Scores, paper: Paper) -> tuple[str, str] | None:
    """The method with the best average, and that; None without one that is a number."""
    averages = scores.summary()["average"].astype(float).dropna()
    if averages.empty:
        return None
    method = str(averages.idxmax() if scores.ranking.higher_is_better else averages.idxmin())
    return paper.label(method), number(averages[method], scores.ranking.digits) + unit(scores.ranking)


def _counted(results: Results, cards: Sequence[Card]) -> list[tuple[str, str]]:
    """What there is, in numbers."""
    rows: Any = results.rows
    return [
        (f"{sum(card.state != 'not run here' for card in cards)} of {len(cards)}", "profiles run"),
        (f"{rows['method'].nunique():,}", "methods"),
        (f"{len(rows[['profile', 'image']].drop_duplicates()) if len(rows) else 0:,}", "images"),
        (f"{len(rows):,}", "fits scored"),
    ]
