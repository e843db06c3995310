"""Bring a comparison's photographs of a profile, in the profile's size."""

import shutil

from refield import comparison
from refield.errors import UserError
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage
from refield.signals import photographs, png, sources


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = Layout(paper)
    images = comparison.read(layout.params).profile(profile).images
    originals, out = layout.originals(profile), layout.signals(profile)
    names = sources.fetch(images.source, layout.sources(profile), images.names, originals)
    shutil.rmtree(out, ignore_errors=True)
    for original in (originals / name for name in names):
        try:
            pixels = photographs.frame(photographs.load(original, "rgb"), images.frame, images.long, images.short)
        except UserError as error:
            raise UserError(f"{original}: {error}") from None
        png.write(out / f"{original.stem}.png", pixels)
    shutil.rmtree(originals)
    print(f"{profile}: {len(names)} photographs from {images.source}")


if __name__ == "__main__":
    run(main)
