"""What other values of some parameters do to each method: Markdown, from a study's scores.

A row is a combination of values; where trials with other seeds were made, it is of all of them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from refield.errors import UserError
from refield.papers import Paper
from refield.papers.table import Pair
from refield.reports.combinations import SEED, ends_of, heading, settings
from refield.reports.measures import difference_in, interval, ranking
from refield.reports.results import averaged, pipe
from refield.scores.measure import Measure
from refield.scores.numbers import DASH, number
from refield.scores.paired import FEWEST, difference
from refield.study import SEQUENCE, brief, varied

END = " (end)"
HELD_OUT = "held out"


def table(
    scores: pd.DataFrame, others: Sequence[Pair], paper: Paper, measures: Sequence[Measure] = ()
) -> Iterator[str]:
    """Each method's average at each combination of values, of what ranks and of other measures, and differences in
    these of those pairs that were fitted."""
    methods, trials, measures = _methods(scores), _trials(scores), [ranking(scores), *measures]
    spread = f", and the standard deviation of the average over {trials} seeds" if trials > 1 else ""
    for measure in measures:
        yield f"Average {measure.title} over {images_of(scores)}{spread}."
        rows = [
            (words, *(_average(part[part["method"] == method], trials, measure) for method in methods))
            for words, part in settings(scores)
        ]
        yield pipe([heading(scores), *map(paper.label, methods)], rows)
    if pairs := [pair for pair in others if {*pair} <= {*methods}]:
        yield from _differences(scores, pairs, paper, measures)


def best(scores: pd.DataFrame, against: Sequence[str], paper: Paper) -> Iterator[str]:
    """Each method's average at each combination of values, and each at its own best against some of them at theirs."""
    methods = _methods(scores)
    if missing := [method for method in against if method not in methods]:
        raise UserError(f"a study that shows each method at its best has no scores of {missing[0]}")
    measure = ranking(scores)
    sign = 1 if measure.higher_is_better else -1
    values_of = {words: _values(part, measure) for words, part in settings(scores)}
    found = {method: max(values_of, key=lambda words: averaged(sign * values_of[words][method])) for method in methods}
    values = pd.DataFrame({method: values_of[found[method]][method] for method in methods})
    # What a study does not vary of a method has no best.
    same = {method for method in methods if all(each[method].equals(values[method]) for each in values_of.values())}
    yield f"Average {measure.title} over {images_of(scores)}; * is a method's best."
    rows = [
        (words, *(_mean(each[m], measure) + "*" * (m not in same and found[m] == words) for m in methods))
        for words, each in values_of.items()
    ]
    yield pipe([heading(scores), *map(paper.label, methods)], rows)
    ends, lines = ends_of(scores), []
    for method in values.mean().sort_values(ascending=not measure.higher_is_better).index:
        at = DASH if method in same else found[method] + END * (found[method] in ends)
        gaps = [_less(values, other, method, measure) if other != method else "" for other in against]
        others = DASH if method in same or len(values) < 2 else _mean(_held_out(values_of, method, sign), measure)
        lines.append((paper.label(method), at, _mean(values[method], measure), others, *gaps))
    at_an_end = any(found[method] in ends for method in methods if method not in same)
    beyond = f";{END} is an end of what was tried, beyond which there may be a better one" if at_an_end else ""
    less = f"Differences in {difference_in(measure)} with their 95 % intervals."
    held_out = f"{HELD_OUT.capitalize()}: of each image at what is best for the others."
    yield f"Each method at its best, chosen by these images{beyond}. {less} {held_out}"
    heads = ["", heading(scores), measure.title, HELD_OUT, *(f"{paper.label(other)} less it" for other in against)]
    yield pipe(heads, lines, words=2)


