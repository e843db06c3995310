"""Whether what the paper concludes from its tables holds for a profile's scores."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from refield.papers import Claim, Paper
from refield.papers.table import Row
from refield.reports.results import PARAMETERS, Scores
from refield.scores.numbers import DASH, number
from refield.scores.paired import difference

WITHIN_CHANCE = ", within chance"
CHANCE = (
    "Within chance: of a yes, the 95 % interval of one of the differences includes zero; of a no, the intervals of all "
    "those that speak against the claim do."
)
LISTED = 4  # methods whose values are told apart without names


def examine(scores: Scores, paper: Paper) -> pd.DataFrame:
    """Claim, Paper, Here, Holds (yes, no, or a dash where a method is missing), of all claims of a paper.

    Of an order of averages, whose differences have intervals over images, an answer may be `within chance`.
    """
    rows = []
    for claim in paper.claims:
        asked = scores.with_controls(claim.methods).ranked_by(claim.measure or scores.ranking.name)
        if claim.of == "images":
            rows.append(_count(claim, asked))
        elif claim.of == "each":
            rows.append(_every(claim, asked))
        else:
            rows.append(_order(claim, asked, paper))
    return pd.DataFrame(rows, columns=["Claim", "Paper", "Here", "Holds"])


def _order(claim: Claim, scores: Scores, paper: Paper) -> tuple[str, str, str, str]:
    summary = scores.summary()
    values = {str(method): float(value) for method, value in summary[claim.of].items()}
    published = {row.method: value for row in paper.rows if (value := _printed(row, claim)) is not None}
    answer = verdict(claim.holds({method: _sign(scores) * value for method, value in values.items()}))
    if answer != DASH and claim.parameters:
        most = int(summary[PARAMETERS.name][claim.methods].max())
        answer = f"no: {most:,} parameters" if most > claim.parameters else answer
    if answer != DASH and claim.of == "average" and by_chance(claim.pairs, _sign(scores) * scores.by_image()):
        answer += WITHIN_CHANCE
    there, here = (_listing(claim, each, scores, paper) for each in (published, values))
    return claim.text, there, here, answer


def _printed(row: Row, claim: Claim) -> float | None:
    if claim.measure:
        return row.also.get(claim.measure)
    value: float | None = getattr(row, claim.of)
    return value


def by_chance(pairs: Sequence[tuple[str, str]], values: pd.DataFrame) -> bool:
    """Whether images leave it open if, on average, each first column of a pair is above the second; more is better.

    Where all are, one difference that is not clear of zero leaves it open; where some are not, it is settled as soon as
    one of these is clear. Unknown, and False, for under three images.
    """
    values = values[list({name for pair in pairs for name in pair})].dropna()
    if len(values) < 3 or not np.isfinite(values.to_numpy()).all():
        return False
    differences = [difference(values[above], values[below]) for above, below in pairs]
    against = [each for each in differences if each.mean <= 0]
    return not any(each.clear for each in against) if against else not all(each.clear for each in differences)


def explained(answers: Iterable[str], noun: str = "") -> str:
    """What `within chance` means, if one of some answers has it; `noun` is what intervals are over, if one thing."""
    if not any(answer.endswith(WITHIN_CHANCE) for answer in answers):
        return ""
    return f"{CHANCE} Intervals are over {noun}s, for one seed." if noun else CHANCE


def verdict(holds: bool | None) -> str:
    """An answer in a word; a dash where there is none."""
    return DASH if holds is None else "yes" if holds else "no"


def _count(claim: Claim, scores: Scores) -> tuple[str, str, str, str]:
    better, worse = claim.methods
    values = scores.by_image()
    if not {better, worse} <= set(values):
        return claim.text, DASH, DASH, DASH
    both = _sign(scores) * values[[better, worse]].dropna()
    wins = int((both[better] > both[worse]).sum())
    return claim.text, DASH, f"{wins} of {len(both)}", verdict(2 * wins > len(both))


def _every(claim: Claim, scores: Scores) -> tuple[str, str, str, str]:
    """On how many images the order holds, and whether on all; of those that have all of the claim's methods."""
    values = _sign(scores) * scores.by_image()
    both = values[list(claim.methods)].dropna() if {*claim.methods} <= set(values) else values.iloc[:0]
    if both.empty:
        return claim.text, DASH, DASH, DASH
    held = sum(bool(claim.holds({str(name): value for name, value in row.items()})) for _, row in both.iterrows())
    return claim.text, DASH, f"{held} of {len(both)}", verdict(held == len(both))


def _sign(scores: Scores) -> int:
    return 1 if scores.ranking.higher_is_better else -1


def _listing(claim: Claim, values: Mapping[str, float], scores: Scores, paper: Paper) -> str:
    """The methods' values, best first as it is said; of many the one that is above or below all others, and of these
    the one that comes nearest to contradicting it, or does so most."""
    known = {method: values[method] for method in claim.methods if not math.isnan(values.get(method, math.nan))}
    if not known:
        return DASH
    digits = scores.ranking.digits
    if claim.order == "chain" or len(claim.methods) <= LISTED:
        return ", ".join(number(known.get(method, math.nan), digits) for method in claim.methods)
    one, sign = (claim.methods[0], 1) if claim.order == "first" else (claim.methods[-1], -1)
    own = number(known.pop(one, math.nan), digits)
    if not known:
        return own
    rival = max(known, key=lambda method: sign * _sign(scores) * known[method])
    return f"{own}; {number(known[rival], digits)} ({paper.label(rival)})"
