"""Some of a profile's photographs as files of equal rates, for the page that shows them side by side."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from refield import comparison
from refield.codecs import CODECS, within
from refield.comparison import Comparison, Fields
from refield.interface.compressed import decompress
from refield.pipeline.command import run
from refield.pipeline.comparison_layout import ComparisonLayout
from refield.pipeline.names import FromStage, require
from refield.reports.rates_panel import series_of
from refield.reports.rates_pictures import Seen, look_at, nearest_below
from refield.scores.metrics import psnr_8bit
from refield.signals import png


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = ComparisonLayout(paper)
    compared = comparison.read(layout.params)
    images = {file.stem: file for file in sorted(layout.signals(profile).glob("*.png"))}
    shown, found = compared.profile(profile).pictures, []
    for name in shown.names if shown else []:
        require(name, images, f"image of {layout.signals(profile)}")
        original = png.read(images[name])
        found.append(look_at(name, original, _files(compared, profile, name, original), compared.pictures.side))
    layout.compared(profile).parent.mkdir(parents=True, exist_ok=True)
    layout.compared(profile).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8", newline="\n")


def _files(compared: Comparison, profile: str, name: str, original: np.ndarray) -> Iterator[Seen]:
    """Fields' whose pictures or files are there, then codecs'."""
    entry, pixels = compared.profiles[profile], original.shape[0] * original.shape[1]
    assert entry.pictures
    for fields in (each for each in entry.fields if (place := each.pictures or each.files) and Path(place).exists()):
        for series in series_of(fields):
            row = nearest_below(series.rows[series.rows["image"] == name], entry.pictures.bpp)
            yield Seen(series.label, row["bpp"], row["psnr"], _picture(fields, row, name))
    for codec in compared.pictures.codecs:
        coded = within(codec, original, int(entry.pictures.bpp * pixels / 8))
        bpp = 8 * len(coded.data) / pixels
        yield Seen(CODECS[codec].title, bpp, psnr_8bit(original, coded.picture), coded.picture)


def _picture(fields: Fields, row: Mapping[str, Any], name: str) -> np.ndarray:
    """What a row's file holds; of several files of rates, a setting has its file's name before it."""
    if fields.files is None:
        return png.read(Path(str(fields.pictures), row["codec"], row["setting"], f"{name}.png"))
    *table, setting = row["setting"].rsplit(", ", 1)
    table = table or [file.stem for file in Path(fields.folder).glob("*.csv")]
    return decompress(Path(fields.files, *table, row["codec"], setting, f"{name}.rfd"))


if __name__ == "__main__":
    run(main)
