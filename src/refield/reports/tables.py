"""Scores beside the published numbers: tables.md, tables.csv, metrics.json and README's block. tables.tex is `latex`'s.

The same scores give the same bytes: no clock, no times. A dash is what was not measured.
"""

import json
import math
from collections.abc import Iterable, Mapping

import pandas as pd

from refield.config import Params
from refield.papers import Paper
from refield.reports.claims import examine, explained
from refield.reports.description import entry, has_some_images, measured, not_run, noun, said, scale, statement
from refield.reports.published_costs import pointer, table_of
from refield.reports.results import STATISTICS, Results, Scores, key, pipe, scores_of, unit
from refield.reports.seen import block as files_seen
from refield.reports.some_images import fit_by_fit
from refield.reports.statistics import BEYOND, beside, published_measure, shown, tidy
from refield.scores.numbers import number
from refield.scores.seen import NONE


def markdown(results: Results, params: Params, paper: Paper, seen: Mapping[str, pd.DataFrame] | None = None) -> str:
    """The whole report: a section per profile, and what was left out; `seen` are the `Look`s at profiles' files."""
    statistics = tidy(results, params, paper)
    profiles = shown(results, params, paper)
    blocks = ["# Results", f"{_published(paper)}\n\n{measured(profiles, params, paper.bits_per_weight)}"]
    blocks += [f"`{file}` belongs to no method of params.yaml and is left out." for file in results.strays]
    for profile in profiles:
        blocks.append(f"## {profile}")
        here, scores = statistics[statistics["profile"] == profile], scores_of(results, profile, params)
        if scores.rows.empty:
            blocks.append(not_run(profile, params, paper))
        else:
            blocks.append(statement(profile, scores, params, paper))
            blocks.append(f"When, where and for how long it was fitted: [provenance](provenance/{profile}.md).")
            if profile in params.profiles and params.profiles[profile].unet:
                blocks.append(f"How its U-Net learned, and what it sees in originals: [U-Net](unets/{profile}.json).")
        if has_some_images(profile, params, paper):
            blocks.append(fit_by_fit(scores, paper.of(entry(profile, params))))
            continue
        tables = beside(profile, params, paper)
        for table in tables:
            title = f"Table {table.number}{f' (p. {table.page})' if table.page else ''}: {table.caption}"
            blocks.append(_statistics(title, here[here["table"] == table.number], scores, published=True))
        if (here["table"] == BEYOND).any():
            title = (
                "Methods beyond the paper" if tables else f"{scores.ranking.title}{unit(scores.ranking) and ' in dB'}"
            )
            blocks.append(_statistics(title, here[here["table"] == BEYOND], scores, published=False))
        if not scores.rows.empty:
            blocks.append(_others(here, scores, paper))
            blocks += filter(None, [files_seen(profile, (seen or {}).get(profile, NONE), scores, params, paper)])
            if table_of(profile, params, paper):
                blocks.append(pointer(profile))
            if (known := said(profile, params, paper)).claims:
                heading = "### The paper's claims" if paper.claims_by == "paper" else "### What is claimed here"
                claims = examine(scores, known)
                blocks += [heading, _pipe(claims)]
                blocks += filter(None, [explained(claims["Holds"], noun(profile, params))])
    return "\n\n".join(blocks) + "\n"


def csv(statistics: pd.DataFrame) -> str:
    """`tidy`, its statistics under the name of their measure, with six decimals; missing values are empty."""
    rows = [
        {f"{row['measure']}_{name}" if name in STATISTICS else str(name): value for name, value in row.items()}
        for row in statistics.to_dict("records")
    ]
    table = pd.DataFrame(rows).drop(columns="measure", errors="ignore")
    return table.to_csv(index=False, float_format="%.6f", lineterminator="\n")


def metrics(results: Results, params: Params) -> str:
    """JSON for `dvc metrics`: profile, method, then the average of each measure; null if infinite."""
    averages: dict[str, dict[str, dict[str, float | None]]] = {}
    for profile in sorted(set(results.rows["profile"])):
        scores = scores_of(results, profile, params)
        means = scores.summary().rename(columns={"average": scores.ranking.name})
        averages[profile] = {
            str(method): {
                key(measure): round(row[measure.name], 4) if math.isfinite(row[measure.name]) else None
                for measure in scores.measures
            }
            for method, row in means.iterrows()
        }
    return json.dumps(averages, indent=2) + "\n"


