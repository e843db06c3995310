"""Originals to images: upright, 8-bit, in the profile's colours and size."""

import shutil

from refield import config
from refield.errors import UserError
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage
from refield.signals import photographs, png


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = Layout(paper)
    settings = config.read(profile, path=layout.params).profiles[profile].images
    originals = sorted(file for file in layout.originals(profile).iterdir() if file.stem not in settings.beside)
    shutil.rmtree(layout.signals(profile), ignore_errors=True)
    for original in originals:
        pixels = photographs.load(original, settings.color)
        try:
            pixels = photographs.frame(pixels, settings.frame, settings.long, settings.short)
        except UserError as error:
            raise UserError(f"{original}: {error}") from None
        png.write(layout.signals(profile) / f"{original.stem}.png", pixels)
    print(f"{profile}: {len(originals)} images, {settings.frame}")


if __name__ == "__main__":
    run(main)
