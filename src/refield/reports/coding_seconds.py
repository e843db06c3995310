"""How long it took to code fits as files and to decode these: a page of its own, as another run takes other times."""

from pathlib import Path

import pandas as pd

from refield.config import Params
from refield.errors import UserError
from refield.papers import Paper
from refield.reports.coding_gains import CODECS
from refield.reports.results import pipe
from refield.scores.files import read_csv, require_columns
from refield.scores.numbers import number
from refield.scores.timed import SECONDS, made

LEAD = (
    "Means over images, by the clock. Encoding is from the fit to the file, with all that is sought or learned for it, "
    "and without the fit itself, of which [provenance](../{profile}.md) tells. Decoding is from file to picture. "
    "Another run takes other times: no other page states them."
)


def seconds_of(folder: Path, profile: str, params: Params) -> pd.DataFrame:
    """The rows of a folder's `<profile>/<method>.csv`, with a column method, in the order of params.yaml; `UserError`
    names a bad file."""
    frames = []
    for method in params.methods:
        if (file := folder / profile / f"{method}.csv").exists():
            rows = read_csv(file)
            try:
                require_columns(rows, SECONDS)
                if lacking := [name for name in ("codec", "setting") if name not in rows]:
                    raise UserError(f"has no column {lacking[0]}")
            except UserError as error:
                raise UserError(f"{file} {error}") from None
            frames.append(rows.assign(method=method))
    return pd.concat(frames) if frames else pd.DataFrame()


def page(profile: str, seconds: pd.DataFrame, paper: Paper) -> str:
    """Markdown: of each method, way of coding and setting the mean seconds, and when and where that was."""
    lines = []
    for method, of_method in seconds.groupby("method", sort=False):
        for codec in CODECS:
            for setting, rows in of_method[of_method["codec"] == codec].groupby("setting", sort=False):
                means = [number(rows[column].mean(), 3) for column in SECONDS]
                lines.append([paper.label(str(method)), f"`{codec}`", str(setting), *means, *made(rows)])
    heads = ["network", "coded as", "setting", "encode (s)", "decode (s)", "date", "device"]
    lead = LEAD.format(profile=profile)
    return f"# {profile}: how long files took\n\n{lead}\n\n{pipe(heads, lines, words=3)}\n"
