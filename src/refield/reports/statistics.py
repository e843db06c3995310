"""Scores beside the published numbers, as rows: which profiles, which tables, and the statistics of each method."""

import math

import numpy as np
import pandas as pd

from refield.config import Params
from refield.papers import Paper, Table
from refield.reports.description import entry, said
from refield.reports.results import STATISTICS, Results, key, scores_of
from refield.scores.measure import Measure
from refield.tasks import TASKS

BEYOND = 0  # the number, in `tidy`, of the table of methods that the paper's tables do not have


def shown(results: Results, params: Params, paper: Paper) -> list[str]:
    """The profiles with a section: all that have scores, and those comparable with the paper even without."""
    scored = set(results.rows["profile"])
    return [name for name in results.profiles(params) if name in scored or comparable(name, params, paper)]


def comparable(profile: str, params: Params, paper: Paper) -> bool:
    if profile not in params.profiles:
        return False
    said = paper.of(entry(profile, params))
    return bool(said.tables) and not said.protocol.differences(params.profiles[profile])


def beside(profile: str, params: Params, paper: Paper) -> list[Table]:
    """The published tables that may stand beside a profile's numbers: those of its task, if it has all images."""
    return said(profile, params, paper).tables


def tidy(results: Results, params: Params, paper: Paper) -> pd.DataFrame:
    """One row per profile, table and method: statistics, and the published ones beside them; NaN is missing.

    `table` is the paper's number, or `BEYOND`; `measure` is the `key` of what the statistics are of.
    """
    rows = []
    for profile in shown(results, params, paper):
        scores = scores_of(results, profile, params)
        lines = [row.method for table in beside(profile, params, paper) for row in table.rows]
        statistics = scores.with_controls(lines).summary()
        published = [(table.number, row) for table in beside(profile, params, paper) for row in table.rows]
        entries = [
            (table, row.method, row.label, [getattr(row, name) for name in STATISTICS], row.also)
            for table, row in published
        ]
        known = {row.method for _, row in published}
        missing = [method for method in map(str, statistics.index) if method not in known]
        entries += [(BEYOND, method, paper.label(method), [None] * len(STATISTICS), {}) for method in missing]
        for table, method, label, values, also in entries:
            found = statistics.reindex([method]).iloc[0]
            rows.append(
                {"profile": profile, "table": table, "method": method, "label": label}
                | {
                    "images": int(np.nan_to_num(found["images"])),
                    "measure": key(scores.ranking),
                    **found[[*STATISTICS]],
                }
                | {
                    f"published_{name}": math.nan if v is None else v
                    for name, v in zip(STATISTICS, values, strict=True)
                }
                | {measure.name: found[measure.name] for measure in (*scores.others, *scores.costs)}
                | {f"published_{measure.name}": also[measure.name] for measure in scores.others if measure.name in also}
            )
    return pd.DataFrame(rows)


def published_measure(paper: Paper) -> Measure:
    """What the paper's tables are of: the measure that ranks in its task."""
    return TASKS[paper.protocol.task].measures[0]
