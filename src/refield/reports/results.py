"""All profiles' results as they lie in git: a folder of `<profile>/<method>.csv`, one row per image or iteration."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from refield.config import Params
from refield.errors import UserError
from refield.scores.files import read_csv, require_columns
from refield.scores.measure import Measure
from refield.signals import Image, Views, Volume
from refield.tasks.represent import Represent
from refield.units.scoring import COSTS, FLOAT32

STATISTICS = {"average": "mean", "highest": "max", "lowest": "min"}  # over images, of the measure that ranks methods
PARAMETERS, WEIGHTS, MAP, BITS = COSTS
OF_VOLUMES = tuple(replace(cost, title=cost.title.replace("bpp", "bits per voxel")) for cost in COSTS)
# What a report needs of reports/provenance and reports/curves.
PROVENANCE = ["image", "seconds", "date", "device", "precision"]
CURVES = ["iteration", "psnr"]


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


@dataclass(frozen=True)
class Scores:
    """The scores of one profile."""

    rows: pd.DataFrame  # method, image, the signal's axes, measures, costs
    measures: Sequence[Measure]  # of the profile's task, the one that ranks methods first
    costs: Sequence[Measure] = COSTS  # those that mean something of its signals

    @property
    def ranking(self) -> Measure:
        return self.measures[0]

    @property
    def others(self) -> Sequence[Measure]:
        return self.measures[1:]

    @property
    def bits(self) -> Measure | None:
        """What a fit costs in bits per sample, map included; None if that means nothing of its signals."""
        return next((cost for cost in self.costs if cost.name == BITS.name), None)

    def summary(self) -> pd.DataFrame:
        """One row per method: `STATISTICS` of the ranking measure, the means of others and of costs, and `images`."""
        groups = self.rows.groupby("method", sort=False)
        ranked = groups[self.ranking.name].agg([*STATISTICS.values()]).set_axis([*STATISTICS], axis=1)
        means = groups[[measure.name for measure in (*self.others, *self.costs)]].mean()
        return ranked.join(means).join(groups.size().rename("images"))

    def by_image(self) -> pd.DataFrame:
        """The ranking measure, images down and methods across."""
        table = self.rows.pivot(index="image", columns="method", values=self.ranking.name)
        return table[list(dict.fromkeys(self.rows["method"]))]

    def ranked_by(self, name: str) -> "Scores":
        """The same scores, with another measure in the place of the one that ranks."""
        first = [measure for measure in self.measures if measure.name == name]
        return replace(self, measures=[*first, *(measure for measure in self.measures if measure.name != name)])

    def with_controls(self, names: Iterable[str]) -> "Scores":
        """The same, and as further methods those of some names that are measures: how well images are done without a
        field, as by bicubic enlargement. If its PSNR is `psnr_bicubic`, its SSIM is `ssim_bicubic`, and so on. A value
        such as `dice_original` is one of `dice`, if there is such a measure, rather than of the one that ranks."""
        known = {measure.name for measure in self.measures}
        once = self.rows.drop_duplicates("image")
        rows = [self.rows]
        for name in dict.fromkeys(names):
            if name in known and len(once):
                own = once.assign(method=name, **{measure.name: math.nan for measure in (*self.measures, *COSTS)})
                word = name.partition("_")[0]
                own[word if word in known else self.ranking.name] = once[name]
                for each in known:
                    if (other := name.replace("psnr", each)) in known - {name}:
                        own[each] = once[other]
                rows.append(own)
        return replace(self, rows=pd.concat(rows)) if len(rows) > 1 else self


def read_scores(folder: Path, params: Params, bits_per_weight: int = FLOAT32) -> Results:
    """The rows of reports/scores, bits counted as of weights of so many; `UserError` names what cannot be used."""

    def columns(profile: str) -> list[str]:
        measures = params.measures(profile) if profile in params.profiles else Represent.measures[:1]
        axes = params.profiles[profile].signal.axes if profile in params.profiles else Image.axes
        return ["image", *axes, *(measure.name for measure in (*measures, *COSTS))]

    found = collect(folder, params, columns)
    if bits_per_weight == FLOAT32 or found.rows.empty:  # what the files count
        return found
    weights = found.rows[WEIGHTS.name] * bits_per_weight / FLOAT32
    bits = {WEIGHTS.name: weights, BITS.name: weights + found.rows[MAP.name]}
    return replace(found, rows=found.rows.assign(**bits))


def read_provenance(folder: Path, params: Params) -> Results:
    """The rows of reports/provenance; `UserError` names what cannot be used."""
    return collect(folder, params, lambda _: PROVENANCE)


def read_curves(folder: Path, params: Params) -> Results:
    """The rows of reports/curves; `UserError` names what cannot be used."""
    return collect(folder, params, lambda _: CURVES)


def collect(folder: Path, params: Params, columns: Callable[[str], Sequence[str]]) -> Results:
    """Read every `<profile>/<method>.csv` below a folder, in the order of params.yaml.

    `columns` are those that a profile's files must have.
    """
    known, strays = {}, []
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".gitignore"):
        place = file.relative_to(folder).parts
        if len(place) == 2 and file.suffix == ".csv" and file.stem in params.methods:
            known[place[0], file.stem] = file
        else:
            strays.append(file)
    order = {method: index for index, method in enumerate(params.methods)}
    frames = []
    for profile, method in sorted(known, key=lambda pair: (pair[0], order[pair[1]])):
        frame = _read(known[profile, method], columns(profile))
        frame.insert(0, "profile", profile)
        frame.insert(1, "method", method)
        frames.append(frame)
    return Results(pd.concat(frames) if frames else pd.DataFrame(columns=["profile", "method"]), strays)


def scores_of(results: Results, profile: str, params: Params) -> Scores:
    """A profile's scores, by its task; where params.yaml no longer has the profile, by what there is of `represent`."""
    rows = results.of(profile)
    costs: Sequence[Measure] = COSTS
    if profile in params.profiles:
        measures = params.measures(profile)
        if params.profiles[profile].signal is Views:
            costs = [PARAMETERS]  # bits would be those for each held-out pixel, which no field stores
        elif params.profiles[profile].signal is Volume:
            costs = OF_VOLUMES
    else:
        measures = tuple(m for m in Represent.measures if m.name in rows and rows[m.name].notna().any())
    names = [measure.name for measure in (*measures, *COSTS)]
    rows = rows if len(rows) else pd.DataFrame(columns=["method", "image", *Image.axes, *names])
    return Scores(rows, measures, costs)


def key(measure: Measure) -> str:
    """What our files call a measure: 8-bit values are what all of them are of."""
    return measure.name.removesuffix("_8bit")


def averaged(values: pd.Series) -> float:
    """The mean over images; of a study's settings with which a fit has diverged, minus infinity."""
    return float(values.mean(skipna=False)) if values.notna().all() else -math.inf


def spelt(measure: Measure) -> str:
    """A measure's title without the abbreviation that tables have."""
    return measure.title.replace("bpp", "bits per pixel")


def unit(measure: Measure) -> str:
    """With a space before it; nothing for a number without one."""
    return f" {measure.unit}" if measure.unit else ""


def pipe(heads: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """A Markdown table whose first columns are words, and the others numbers."""
    lines = [heads, [*["---"] * words, *["---:"] * (len(heads) - words)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _read(file: Path, columns: Sequence[str]) -> pd.DataFrame:
    frame = read_csv(file)
    try:
        require_columns(frame, columns)
    except UserError as error:
        raise UserError(f"{file} {error}") from None
    if "image" in frame and frame["image"].duplicated().any():
        raise UserError(f"{file} has two rows for an image")
    if frame.empty:
        raise UserError(f"{file} has no rows")
    return frame
