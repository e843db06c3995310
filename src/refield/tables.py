"""Scores beside the published numbers: tables.md, tables.csv, metrics.json and README's block. tables.tex is `latex`'s.

The same scores give the same bytes: no clock, no times. A dash is what was not measured.
"""

import json
import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from refield.claims import examine
from refield.config import Params
from refield.papers import Paper, Table
from refield.results import MEASURES, STATISTICS, Results, number, pipe, summary
from refield.statement import not_run, scale, statement

CHANCE = (
    "Within chance: the 95 % interval of one of the differences, over these images and for one seed, includes zero."
)
PSNR = ["Average", "Highest", "Lowest"]
DIGITS = {"ssim": 4, "iou": 4, "parameters": 0, "bpp_weights": 2, "bpp_map": 2, "bpp": 2}
LABELS = ["SSIM", "IoU", "Parameters", "bpp, weights", "bpp, map", "bpp"]


def shown(results: Results, params: Params, paper: Paper) -> list[str]:
    """The profiles with a section: all that have scores, and those comparable with the paper even without."""
    scored = set(results.rows["profile"])
    return [name for name in results.profiles(params) if name in scored or comparable(name, params, paper)]


def comparable(profile: str, params: Params, paper: Paper) -> bool:
    return profile in params.profiles and not paper.protocol.differences(params.profiles[profile])


def tidy(results: Results, params: Params, paper: Paper) -> pd.DataFrame:
    """One row per profile, table and method: statistics, and the published ones beside them; NaN is missing.

    `table` is the paper's number, or 0 for methods that it does not have.
    """
    rows = []
    for profile in shown(results, params, paper):
        statistics = summary(results.of(profile))
        entries = [
            (table.number, row.method, row.label, [row.average, row.highest, row.lowest])
            for table in paper.tables
            for row in table.rows
        ]
        published = {method for _, method, _, _ in entries}
        entries += [
            (0, method, paper.label(method), [math.nan] * 3) for method in statistics.index if method not in published
        ]
        for table_number, method, label, values in entries:
            row = {"profile": profile, "table": table_number, "method": method, "label": label}
            found = statistics.reindex([method]).iloc[0]
            row |= {"images": int(np.nan_to_num(found["images"])), **found[STATISTICS]}
            row |= dict(zip((name.replace("psnr", "published") for name in STATISTICS), values, strict=True))
            rows.append(row | dict(found[MEASURES]))
    return pd.DataFrame(rows)


def markdown(results: Results, provenance: Results, params: Params, paper: Paper) -> str:
    """The whole report: a section per profile, and what was left out."""
    statistics = tidy(results, params, paper)
    blocks = ["# Results", _preface(params, paper)]
    blocks += [f"`{file}` belongs to no method of params.yaml and is left out." for file in results.strays]
    for profile in shown(results, params, paper):
        blocks.append(f"## {profile}")
        here, scores = statistics[statistics["profile"] == profile], results.of(profile)
        if scores.empty:
            blocks.append(not_run(profile, params))
        else:
            blocks.append(statement(profile, scores, provenance.of(profile), params, paper))
        blocks += [_psnr_table(here, table) for table in paper.tables]
        if (here["table"] == 0).any():
            blocks.append(_psnr_table(here, None))
        if not scores.empty:
            blocks += [_measures(here, paper), "### The paper's claims", _pipe(examine(scores, paper)), CHANCE]
    return "\n\n".join(blocks) + "\n"


def csv(statistics: pd.DataFrame) -> str:
    """`tidy`, with six decimals; missing values are empty."""
    return statistics.to_csv(index=False, float_format="%.6f", lineterminator="\n")


def metrics(results: Results) -> str:
    """JSON for `dvc metrics`: profile, method, then average psnr, ssim and iou; null if infinite."""
    averages: dict[str, dict[str, dict[str, float | None]]] = {}
    for profile in sorted(set(results.rows["profile"])):
        table = summary(results.of(profile)).rename(columns={"psnr_average": "psnr"})[["psnr", "ssim", "iou"]]
        averages[profile] = {
            str(method): {str(name): round(value, 4) if math.isfinite(value) else None for name, value in row.items()}
            for method, row in table.iterrows()
        }
    return json.dumps(averages, indent=2) + "\n"


def readme_table(results: Results, params: Params, paper: Paper) -> str:
    """Average PSNR, published and reproduced, one column per profile; then one line on what each profile is."""
    statistics = tidy(results, params, paper).drop_duplicates(["profile", "method"])
    methods = dict.fromkeys(statistics["method"])
    columns = {"PSNR in dB": [paper.label(method) for method in methods]}
    published = {row.method: row.average for row in paper.rows}
    columns["Paper"] = [number(published.get(method, math.nan)) for method in methods]
    notes = [f"* {note}" for note in profile_notes(results, params, paper)]
    for profile, rows in statistics.groupby("profile", sort=False):
        average = rows.set_index("method")["psnr_average"]
        columns[f"`{profile}`"] = [number(average.get(method, math.nan)) for method in methods]
    lead = "Average over images; only a profile at the paper's own scale is comparable with its numbers."
    return "\n".join([_pipe(pd.DataFrame(columns)), "", lead, "", *notes])


def profile_notes(results: Results, params: Params, paper: Paper) -> list[str]:
    """What each profile with a section is, or how to make it."""
    notes = []
    for profile in shown(results, params, paper):
        scores = results.of(profile)
        notes.append(not_run(profile, params) if scores.empty else f"`{profile}`: {scale(profile, scores, params)}.")
    return notes


def _preface(params: Params, paper: Paper) -> str:
    return (
        f"Published: {paper.citation}, <{paper.link}>; the paper does not say: {', '.join(paper.unpublished)}.\n\n"
        "PSNR in dB and SSIM are taken on the 8-bit reconstruction and averaged over images; IoU is that of "
        f"{params.scores.iou_regions} luminance regions, cut at the original's Multi-Otsu thresholds. Bits per pixel "
        "(bpp) count all weights as 32-bit floats, and the losslessly coded map where a method needs one."
    )


def _psnr_table(rows: pd.DataFrame, table: Table | None) -> str:
    """Each statistic, and for a table of the paper's its published value and the difference from it."""
    rows = rows[rows["table"] == (table.number if table else 0)]
    columns = [("Method", rows["label"].tolist())]
    for name, key in zip(PSNR, STATISTICS, strict=True):
        columns.append((name, _column(rows[key])))
        if table:
            published = rows[key.replace("psnr", "published")]
            columns += [("paper", _column(published)), ("difference", _column(rows[key] - published, sign="+"))]
    title = f"### Table {table.number}: {table.caption}" if table else "### Methods beyond the paper"
    frame = pd.concat([pd.Series(values, name=name) for name, values in columns], axis=1)
    return f"{title}\n\n{_pipe(frame)}"


def _measures(rows: pd.DataFrame, paper: Paper) -> str:
    rows = rows.drop_duplicates("method")
    columns = {"Method": [paper.label(method) for method in rows["method"]]}
    columns |= {label: _column(rows[key], DIGITS[key]) for label, key in zip(LABELS, MEASURES, strict=True)}
    return f"### Other measures, averaged over images\n\n{_pipe(pd.DataFrame(columns))}"


def _column(values: Iterable[float], digits: int = 2, sign: str = "") -> list[str]:
    return [number(value, digits, sign) for value in values]


def _pipe(table: pd.DataFrame) -> str:
    return pipe(table.columns.tolist(), table.to_numpy().tolist())