def sequences(scores: pd.DataFrame, paper: Paper) -> Iterator[str]:
    """Which sequences the searches have chosen at each combination of values, and whether another seed changes them."""
    if SEQUENCE not in scores or not (scores[SEQUENCE] != "").any():
        raise UserError(f"a study that shows sequences has none; its scores must name {SEQUENCE}, of a search")
    scores = scores[scores[SEQUENCE] != ""]
    depth = scores[SEQUENCE].str.count("-").max() + 1
    trials = _trials(scores)
    rows = []
    for words, part in settings(scores):
        for method in _methods(part):
            own = part[part["method"] == method]
            counted = Counter(own[SEQUENCE].str.replace("-", ", ").map(brief)).most_common()
            often = "; ".join(f"{sequence} ({count})" for sequence, count in counted)
            rows.append((words, paper.label(method), often, str(len(counted)), *(_agreement(own, depth, trials))))
    layers = [f"in layer {layer}" for layer in range(1, depth + 1)]
    alike = ["the same with every seed", *layers] if trials > 1 else []
    told = ". The last columns say on how many images every seed leads to the same choice" if trials > 1 else ""
    yield f"The activations that searches have chosen, from the first layer to the last, and how often{told}."
    yield pipe([heading(scores), "", "sequences", "different ones", *alike], rows, words=3)


def _held_out(values_of: Mapping[str, pd.DataFrame], method: str, sign: int) -> pd.Series:
    """A method's values, each at the combination that is best for all other images."""
    columns = {words: values[method] for words, values in values_of.items()}
    found = {}
    for image in next(iter(columns.values())).index:
        chosen = max(columns, key=lambda words: averaged(sign * columns[words].drop(image)))
        found[image] = columns[chosen][image]
    return pd.Series(found)


def _differences(
    scores: pd.DataFrame, pairs: Sequence[Pair], paper: Paper, measures: Sequence[Measure]
) -> Iterator[str]:
    """Over images, or where these are too few, over seeds; of too few of both there is nothing to say but that."""
    trials, images = _trials(scores), scores["image"].nunique()
    if max(images, trials) < FEWEST:
        yield f"Of {images_of(scores)} differences have no intervals."
        return
    over, other = ("image", SEED) if images >= FEWEST else (SEED, "image")
    means = f"; of each {over} the mean over {other}s" if min(images, trials) > 1 else ""
    for measure in measures:
        yield f"Differences in {difference_in(measure)} with their 95 % intervals over {over}s{means}."
        rows = [
            (words, *(_less(_values(part, measure, over), *pair, measure) for pair in pairs))
            for words, part in settings(scores)
        ]
        yield pipe([heading(scores), *(" less ".join(map(paper.label, pair)) for pair in pairs)], rows)


def _agreement(rows: pd.DataFrame, depth: int, trials: int) -> Iterator[str]:
    """On how many images all seeds lead to the same sequence, and to the same activation of each layer."""
    if trials == 1:
        return
    layers = rows[SEQUENCE].str.split("-", expand=True).reindex(columns=range(depth))
    for chosen in (rows[SEQUENCE], *(layers[layer] for layer in layers)):
        by_image = chosen.groupby(rows["image"]).nunique()
        yield f"{(by_image == 1).sum()} of {len(by_image)}" if chosen.notna().any() else ""


def _methods(scores: pd.DataFrame) -> list[str]:
    return [str(method) for method in scores["method"].unique()]


def _trials(scores: pd.DataFrame) -> int:
    return scores[SEED].nunique() if SEED in varied(scores) else 1


def images_of(scores: pd.DataFrame) -> str:
    count = scores["image"].nunique()
    return f"{count} image{'' if count == 1 else 's'}"


def _mean(values: pd.Series, measure: Measure) -> str:
    """In words, where fits have diverged."""
    lost = int(values.isna().sum())
    return f"diverged on {lost} of {len(values)}" if lost else number(values.mean(), measure.digits)


def _average(rows: pd.DataFrame, trials: int, measure: Measure) -> str:
    values = rows[measure.name]
    if trials == 1 or values.isna().any():
        return _mean(values, measure)
    by_seed = rows.groupby(SEED)[measure.name].mean()
    return f"{number(by_seed.mean(), measure.digits)} ± {number(by_seed.std(ddof=1), measure.digits)}"


def _values(rows: pd.DataFrame, measure: Measure, down: str = "image") -> pd.DataFrame:
    """Images down, or seeds, and methods across; of several seeds, or images, the mean."""
    return rows.pivot_table(index=down, columns="method", values=measure.name, aggfunc="mean", dropna=False)


def _less(values: pd.DataFrame, first: str, second: str, measure: Measure) -> str:
    if len(values) < FEWEST or values[[first, second]].isna().any(axis=None):
        return DASH
    return interval(difference(values[first], values[second]), measure)
