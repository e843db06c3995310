"""What a choice for each signal can be worth: Markdown, from a study's scores of one sequence after another.

A search gives only a part of its iterations to the network that it ends with. What it has chosen, fitted anew in all
of them, tells the choice from that cost; and the best of all for each signal, known only afterwards, is more than any
choice among these can reach.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from refield.errors import UserError
from refield.papers import Paper
from refield.reports.measures import difference_in, interval, ranking
from refield.reports.results import pipe
from refield.scores.numbers import DASH, number
from refield.scores.paired import FEWEST, difference
from refield.study import SEQUENCE, brief, varied


class Choice(NamedTuple):
    """A way to choose sequences, and what its networks reach, by image."""

    title: str
    values: pd.Series


def matched(scores: pd.DataFrame, paper: Paper) -> Iterator[str]:
    """Ways to choose, each less the best sequence for all; `UserError` unless one parameter, sequences, varies, of one
    method that is given them and one that searches."""
    keys = varied(scores)
    searching = scores[scores[SEQUENCE] != ""] if SEQUENCE in scores else scores[:0]
    given = scores.drop(searching.index)
    if len(keys) != 1 or given["method"].nunique() != 1 or searching["method"].nunique() != 1:
        raise UserError("a study that shows what is matched varies sequences of one method, beside one that searches")
    measure, key = ranking(scores), keys[0]
    tried = given.assign(tried=given[key].map(brief)).pivot(index="image", columns="tried", values=measure.name)
    search = searching.drop_duplicates("image").set_index("image")
    chosen = search[SEQUENCE].str.replace("-", ", ").map(brief)
    better = 1 if measure.higher_is_better else -1
    best = (better * tried).mean().idxmax()
    found = {image: tried[name][image] for image, name in chosen.items() if name in tried}
    label = paper.label(str(given["method"].iloc[0]))
    choices = [
        Choice(f"{label}: the best for all, {best}", tried[best]),
        Choice("the best for each image, which is only known afterwards", better * (better * tried).max(axis=1)),
        Choice("what its search has chosen for each image, fitted anew in all iterations", pd.Series(found)),
        Choice(f"{paper.label(str(search['method'].iloc[0]))}: the search itself", search[measure.name]),
    ]
    rows = []
    for title, values in choices:
        count = "" if len(values) == len(tried) else f" ({len(values)} of {len(tried)} images)"
        gap = interval(difference(values, tried[best][values.index]), measure) if len(values) >= FEWEST else DASH
        rows.append((title + count, number(values.mean(), measure.digits), gap if title != choices[0].title else ""))
    less = f"Differences in {difference_in(measure)} with their 95 % intervals over images"
    yield f"Of {tried.shape[1]} sequences. {less}; both bests are chosen by these images."
    yield pipe(["", measure.title, "less the best for all"], rows)
