"""Rates and distortions as one HTML page, which opens from disk: a chart to ask, tables, pictures at equal rates.

`rates.html` holds all markup and code; here is its data.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any

from markupsafe import Markup

from refield.comparison import Comparison
from refield.papers.curves import Published
from refield.reports import rates_images, rates_parts
from refield.reports.html import render
from refield.reports.rates import (
    GAINED,
    LEAD,
    SIMILAR,
    bits,
    gained,
    measured,
    paid,
    published,
    published_bits,
    similar,
)
from refield.reports.rates_chart import FIELD_HUES, HUES, OTHER_HUES
from refield.reports.rates_panel import Panel, Series

GROUPS = {"field": "Fields, measured here", "codec": "Codecs, measured here"}
PUBLISHED = {
    "field": "Fields, published",
    "codec": "Codecs, published",
    "autoencoder": "Trained autoencoders, published",
}


def page(
    panels: Sequence[Panel],
    looks: Mapping[str, Sequence[Any]],
    comparison: Comparison,
    title: str,
    seconds: Mapping[str, str],
) -> str:
    """HTML; `looks` are the pictures of each profile that has some, `seconds` as of `rates.page`."""
    data = {
        "lead": LEAD,
        "panels": [
            {
                "profile": panel.profile,
                "words": panel.words,
                "notes": panel.notes,
                "seconds": seconds.get(panel.profile),
                "lines": list(_lines(panel)),
                "tables": [
                    _table(*measured(panel, comparison)),
                    _table(*bits(panel, comparison)),
                    *(_table(*each, rates_images.LEAD) for each in rates_images.tables(panel, comparison)),
                    _table(*similar(panel, comparison), SIMILAR),
                    _table(*gained(panel, comparison), " ".join([GAINED, *paid(panel, comparison)])),
                    *(_table(*rates_parts.table(*each), rates_parts.LEAD) for each in panel.parts.items()),
                    _table(*published(panel, comparison)) | {"links": [_link(each) for each in panel.published]},
                    _table(*published_bits(panel, comparison)),
                ],
                "rate": shown.bpp if (shown := comparison.profiles[panel.profile].pictures) else None,
                "pictures": looks.get(panel.profile, []),
            }
            for panel in panels
        ],
    }
    text = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("</", "<\\/")
    return render("rates.html", title=title, data=Markup(text))


def _table(heads: list[str], rows: list[list[str]], words: str = "") -> dict[str, Any]:
    return {"heads": heads, "rows": rows, "words": words, "links": None}


def _lines(panel: Panel) -> Iterator[dict[str, Any]]:
    """The chart's lines: measured ones solid, fields' wide, published ones dashed; hues begin anew with each group."""
    hues = {group: cycle(HUES) for group in (*GROUPS.values(), *PUBLISHED.values())}
    hues[GROUPS["field"]], hues[PUBLISHED["field"]] = cycle(FIELD_HUES), cycle(OTHER_HUES)
    for each in panel.series:
        group, width = GROUPS[each.kind], 2.6 if each.kind == "field" else 1.6
        yield {"group": group, "label": each.label, "color": next(hues[group]), "width": width, "dashes": ""} | {
            "points": list(_measured_points(each))
        }
    for curve in panel.published:
        group = PUBLISHED[curve.kind]
        points = [[bpp, psnr, "", None] for bpp, psnr in curve.points]
        yield {"group": group, "label": curve.label, "color": next(hues[group]), "width": 1.3, "dashes": "5 3"} | {
            "points": points
        }


def _measured_points(series: Series) -> Iterator[list[float | str | None]]:
    """Points on the curve, with their setting and, if the images are large enough, their MS-SSIM."""
    for row in series.means.to_dict("records"):
        if row["bpp"] in series.curve.bpp:
            similarity = round(float(row["ms_ssim"]), 5) if series.similarity else None
            yield [round(float(row["bpp"]), 4), round(float(row["psnr"]), 3), str(row["setting"]), similarity]


def _link(curve: Published) -> dict[str, str]:
    return {"paper": str(curve.paper), "source": str(curve.source), "note": curve.note or ""}
