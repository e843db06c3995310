"""The front page's pictures: a few of those in the profiles' pages to compare, and how a method sees one of them."""

import base64
import io
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from refield.config import Params
from refield.errors import UserError
from refield.fields.mlp import Mlp
from refield.papers import Paper
from refield.reports.results import Results, Scores, scores_of, unit
from refield.scores.numbers import number
from refield.segmentation.labels import palette

IMAGES = 4  # at most, of all profiles together
BUDGET = 1_150_000  # characters of pictures: the front page is lighter than those that it leads to
DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


@dataclass(frozen=True)
class Exhibit:
    """A picture of a profile's page, and what each method's reconstruction is worth."""

    profile: str
    picture: Mapping[str, Any]  # as `pictures.encode` has it
    quality: Mapping[str, str]

    @property
    def key(self) -> str:
        return f"{self.profile}/{self.picture['name']}"

    @property
    def aspect(self) -> float:
        """Width by height."""
        width, height = Pillow.open(io.BytesIO(base64.b64decode(self.picture["original"].partition(",")[2]))).size
        return round(width / height, 4)


def read_pages(folder: Path) -> dict[str, str]:
    """The profiles' pages, by profile."""
    return {file.stem: file.read_text(encoding="utf-8", errors="replace") for file in sorted(folder.glob("*.html"))}


def exhibits(pages: Mapping[str, str], results: Results, params: Params) -> list[Exhibit]:
    """Of every page the hardest image, then the next, as far as the budget reaches; `UserError` if one is no page."""
    found = [[(profile, picture) for picture in _pictures(profile, text)] for profile, text in pages.items()]
    turns = [pair for turn in itertools.zip_longest(*found) for pair in turn if pair]
    spent, chosen = 0, list[Exhibit]()
    for profile, picture in turns[:IMAGES]:
        spent += len(picture["original"]) + 2 * max(map(len, picture["estimates"].values()), default=0)
        if not chosen or spent <= BUDGET:
            chosen.append(Exhibit(profile, picture, _quality(picture, scores_of(results, profile, params))))
    return chosen


def _quality(picture: Mapping[str, Any], scores: Scores) -> dict[str, str]:
    """In words, of the methods that were scored on it."""
    rows = scores.rows[scores.rows["image"] == picture["name"]]
    values = dict(zip(rows["method"], rows[scores.ranking.name], strict=True))
    return {
        method: number(float(values[method]), scores.ranking.digits) + unit(scores.ranking)
        for method in picture["estimates"]
        if method in values
    }


def compared(shown: Sequence[Exhibit], params: Params, paper: Paper) -> list[str]:
    """Methods that all of these pictures have, as many as the budget allows: the paper's first, in its order."""
    if not shown:
        return []
    order = list(dict.fromkeys([*paper.listed, *params.methods]))
    urgent = [*(paper.gain.pair if paper.gain else ()), *order]
    spent, chosen = sum(len(exhibit.picture["original"]) for exhibit in shown), list[str]()
    for method in dict.fromkeys(urgent):
        if all(method in exhibit.quality for exhibit in shown):
            cost = sum(len(exhibit.picture["estimates"][method]) for exhibit in shown)
            if len(chosen) < 2 or spent + cost <= BUDGET:
                spent += cost
                chosen.append(method)
    return sorted(chosen, key=order.index)


def comparison(shown: Sequence[Exhibit], params: Params, paper: Paper) -> dict[str, Any] | None:
    """What the viewer has to show: pictures with their reconstructions; None where there are none."""
    methods = compared(shown, params, paper)
    if not methods:
        return None
    own = paper.gain.better if paper.gain and paper.gain.better in methods else methods[-1]
    return {
        "left": methods[0] if methods[0] != own else "original",
        "right": own,
        "methods": [{"name": method, "label": paper.label(method)} for method in methods],
        "pictures": [
            {
                "key": exhibit.key,
                "note": f"{exhibit.profile}: {exhibit.picture['note']}",
                "original": exhibit.picture["original"],
                "estimates": {method: exhibit.picture["estimates"][method] for method in methods},
                "quality": {method: exhibit.quality[method] for method in methods},
            }
            for exhibit in sorted(
                shown, key=lambda exhibit: -exhibit.aspect
            )  # wide ones first: a screen shows them whole
        ],
    }


def drawing(shown: Sequence[Exhibit], params: Params, paper: Paper) -> dict[str, Any] | None:
    """How the paper's own method answers a position: which weights each layer uses for every pixel of an image."""
    method = paper.gain.better if paper.gain else None
    if method not in compared(shown, params, paper) or shown[0].profile not in params.profiles:
        return None
    exhibit = shown[0]
    field = params.field(exhibit.profile, method)
    name = params.map(exhibit.profile, method)
    layers = [_layer(field, gate, name, exhibit) for gate in field.gates] if isinstance(field, Mlp) else []
    experts = any(layer["kind"] != "dense" for layer in layers)
    return {
        "method": paper.label(method),
        "name": method,
        "key": exhibit.key,
        "image": exhibit.picture["name"],
        "aspect": exhibit.aspect,
        "quality": exhibit.quality[method],
        "layers": layers if experts else [],
        "experts": experts,
        "map": field.needs_labels,
    }


def _layer(field: Mlp, gate: float | str, name: str | None, exhibit: Exhibit) -> dict[str, Any]:
    """A layer's gate over the picture: tiles of a size in [-1, 1] and their four colours, or the map it follows."""
    if gate == "dense":
        return {"kind": "dense"}
    if gate == "segment":
        regions = exhibit.picture["maps"].get(name, {"picture": "", "regions": []})
        return {"kind": "segment", "picture": regions["picture"], "regions": field.regions}
    size, colors = 1 / field.a(float(gate)), [f"#{bytes(color).hex()}" for color in palette(4)]
    corners = np.array([[row, column] for row in (0.5, 1.5) for column in (0.5, 1.5)]) * size
    layer = next(layer for layer in field.layers(dims=2, channels=1) if layer.gate == gate)
    tiles = [
        (float(corner[1] - size / 2), float(corner[0] - size / 2), colors[expert])
        for corner, expert in zip(corners, field.experts(layer, corners, None), strict=True)
    ]
    return {"kind": "tiles", "scale": f"{field.a(float(gate)):g}", "size": size, "tiles": tiles}


def _pictures(profile: str, page: str) -> list[Mapping[str, Any]]:
    try:
        return list(json.loads(DATA.findall(page)[0])["pictures"])
    except (IndexError, KeyError, ValueError):
        raise UserError(f"the page of {profile} has no pictures to read; `dvc repro` makes it anew") from None
