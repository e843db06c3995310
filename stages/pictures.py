"""Some of a profile's photographs as files of equal rates, for the page that shows them side by side."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from refield import comparison
from refield.codecs import CODECS, within
from refield.comparison import Comparison
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
    """Fields' whose pictures are there, then codecs'."""
    entry, pixels = compared.profiles[profile], original.shape[0] * original.shape[1]
    assert entry.pictures
    for fields in entry.fields:
        for series in series_of(fields) if fields.pictures else []:
            row = nearest_below(series.rows[series.rows["image"] == name], entry.pictures.bpp)
            file = Path(str(fields.pictures)) / row["codec"] / row["setting"] / f"{name}.png"
            yield Seen(series.label, row["bpp"], row["psnr"], png.read(file))
    for codec in compared.pictures.codecs:
        coded = within(codec, original, int(entry.pictures.bpp * pixels / 8))
        bpp = 8 * len(coded.data) / pixels
        yield Seen(CODECS[codec].title, bpp, psnr_8bit(original, coded.picture), coded.picture)


if __name__ == "__main__":
    run(main)
