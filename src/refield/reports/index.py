"""The front page of all profiles: average PSNR beside the published, and where each profile's own page is."""

import math
from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd

from refield.papers import Paper
from refield.reports.tables import published_measure
from refield.scores.measure import Measure
from refield.scores.numbers import number

STYLE = """
body { margin: 0 auto; max-width: 50rem; padding: 1.5rem 1rem 4rem; color: #1c1c1c; }
body { font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.6rem; } a { color: #0072b2; } div { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .28rem .7rem; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } thead th { border-bottom: 2px solid #1c1c1c; }
"""


def index(statistics: pd.DataFrame, measures: Mapping[str, Measure], paper: Paper, notes: Sequence[str]) -> str:
    """HTML from `tables.tidy`; `measures` rank in each profile, and `notes` say what the profiles are.

    A profile without scores has no page to link to.
    """
    rows = statistics.drop_duplicates(["profile", "method"])
    profiles = list(dict.fromkeys(rows["profile"]))
    averages = rows.pivot(index="method", columns="profile", values="average").reindex(
        list(dict.fromkeys(rows["method"]))
    )
    published = published_measure(paper)
    odd = {name: "" if measure == published else f", {escape(measure.title)}" for name, measure in measures.items()}
    heads = ["Method", "Paper", *(_link(profile, averages[profile]) + odd[profile] for profile in profiles)]
    lines = [_row("th", heads)]
    for method, values in averages.iterrows():
        cells = [escape(paper.label(str(method))), number(paper.published.get(str(method), math.nan))]
        cells += [number(values[profile], measures[profile].digits) for profile in profiles]
        lines.append(_row("td", cells))
    listed = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>refield</title><style>{STYLE}</style></head>\n<body>\n<h1>refield</h1>\n"
        f"<p>{escape(paper.citation)}: average {published.title} in dB, published and reproduced.</p>\n"
        f"<div><table>\n<thead>{lines[0]}</thead>\n<tbody>\n" + "\n".join(lines[1:]) + "\n</tbody></table></div>\n"
        f"<ul>{listed}</ul>\n"
        f'<p><a href="tables.md">All tables</a>{_discussion(paper)}.</p>\n'
        "</body>\n</html>\n"
    )


def _discussion(paper: Paper) -> str:
    if not paper.discussion:
        return ""
    title = escape(paper.discussion.title[0].lower() + paper.discussion.title[1:])
    return f', <a href="discussion.md">{title}</a>'


def _link(profile: str, averages: pd.Series) -> str:
    name = escape(profile)
    return f'<a href="pages/{name}.html">{name}</a>' if averages.notna().any() else name


def _row(tag: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"
