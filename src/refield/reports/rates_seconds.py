"""How long files took, of standard codecs and of ours: the only numbers of theirs that another run changes."""

from collections.abc import Mapping

import pandas as pd

from refield.codecs import CODECS
from refield.comparison import Profile
from refield.errors import UserError
from refield.reports.results import pipe
from refield.scores.files import require_columns
from refield.scores.numbers import number
from refield.scores.timed import MADE, SECONDS, made

LATENTS = "latents"  # of ours, the one that is no method
LEAD = (
    "Of each setting the median over images: here are the fastest and the slowest setting. Standard codecs: the "
    "processor's time on one thread."
)
OURS = (
    "Files of fields: by the clock, on one thread, as many side by side as there are cores. What encoding took is kept "
    "with each file in the store, and told here however long ago that was. Date and device are those of decoding."
)


def page(
    profile: str,
    seconds: Mapping[str, pd.DataFrame],
    ours: pd.DataFrame | None = None,
    asked: Profile | None = None,
) -> str:
    """Markdown; rows of each codec have its `SECONDS` by image and setting, and ours a column `codec` as well, which
    names a method. `UserError` if they lack one; of `MADE`, a dash stands for what they lack. What was `asked` for says
    how many steps ours have taken."""
    parts = [f"# {profile}: how long files took", LEAD]
    if seconds:
        lines = [
            [CODECS[codec].title, *_spans(rows, 1000, 1, f"{codec}, profile {profile}"), *made(rows)]
            for codec, rows in seconds.items()
        ]
        parts.append(pipe(["Codec", "encode (ms)", "decode (ms)", *MADE], lines))
    if ours is not None:
        if "codec" not in ours:
            raise UserError(f"seconds of files of profile {profile}: the table has no column codec")
        groups = ours.groupby("codec", sort=False)
        lines = [
            [
                f"refield compress, {name}{_steps(str(name), asked)}",
                *_spans(rows, 1, 2, f"{name}, profile {profile}"),
                *made(rows),
            ]
            for name, rows in groups
        ]
        parts += [OURS, pipe(["File", "encode (s)", "decode (s)", *MADE], lines)]
    return "\n\n".join(parts) + "\n"


def _steps(name: str, asked: Profile | None) -> str:
    """How many a file took before it was led to its size; for a method, how many its fit did."""
    made = (asked.latents if name == LATENTS else asked.compressed) if asked else None
    return f", {made.iterations:,} steps" if made else ""


def _spans(rows: pd.DataFrame, factor: float, digits: int, what: str) -> list[str]:
    try:
        require_columns(rows, SECONDS)
    except UserError as error:
        raise UserError(f"seconds of {what}: the table {error}") from None
    return [_span(rows.dropna(subset=each), each, factor, digits, len(rows)) for each in SECONDS]


def _span(known: pd.DataFrame, column: str, factor: float, digits: int, files: int) -> str:
    """From the fastest setting to the slowest, and of how many files that is known, if not of all."""
    if known.empty:
        return "unknown"
    medians = known.groupby("setting")[column].median() * factor
    least, most = (number(each, digits) for each in (medians.min(), medians.max()))
    of = f", of {len(known)} of {files} files" if len(known) < files else ""
    return f"{least if least == most else f'{least} to {most}'}{of}"
