"""What a profile's rates are of: its codecs and fields, on the photographs that all of them have."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from refield.codecs import CODECS
from refield.comparison import Comparison, Fields
from refield.errors import UserError
from refield.papers.curves import Curves, Published
from refield.reports import rates_parts
from refield.scores.rates import Curve, by_image, means, read_rates

# As published curves have it of theirs; `refield.coding.latents.learning` has learned it.
BEGUN = (
    "From a start learned on other photographs (chelsea, rocket and motorcycle_left of scikit-image's); each file "
    "holds its own networks."
)


@dataclass(frozen=True)
class Series:
    """What one codec gave on a panel's images."""

    key: str
    label: str
    kind: str  # "field" or "codec"
    rows: pd.DataFrame  # of `rates.COLUMNS`

    @cached_property
    def means(self) -> pd.DataFrame:
        return means(self.rows)

    @cached_property
    def curve(self) -> Curve:
        return Curve.of(self.means["bpp"], self.means["psnr"])

    @cached_property
    def similarity(self) -> Curve | None:
        """MS-SSIM in the place of PSNR; None if some images have none, which are too small."""
        return None if self.rows["ms_ssim"].isna().any() else Curve.of(self.means["bpp"], self.means["ms_ssim"])

    @cached_property
    def by_image(self) -> dict[str, Curve]:
        return by_image(self.rows)


@dataclass(frozen=True)
class Panel:
    """A profile's curves: of the images that all of its codecs have."""

    profile: str
    images: Sequence[str]
    there: int  # images that some have
    pixels: int  # of an image, the mean
    series: Sequence[Series]  # fields first
    published: Sequence[Published]
    missing: Sequence[str]  # folders of rates that are not made yet
    partial: Sequence[str]  # labels of series that are left out, as they lack some of the published curves' images
    parts: Mapping[str, pd.DataFrame]  # of files of latents, by the labels of their series
    told: Sequence[str] = ()  # what params.yaml says of the fields that are there

    @property
    def notes(self) -> list[str]:
        """What is not there, what fields are, and what files of latents begin with, in a sentence each."""
        said = [f"Not made yet: the rates in {folder}." for folder in self.missing]
        said += self.told
        said += [f"{label}: {BEGUN}" for label in self.parts]
        return [*said, *(f"Left out beside published curves: {label}, of fewer photographs." for label in self.partial)]

    @property
    def words(self) -> str:
        if len(self.images) < self.there:
            return (
                f"{len(self.images)} of {self.there} photographs, those that all rates have, of {self.pixels:,} pixels"
            )
        many = f"{self.there} photographs" if self.there > 1 else "One photograph"
        return f"{many} of {self.pixels:,} pixels"

    def of(self, key: str) -> Series | None:
        return next((each for each in self.series if each.key == key), None)

    def images_of(self, key: str) -> Mapping[str, Curve]:
        """The curves of a series by image; none if it was not measured."""
        found = self.of(key)
        return found.by_image if found else {}


def read_panel(profile: str, comparison: Comparison, measured: Path, published: Curves) -> Panel | None:
    """What there is of a profile, or None: codecs' rates in a folder, and the fields' where params.yaml says.

    Beside published curves, which are means over all photographs, series that lack some are left out. `UserError` if
    files of one profile are not of the same photographs.
    """
    entry = comparison.profiles[profile]
    files = {name: measured / f"{name}.csv" for name in comparison.codecs}
    codecs = [
        Series(name, CODECS[name].title, "codec", read_rates(file)) for name, file in files.items() if file.exists()
    ]
    made = {fields.folder: series_of(fields) for fields in entry.fields}
    missing = [folder for folder, series in made.items() if not series]
    found = [*(each for series in made.values() for each in series), *codecs]
    if not found:
        return None
    _require_same_photographs(profile, found)
    whole = set[str]().union(*(each.rows["image"] for each in codecs or found)) if entry.published else set[str]()
    partial = [each.label for each in found if not whole <= {*each.rows["image"]}]
    found = [each for each in found if whole <= {*each.rows["image"]}]
    of_each = [set(each.rows["image"]) for each in found]
    images, there = sorted(set.intersection(*of_each)) if found else [], len(set().union(*of_each))
    if not images:
        raise UserError(f"profile {profile}: there is no image that all of its rates have")
    shared = [
        Series(each.key, each.label, each.kind, each.rows[each.rows["image"].isin(images)].reset_index(drop=True))
        for each in found
    ]
    finest = max(shared, key=lambda each: each.rows["bytes"].max())
    pixels = round(float(_pixels(finest.rows).mean()))
    curves = list(published.curves.values()) if entry.published else []
    parts = {label: of for fields in entry.fields for label, of in _parts_of(fields, images)}
    told = [f"{fields.label}: {fields.note}" for fields in entry.fields if fields.note and fields.folder not in missing]
    return Panel(profile, images, there, pixels, shared, curves, missing, partial, parts, told)


def series_of(fields: Fields) -> list[Series]:
    """A series of each codec of fields, none if nothing is made yet; `UserError` if it lacks a codec that is named.

    Of several files, such as one for each size of a network, a setting's name has its file's before it.
    """
    files = sorted(file for file in Path(fields.folder).glob("*.csv") if file.name != rates_parts.FILE)
    if not files:
        return []
    tables = {file.stem: read_rates(file) for file in files}
    if len(files) > 1:
        tables = {name: rows.assign(setting=f"{name}, " + rows["setting"]) for name, rows in tables.items()}
    rows = pd.concat(tables.values(), ignore_index=True)
    names = fields.codecs or list(dict.fromkeys(rows["codec"]))
    if absent := [name for name in names if name not in set(rows["codec"])]:
        raise UserError(f"{fields.folder} has no rates of the codec {absent[0]}")
    return [
        Series(f"{fields.folder}/{name}", f"{fields.label}, {name}", "field", rows[rows["codec"] == name])
        for name in names
    ]


def _parts_of(fields: Fields, images: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Rows of `rates_parts` of some images, and the label of their series, if a folder of rates has them."""
    if (file := Path(fields.folder) / rates_parts.FILE).exists():
        rows = rates_parts.read_parts(file)
        for codec, own in rows[rows["image"].isin(images)].groupby("codec", sort=False):
            yield f"{fields.label}, {codec}", own


def _pixels(rows: pd.DataFrame) -> pd.Series:
    """Of each photograph, by its largest file: bits per pixel are rounded, those of few by more than a pixel."""
    largest = rows.loc[rows.groupby("image")["bytes"].idxmax()].set_index("image")
    return 8 * largest["bytes"] / largest["bpp"]


def _require_same_photographs(profile: str, series: Sequence[Series]) -> None:
    known = _pixels(series[-1].rows)
    for each in series[:-1]:
        both = pd.concat([known, _pixels(each.rows)], axis=1, join="inner").round()
        if len(odd := both[(both.max(axis=1) - both.min(axis=1)) > 1e-3 * both.min(axis=1)]):
            ours, theirs = odd.iloc[0]
            raise UserError(
                f"profile {profile}: {odd.index[0]} has {theirs:.0f} pixels for {each.label} and {ours:.0f} for "
                f"{series[-1].label}; rates are compared on the same photographs only"
            )
