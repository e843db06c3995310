"""How long standard codecs took: the only numbers of theirs that another run changes."""

from collections.abc import Mapping

import pandas as pd

from refield.codecs import CODECS
from refield.errors import UserError
from refield.reports.results import pipe
from refield.scores.files import require_columns
from refield.scores.numbers import number

COLUMNS = ("encode_seconds", "decode_seconds")


def page(profile: str, seconds: Mapping[str, pd.DataFrame]) -> str:
    """Markdown; rows of each codec have its `COLUMNS` by image and setting. `UserError` if they lack one."""
    lines = []
    for codec, rows in seconds.items():
        try:
            require_columns(rows, COLUMNS)
        except UserError as error:
            raise UserError(f"seconds of {codec}, profile {profile}: the table {error}") from None
        medians = rows.groupby("setting")[list(COLUMNS)].median() * 1000
        spans = [f"{number(medians[each].min(), 1)} to {number(medians[each].max(), 1)}" for each in COLUMNS]
        lines.append([CODECS[codec].title, *spans])
    heads = ["Codec", "encode (ms)", "decode (ms)"]
    lead = (
        "The processor's time on one thread, of each setting the median over images: here are the fastest and the "
        "slowest setting."
    )
    return "\n\n".join([f"# {profile}: how long codecs took", lead, pipe(heads, lines)]) + "\n"
