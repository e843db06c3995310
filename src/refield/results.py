"""All profiles' results as they lie in git: a folder of `<profile>/<method>.csv`, one row per image or iteration."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from refield.config import Params
from refield.errors import UserError

STATISTICS = ["psnr_average", "psnr_highest", "psnr_lowest"]
MEASURES = ["ssim", "iou", "parameters", "bpp_weights", "bpp_map", "bpp"]
# The columns that a report needs of reports/scores, reports/provenance and reports/curves.
SCORES = ["image", "height", "width", "psnr_8bit", *MEASURES]
PROVENANCE = ["image", "device", "precision", "date", "torch", "seed", "seconds"]
CURVES = ["iteration", "psnr"]
DASH = "—"  # what was not measured


@dataclass(frozen=True)
class Results:
    """The rows of all known methods, and what was left out."""

    rows: pd.DataFrame  # profile, method, then the files' columns
    strays: list[Path]  # files that belong to no method of params.yaml

    def profiles(self, params: Params) -> list[str]:
        """Profiles of params.yaml in their order, then any others that have rows."""
        return [*params.profiles, *sorted(set(self.rows["profile"]) - params.profiles.keys())]

    def of(self, profile: str) -> pd.DataFrame:
        return self.rows[self.rows["profile"] == profile].drop(columns="profile")


def collect(folder: Path, params: Params, columns: Sequence[str]) -> Results:
    """Read every `<profile>/<method>.csv` below a folder, in the order of params.yaml; `columns` must be there."""
    known, strays = {}, []
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".gitignore"):
        place = file.relative_to(folder).parts
        if len(place) == 2 and file.suffix == ".csv" and file.stem in params.method_names:
            known[place[0], file.stem] = file
        else:
            strays.append(file)
    order = {method: index for index, method in enumerate(params.method_names)}
    frames = []
    for profile, method in sorted(known, key=lambda key: (key[0], order[key[1]])):
        frame = _read(known[profile, method], columns)
        frame.insert(0, "profile", profile)
        frame.insert(1, "method", method)
        frames.append(frame)
    return Results(pd.concat(frames) if frames else pd.DataFrame(columns=["profile", "method", *columns]), strays)


def summary(scores: pd.DataFrame) -> pd.DataFrame:
    """One row per method: PSNR over images (average of dB values, highest, lowest), other measures' means, images."""
    groups = scores.groupby("method", sort=False)
    psnr = groups["psnr_8bit"].agg(psnr_average="mean", psnr_highest="max", psnr_lowest="min")
    return psnr.join(groups[MEASURES].mean()).join(groups.size().rename("images"))


def costs(scores: pd.DataFrame, provenance: pd.DataFrame) -> pd.DataFrame:
    """One row per method: mean psnr (dB) and what it costs: parameters, bpp, and a fit's median seconds (NaN: unknown).

    Seconds are those of the machine, and of whatever else it did at the time.
    """
    averages = summary(scores).rename(columns={"psnr_average": "psnr"})[["psnr", "parameters", "bpp"]]
    return averages.join(provenance.groupby("method")["seconds"].median())


def by_image(scores: pd.DataFrame) -> pd.DataFrame:
    """PSNR in dB, images down and methods across."""
    return scores.pivot(index="image", columns="method", values="psnr_8bit")[list(dict.fromkeys(scores["method"]))]


def number(value: float, digits: int = 2, sign: str = "") -> str:
    """Fixed decimals, `DASH` for a missing value, `∞` for an infinite one, and no negative zero."""
    if math.isnan(value):
        return DASH
    return "∞" if math.isinf(value) else f"{round(value, digits) + 0.0:{sign},.{digits}f}"


def pipe(heads: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """A Markdown table whose first columns are words, and the others numbers."""
    lines = [heads, [*["---"] * words, *["---:"] * (len(heads) - words)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _read(file: Path, columns: Sequence[str]) -> pd.DataFrame:
    try:
        frame = pd.read_csv(file, dtype={"image": str, "date": str})
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError):
        raise UserError(f"{file} is no CSV file") from None
    if missing := [column for column in columns if column not in frame]:
        raise UserError(f"{file} has no column {missing[0]}")
    if "image" in frame and frame["image"].duplicated().any():
        raise UserError(f"{file} has two rows for an image")
    if frame.empty:
        raise UserError(f"{file} has no rows")
    return frame
