"""What the paper concludes from its tables, and whether it holds for a profile's scores."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from refield.paired import difference
from refield.papers import Paper
from refield.results import DASH, by_image, number, summary


@dataclass(frozen=True)
class Claim:
    """A statement of order: each method is above the next one, or only the first above all others."""

    text: str
    statistic: str  # a column of results.summary
    methods: tuple[str, ...]  # best first
    chain: bool = True  # each above the next; otherwise only the first above the rest

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Each method with one that is said to be below it."""
        best, *rest = self.methods
        return list(zip([best, *rest[:-1]] if self.chain else [best] * len(rest), rest, strict=True))

    def holds(self, values: Mapping[str, float]) -> bool | None:
        """None if a method has no scores. A tie does not hold."""
        if any(method not in values for method in self.methods):
            return None
        return all(values[above] > values[below] for above, below in self.pairs)


CLAIMS = [
    Claim("On average, ours > Fine-to-Coarse > Quad-Tree > SIREN", "psnr_average", ("ours", "ftc", "qt", "siren")),
    Claim(
        "On average, the segmentation serves best in the last layer",
        "psnr_average",
        ("ours", "seg_third", "seg_second", "seg_first"),
        chain=False,
    ),
    Claim("On average, Multi-Otsu > equal bins", "psnr_average", ("ours", "equal_bin")),
    Claim("The lowest PSNR rises from Fine-to-Coarse to ours", "psnr_lowest", ("ours", "ftc")),
]


def examine(scores: pd.DataFrame, paper: Paper) -> pd.DataFrame:
    """Claim, Paper, Here, Holds (yes, no, or a dash where a method is missing); the last row counts images.

    An order of averages is `within chance` if one of its differences, image by image, has a 95 % interval over zero.
    """
    statistics = summary(scores)
    rows = []
    for claim in CLAIMS:
        values = {str(method): float(value) for method, value in statistics[claim.statistic].items()}
        published = {row.method: getattr(row, claim.statistic.removeprefix("psnr_")) for row in paper.rows}
        verdict = _verdict(claim.holds(values))
        if verdict != DASH and claim.statistic == "psnr_average" and _by_chance(claim, by_image(scores)):
            verdict += ", within chance"
        rows.append((claim.text, _listing(claim, published), _listing(claim, values), verdict))
    return pd.DataFrame([*rows, _count(scores)], columns=["Claim", "Paper", "Here", "Holds"])


def _by_chance(claim: Claim, psnr: pd.DataFrame) -> bool:
    """Whether a difference that the claim is about is not clear of zero; unknown, and False, for under three images."""
    psnr = psnr[list(claim.methods)].dropna()
    if len(psnr) < 3 or not np.isfinite(psnr.to_numpy()).all():
        return False
    return any(not difference(psnr[above], psnr[below]).clear for above, below in claim.pairs)


def _count(scores: pd.DataFrame) -> tuple[str, str, str, str]:
    text, psnr = "On most images, ours > Fine-to-Coarse", by_image(scores)
    if not {"ours", "ftc"} <= set(psnr):
        return text, DASH, DASH, DASH
    both = psnr[["ours", "ftc"]].dropna()
    wins = int((both["ours"] > both["ftc"]).sum())
    return text, DASH, f"{wins} of {len(both)}", _verdict(2 * wins > len(both))


def _listing(claim: Claim, values: Mapping[str, float]) -> str:
    return ", ".join(number(values.get(method, math.nan)) for method in claim.methods)


def _verdict(holds: bool | None) -> str:
    return DASH if holds is None else "yes" if holds else "no"
