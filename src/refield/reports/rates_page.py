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
from refield.reports import rates_images, rates_parts, rates_words
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
    published_similar,
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
DASHES = {"field": "5 3", "codec": "1.5 3", "autoencoder": "9 3 1.5 3"}
# On each point, as SVG's paths have them from where it is: a disc, a square, a triangle, a diamond, a triangle down.
MARKS = (
    "m-2.6,0a2.6,2.6 0 1,0 5.2,0a2.6,2.6 0 1,0 -5.2,0",
    "m-2.4,-2.4h4.8v4.8h-4.8z",
    "m0,-3.3l3,5.4h-6z",
    "m0,-3.5l3.5,3.5l-3.5,3.5l-3.5,-3.5z",
    "m0,3.3l3,-5.4h-6z",
)


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
        "opened": opened(panels),
        "panels": [
            {
                "profile": panel.profile,
                "words": panel.words,
                "notes": panel.notes,
                "seconds": seconds.get(panel.profile),
                "lines": list(_lines(panel)),
                "tables": [
                    _table(*measured(panel, comparison)),
                    _table(*bits(panel, comparison), " ".join(rates_words.verdicts(panel, comparison))),
                    *(
                        _table(*each, "" if i else rates_images.LEAD)
                        for i, each in enumerate(rates_images.tables(panel, comparison))
                    ),
                    _table(*similar(panel, comparison), SIMILAR),
                    _table(*gained(panel, comparison), " ".join([GAINED, *paid(panel, comparison)])),
                    *(
                        _table(*rates_parts.table(*each), f"{rates_parts.LEAD} {rates_words.of_parts(*each)}")
                        for each in panel.parts.items()
                    ),
                    _table(*published(panel, comparison)) | {"links": [_link(each) for each in panel.published]},
                    _table(*published_bits(panel, comparison)),
                    _table(*published_similar(panel, comparison)),
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
    """The chart's lines, of which no two look alike: measured ones solid, fields' wide, published ones dashed as their
    kind says; in each group hues and marks begin anew, and as they are not as many, no pair of them comes back soon."""
    groups = [*GROUPS.values(), *PUBLISHED.values()]
    hues: dict[str, Iterator[str]] = {group: cycle(HUES) for group in groups}
    hues[GROUPS["field"]], hues[PUBLISHED["field"]] = cycle(FIELD_HUES), cycle(OTHER_HUES)
    marks = {group: cycle(MARKS) for group in groups}
    for each in panel.series:
        group, width = GROUPS[each.kind], 2.6 if each.kind == "field" else 1.6
        look = {"color": next(hues[group]), "mark": next(marks[group]), "width": width, "dashes": ""}
        yield {"group": group, "label": each.label, **look, "points": list(_measured_points(each))}
    for curve in panel.published:
        group = PUBLISHED[curve.kind]
        look = {"color": next(hues[group]), "mark": next(marks[group]), "width": 1.3, "dashes": DASHES[curve.kind]}
        shown = iter(curve.ms_ssim or ())
        points = [[bpp, psnr, "", next(shown, None)] for bpp, psnr in curve.points]
        yield {"group": group, "label": curve.label, **look, "points": points}


def opened(panels: Sequence[Panel]) -> int:
    """Which panel the page opens with: one where files of ours have curves, if there is one; of such, one beside
    published curves, or of most pixels."""

    def rank(panel: Panel) -> tuple[bool, bool, int]:
        ours = any(each.kind == "field" and len(each.curve.bpp) > 1 for each in panel.series)
        return ours, bool(panel.published), panel.pixels * len(panel.images)

    return max(range(len(panels)), key=lambda i: rank(panels[i]), default=0)


def _measured_points(series: Series) -> Iterator[list[float | str | None]]:
    """Points on the curve, with their setting and, if the images are large enough, their MS-SSIM."""
    for row in series.means.to_dict("records"):
        if row["bpp"] in series.curve.bpp:
            similarity = round(float(row["ms_ssim"]), 5) if series.similarity else None
            yield [round(float(row["bpp"]), 4), round(float(row["psnr"]), 3), str(row["setting"]), similarity]


def _link(curve: Published) -> dict[str, str]:
    return {"paper": str(curve.paper), "source": str(curve.source), "note": curve.note or ""}