def readme_table(results: Results, params: Params, paper: Paper) -> str:
    """Average PSNR, published and reproduced, one column per profile; then one line on what each profile is. Of some
    of the paper's images at its own scale there is no average."""
    statistics = tidy(results, params, paper).drop_duplicates(["profile", "method"])
    statistics = statistics[[not has_some_images(name, params, paper) for name in statistics["profile"]]]
    methods = dict.fromkeys(statistics["method"])
    columns = {f"{published_measure(paper).title} in dB": [paper.label(method) for method in methods]}
    columns["Paper"] = [number(paper.published.get(method, math.nan)) for method in methods]
    notes = [f"* {note}" for note in profile_notes(results, params, paper)]
    for profile, rows in statistics.groupby("profile", sort=False):
        average = rows.set_index("method")["average"]
        measure = scores_of(results, str(profile), params).ranking
        head = f"`{profile}`" + ("" if measure.name == published_measure(paper).name else f", {measure.title}")
        columns[head] = [number(average.get(method, math.nan), measure.digits) for method in methods]
    lead = "Average over images; only a profile at the paper's own scale is comparable with its numbers."
    return "\n".join([_pipe(pd.DataFrame(columns)), "", lead, "", *notes])


def profile_notes(results: Results, params: Params, paper: Paper) -> list[str]:
    """What each profile with a section is, or how to make it."""
    notes = []
    for profile in shown(results, params, paper):
        scores = scores_of(results, profile, params)
        told = f"`{profile}`: {scale(profile, scores, params)}"
        if has_some_images(profile, params, paper):
            told += "; at the paper's scale, fit by fit in [reports/tables.md](reports/tables.md)"
        notes.append(not_run(profile, params, paper) if scores.rows.empty else f"{told}.")
    return notes


def _published(paper: Paper) -> str:
    silent = f"; the paper does not say: {', '.join(paper.unpublished)}" if paper.unpublished else ""
    return f"Published: {paper.citation}, <{paper.link}>{silent}."


def _statistics(title: str, rows: pd.DataFrame, scores: Scores, published: bool) -> str:
    """Each statistic, of which one image has one; and its published value and the difference from it. Then all that is
    published of other measures."""
    columns = [("Method", rows["label"].tolist())]
    one = rows["images"].max() == 1
    shown = {"average": scores.ranking.title} if one else {name: name.capitalize() for name in STATISTICS}
    shown_of = [(name, head, scores.ranking.digits) for name, head in shown.items()]
    shown_of += [(each.name, each.title, each.digits) for each in scores.others if f"published_{each.name}" in rows]
    for name, head, digits in shown_of:
        if name not in shown and rows[f"published_{name}"].isna().all():
            continue
        columns.append((head, _column(rows[name], digits)))
        if published:
            there = rows[f"published_{name}"]
            columns += [
                ("paper", _column(there, 2 if name in shown else digits)),
                ("difference", _column(rows[name] - there, 2 if name in shown else digits, sign="+")),
            ]
    frame = pd.concat([pd.Series(values, name=name) for name, values in columns], axis=1)
    return f"### {title}\n\n{_pipe(frame)}"


def _others(rows: pd.DataFrame, scores: Scores, paper: Paper) -> str:
    rows = rows.drop_duplicates("method")
    columns = {"Method": [paper.label(method) for method in rows["method"]]}
    columns |= {m.title: _column(rows[m.name], m.digits) for m in (*scores.others, *scores.costs)}
    return f"### Other measures, averaged over images\n\n{_pipe(pd.DataFrame(columns))}"


def _column(values: Iterable[float], digits: int = 2, sign: str = "") -> list[str]:
    return [number(value, digits, sign) for value in values]


def _pipe(table: pd.DataFrame) -> str:
    return pipe(table.columns.tolist(), table.to_numpy().tolist())
