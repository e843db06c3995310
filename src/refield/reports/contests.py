"""Whether claims hold that are about several profiles, or about several values of what studies vary."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from refield.config import Params
from refield.errors import UserError
from refield.papers import Contest, Contestant, Paper
from refield.papers.contest import BEST
from refield.reports.claims import WITHIN_CHANCE, by_chance, explained, verdict
from refield.reports.combinations import SEED
from refield.reports.description import entry
from refield.reports.measures import interval, measures_of, named, ranking
from refield.reports.results import Results, averaged, pipe, scores_of
from refield.scores.measure import Measure
from refield.scores.numbers import DASH, number
from refield.scores.paired import FEWEST, difference
from refield.study import brief, in_words, varied

LEAD = (
    "A lead is by how much a contestant is better than another that it is said to be above, or than a level that it is "
    "said to reach. The least lead of a claim decides; its 95 % interval is over images, or where these are too few "
    "over seeds."
)


def contests(
    claims: Sequence[Contest], scores: Results, studies: Mapping[str, pd.DataFrame], params: Params, paper: Paper
) -> Iterator[str]:
    """Markdown: each claim, and a table of its contestants; `studies` are the scores of those that have been run."""
    asked = [
        _of_studies(claim, studies) if claim.studies else _of_profiles(claim, scores, params, paper) for claim in claims
    ]
    yield " ".join(filter(None, [LEAD, explained(row[-1] for _, rows in asked for row in rows)]))
    for claim, (title, rows) in zip(claims, asked, strict=True):
        yield f"**{claim.text}**"
        yield from filter(None, [claim.words])
        yield pipe([title, *claim.contestants, "least lead", "holds"], rows)


def _of_studies(claim: Contest, studies: Mapping[str, pd.DataFrame]) -> tuple[str, list[list[str]]]:
    """What the claim is about, and a row for each study."""
    title, rows = "", []
    for study in claim.studies:
        if study in studies:
            scores = studies[study]
            measure = named(scores, [claim.measure], study)[0] if claim.measure else ranking(scores)
            title, values = measure.title, _in_study(claim, _with_controls(scores, claim, measure), study, measure)
            rows.append(_row(study, claim, values, measure))
        else:
            rows.append([study, *[DASH] * len(claim.contestants), DASH, f"waits for the study {study}"])
    return title, rows


def _of_profiles(claim: Contest, scores: Results, params: Params, paper: Paper) -> tuple[str, list[list[str]]]:
    """What the claim is about, a row of what the paper prints, if it does, and one of what is here."""
    values, measure = _in_profiles(claim, scores, params)
    printed = _printed(claim, params, paper)
    rows = [_row("published", claim, printed, measure)] if len(printed.columns) else []
    missing = [str(each.profile) for name, each in claim.contestants.items() if name not in values]
    waits = f"waits for {', '.join(dict.fromkeys(missing))}"
    return measure.title, [*rows, _row("here", claim, values, measure, waits)]


def _row(name: str, claim: Contest, values: pd.DataFrame, measure: Measure, otherwise: str = DASH) -> list[str]:
    """The answer, of images or seeds down and contestants across; `otherwise` where it lacks one."""
    better = values if measure.higher_is_better else -values
    means = {str(contestant): averaged(better[contestant]) for contestant in better}
    cells = [_mean(values[each], measure) if each in means else DASH for each in claim.contestants]
    if len(cells) > len(means):
        return [name, *cells, DASH, otherwise]
    if claim.least is not None:
        worst = min(means, key=means.__getitem__)
        lead = _less(means[worst], claim.least if measure.higher_is_better else -claim.least)
        return [name, *cells, f"{worst} over {claim.least:g}: {_lead(lead, measure)}", verdict(lead >= 0)]
    lost = bool(values.isna().any(axis=None))
    answer = verdict(all(means[above] > means[below] for above, below in claim.pairs))
    if not lost and by_chance(claim.pairs, better):
        answer += WITHIN_CHANCE
    above, below = min(claim.pairs, key=lambda pair: _less(means[pair[0]], means[pair[1]]))
    said = _lead(_less(means[above], means[below]), measure)
    if len(values) >= FEWEST and np.isfinite(values[[above, below]].to_numpy()).all():
        said = interval(difference(better[above], better[below]), measure)
    return [name, *cells, f"{above} over {below}: {said}", answer]


def _lead(lead: float, measure: Measure) -> str:
    return number(lead, measure.digits, "+") if math.isfinite(lead) else DASH


def _less(first: float, second: float) -> float:
    """Of two that are infinite nothing."""
    return 0.0 if first == second else first - second


def _mean(values: pd.Series, measure: Measure) -> str:
    return "diverged" if values.isna().any() else number(values.mean(), measure.digits)


def _in_profiles(claim: Contest, scores: Results, params: Params) -> tuple[pd.DataFrame, Measure]:
    """Of the images that all have been scored on; without the contestants that have no scores."""
    found, measures = {}, []
    for name, each in claim.contestants.items():
        if each.profile not in params.profiles:
            raise UserError(f"a claim names the profile {each.profile}, which params.yaml does not have")
        own = scores_of(scores, each.profile, params).with_controls([each.method])
        own = own.ranked_by(claim.measure or own.ranking.name)
        measures.append(own.ranking)
        by_image = own.by_image()
        if each.method in by_image:
            found[name] = by_image[each.method]
    values = pd.DataFrame(found).dropna()
    if found and values.empty:
        raise UserError(f"a claim is of profiles that have no image in common: {', '.join(found)}")
    return values, measures[0]


def _printed(claim: Contest, params: Params, paper: Paper) -> pd.DataFrame:
    """The averages that the paper prints, in a row; without the contestants of which it prints none, and none at all
    if one number stands for two of them, which it does not tell apart."""
    found, numbers = {}, set[tuple[str, float]]()
    for name, each in claim.contestants.items():
        known = paper.of(entry(str(each.profile), params))
        averages = known.published_in(claim.measure) if claim.measure else known.published
        if each.method in averages:
            found[name] = [averages[each.method]]
            numbers.add((each.method, averages[each.method]))
    return pd.DataFrame(found if len(numbers) == len(found) else {})


def _with_controls(scores: pd.DataFrame, claim: Contest, measure: Measure) -> pd.DataFrame:
    """The same, and as further methods those contestants that are measures, as `Scores.with_controls` has them."""
    known, ranks = measures_of(scores), measure == ranking(scores)
    controls = sorted({each.method for each in claim.contestants.values() if each.method in known})
    columns = {name: name if ranks else name.replace("psnr", measure.name) for name in controls}
    once = scores[scores["method"] == scores["method"].iloc[0]]
    own = [once.assign(method=name, **{measure.name: once[each]}) for name, each in columns.items() if each in known]
    return pd.concat([scores, *own])


def _in_study(claim: Contest, scores: pd.DataFrame, study: str, measure: Measure) -> pd.DataFrame:
    """Over images, or where these are too few, over seeds, of each the mean; NaN where a fit has diverged."""
    over = SEED if SEED in scores and scores["image"].nunique() < FEWEST else "image"
    return pd.DataFrame(
        {
            name: _rows(each, scores, study, measure)
            .groupby(over)[measure.name]
            .agg(lambda rows: rows.mean(skipna=False))
            for name, each in claim.contestants.items()
        }
    )


def _rows(contestant: Contestant, scores: pd.DataFrame, study: str, measure: Measure) -> pd.DataFrame:
    """A contestant's rows, one for each image and seed; `UserError` unless its values are those of one setting."""
    rows = scores[scores["method"] == contestant.method]
    for key, value in contestant.at.items():
        if key not in varied(scores):
            raise UserError(f"a claim names the key {key}, which the study {study} does not vary")
        if value != BEST:
            rows = rows[rows[key].map(brief) == brief(value)]
    if free := [key for key, value in contestant.at.items() if value == BEST]:
        sign = 1 if measure.higher_is_better else -1
        parts = [part for _, part in rows.groupby(free, sort=False, dropna=False)]
        rows = max(parts, key=lambda part: averaged(sign * part[measure.name]), default=rows)
    if rows.empty or rows.duplicated([key for key in ("image", SEED) if key in rows]).any():
        where = f"{contestant.method}, {in_words([*contestant.at], contestant.at.values())}".removesuffix(", ")
        raise UserError(f"a claim names {where}: the study {study} has {'no' if rows.empty else 'several'} such fits")
    return rows
