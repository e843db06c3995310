"""One self-contained HTML page per profile: tables that sort, pictures side by side, errors, maps, curves, origins.

Pictures are lossless and the page computes errors from them. `page.html` holds all markup and code; here is its data.
"""

import base64
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from refield.claims import examine
from refield.figures import Window
from refield.labels import palette
from refield.papers import Paper
from refield.plotting import Look
from refield.results import by_image, costs, summary

BUDGET = 4_000_000  # bytes of pictures in a page: a few MB can live in git
PROVENANCE = ["device", "precision", "torch", "numpy", "python", "platform", "seed", "code"]


@dataclass(frozen=True)
class Picture:
    """What the viewer shows of an image."""

    name: str
    original: np.ndarray  # (h, w, c)
    estimates: Mapping[str, np.ndarray]  # by method
    maps: Mapping[str, tuple[np.ndarray, Sequence[str]]]  # by name: labels (h, w), and what to say of each region
    window: Window | None  # the part of the image that this is


def choose_images(psnr: pd.DataFrame, count: int) -> list[str]:
    """`count` images, from the one that is hardest for the first method to the easiest, as evenly as may be."""
    ranked = psnr.sort_values([psnr.columns[0]], kind="stable").index
    places = np.unique(np.linspace(0, len(ranked) - 1, min(count, len(ranked))).round().astype(int))
    return [str(ranked[place]) for place in places]


def page(
    profile: str,
    scores: pd.DataFrame,
    provenance: pd.DataFrame,
    curves: pd.DataFrame,
    pictures: Sequence[Mapping[str, Any]],
    looks: Mapping[str, Look],
    paper: Paper,
    lead: str,
    statement: Sequence[str],
) -> str:
    """The page: columns as in `reports/scores`, `reports/provenance` and `reports/curves`, of one profile.

    `pictures` are those of `encode`.
    """
    psnr = by_image(scores)
    data = {
        "profile": profile,
        "lead": lead,
        "statement": list(statement),
        "methods": _methods(scores, provenance, looks, paper),
        "claims": examine(scores, paper).to_numpy().tolist(),
        "images": [
            {"name": str(name), "psnr": {str(method): number(value) for method, value in row.items()}}
            for name, row in psnr.iterrows()
        ],
        "curves": {
            str(method): [[int(i), round(value, 2)] for i, value in curve[["iteration", "psnr"]].to_numpy().tolist()]
            for method, curve in curves.groupby("method", sort=False)
            if np.isfinite(curve["psnr"]).all()
        },
        "provenance": _provenance(provenance),
        "pictures": list(pictures),
    }
    text = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("</", "<\\/")
    return files("refield").joinpath("page.html").read_text(encoding="utf-8").replace("{{data}}", text)


def _methods(
    scores: pd.DataFrame, provenance: pd.DataFrame, looks: Mapping[str, Look], paper: Paper
) -> list[dict[str, Any]]:
    statistics = summary(scores).join(costs(scores, provenance)[["seconds"]])
    published = {row.method: row.average for row in paper.rows}
    names = {"psnr_average": "average", "psnr_highest": "highest", "psnr_lowest": "lowest"}
    kept = [*names, "ssim", "iou", "parameters", "bpp", "seconds"]
    return [
        {
            "name": str(method),
            "label": paper.label(str(method)),
            "color": looks[str(method)].color,
            "dashes": _dashes(looks[str(method)]),
            "published": published.get(str(method)),
            **{names.get(key, key): number(row[key]) for key in kept},
        }
        for method, row in statistics.iterrows()
    ]


def _dashes(look: Look) -> str:
    """As SVG has them."""
    named = {"-": "", "--": "6 3"}
    return named[look.dashes] if isinstance(look.dashes, str) else " ".join(f"{2 * x:g}" for x in look.dashes[1])


def _provenance(provenance: pd.DataFrame) -> dict[str, Any]:
    """How many fits come from each machine and code."""
    columns = [column for column in PROVENANCE if column in provenance]
    counted = provenance[columns].astype(str).value_counts(sort=False).rename("fits").reset_index()
    return {"columns": list(counted), "rows": counted.astype(object).to_numpy().tolist()}


def encode(picture: Picture) -> dict[str, Any]:
    """A picture as the page has it."""
    window = picture.window
    part = f" Rows {window.top} to {window.top + window.height - 1}, columns {window.left} to " if window else ""
    part += f"{window.left + window.width - 1}: where the methods differ most." if window else ""
    height, width = picture.original.shape[:2]
    return {
        "name": picture.name,
        "note": f"{picture.name}, {width} x {height} pixels.{part}",
        "original": _webp(picture.original),
        "estimates": {method: _webp(pixels) for method, pixels in picture.estimates.items()},
        "maps": {name: _map(labels, words) for name, (labels, words) in picture.maps.items()},
    }


def _map(labels: np.ndarray, words: Sequence[str]) -> dict[str, Any]:
    colors = palette(len(words))
    regions = [{"text": text, "color": f"#{bytes(color).hex()}"} for text, color in zip(words, colors, strict=True)]
    return {"picture": _webp(colors[labels]), "regions": regions}


def _webp(image: np.ndarray) -> str:
    """A uint8 image (h, w, c) as the address of itself, lossless."""
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(buffer, "webp", lossless=True, exact=True)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def number(value: float) -> float | str | None:
    """As JSON has it: no value is null, and infinity a word.

    With the six digits of the CSVs: the page rounds once, to what it shows, as the tables do.
    """
    return None if math.isnan(value) else round(float(value), 6) if math.isfinite(value) else "∞"
