"""One method at each value of a parameter, against some of these values. Markdown, from a study's scores."""

from collections.abc import Iterator, Sequence

import pandas as pd

from refield.errors import UserError
from refield.reports.results import pipe
from refield.scores.measure import PSNR
from refield.scores.numbers import number
from refield.scores.paired import difference
from refield.study import brief, varied


def choices(scores: pd.DataFrame, against: Sequence[str]) -> Iterator[str]:
    """The values from the best to the worst: mean PSNR, bits of map, and differences image by image.

    `against` are values that all others are compared with; `UserError` unless one parameter of one method varies.
    """
    (key, *others), methods = varied(scores), scores["method"].unique()
    if others or len(methods) != 1:
        raise UserError(f"a study that shows choices varies one parameter of one method; it has {others or methods}")
    psnr = scores.pivot(index="image", columns=key, values=PSNR.name)
    if missing := [value for value in against if value not in psnr]:
        raise UserError(f"a study that shows choices against {missing[0]} has no scores of it")
    bits = scores.groupby(key)["bpp_map"].mean()
    rows = []
    for value in psnr.mean().sort_values(ascending=False).index:
        gaps = [
            str(difference(psnr[value], psnr[other])).replace(" dB", "") if value != other else "" for other in against
        ]
        rows.append((brief(value), number(bits[value]), number(psnr[value].mean()), *gaps))
    heads = [key, "bits of map a pixel", "average PSNR", *(f"less {brief(value)}" for value in against)]
    yield "Differences in dB with their 95 % intervals over images."
    yield pipe(heads, rows)
