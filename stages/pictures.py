"""Some of a profile's photographs as files of equal rates, for the page that shows them side by side."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from refield.comparison import Comparison, Fields, Profile, read
from refield.interface.compressed import decompress
from refield.pipeline.command import run
from refield.pipeline.comparison_layout import ComparisonLayout
from refield.pipeline.names import FromStage, require
from refield.reports.rates_panel import series_of
from refield.reports.rates_pictures import Seen, coded, look_at, lookable, nearest_below
from refield.signals import png


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = ComparisonLayout(paper)
    compared = read(layout.params)
    entry = compared.profile(profile)
    images = {file.stem: file for file in sorted(layout.signals(profile).glob("*.png"))}
    there, absent = lookable(entry)
    for each in absent:
        print(f"{profile}: no pictures of {each}")
    found = []
    for name in entry.pictures.names if entry.pictures else []:
        require(name, images, f"image of {layout.signals(profile)}")
        original = png.read(images[name])
        files = _files(compared, entry, there, name, original)
        found.append(look_at(name, original, files, compared.pictures.side, absent))
    layout.compared(profile).parent.mkdir(parents=True, exist_ok=True)
    layout.compared(profile).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8", newline="\n")


def _files(compared: Comparison, entry: Profile, there: list[Fields], name: str, pixels: np.ndarray) -> Iterator[Seen]:
    """Fields' that are there, of those that have some of this photograph; then codecs'."""
    assert entry.pictures
    for fields in there:
        for series in series_of(fields):
            own = series.rows[series.rows["image"] == name]
            if len(own):
                row = nearest_below(own, entry.pictures.bpp)
                yield Seen(series.label, row["bpp"], row["psnr"], _picture(fields, row, name))
    yield from (coded(codec, pixels, entry.pictures.bpp) for codec in compared.pictures.codecs)


def _picture(fields: Fields, row: Mapping[str, Any], name: str) -> np.ndarray:
    """What a row's file holds; of several files of rates, a setting has its file's name before it."""
    if fields.files is None:
        return png.read(Path(str(fields.pictures), row["codec"], row["setting"], f"{name}.png"))
    *table, setting = row["setting"].rsplit(", ", 1)
    table = table or [file.stem for file in Path(fields.folder).glob("*.csv")]
    return decompress(Path(fields.files, *table, row["codec"], setting, f"{name}.rfd"))


if __name__ == "__main__":
    run(main)
