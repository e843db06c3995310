"""Originals to signals: images, upright, 8-bit, in the profile's colours and size; volumes; or views of a scene."""

import shutil
from pathlib import Path

from refield import config
from refield.errors import UserError
from refield.originals import Images, Originals, Scenes, Volumes
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage
from refield.signals import photographs, png, scenes, solids


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = Layout(paper)
    settings = config.read(profile, path=layout.params).profiles[profile].originals
    originals = sorted(file for file in layout.originals(profile).iterdir() if file.stem not in settings.beside)
    out = layout.signals(profile)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for original in originals:
        write(original, settings, out)
    print(f"{profile}: {len(originals)} {told(settings)}")


def write(original: Path, settings: Originals, out: Path) -> None:
    """The signal of an original, under its name."""
    if isinstance(settings, Volumes):
        volume = solids.load(original, settings.side)
        (out / f"{original.stem}{volume.suffix}").write_bytes(volume.encode())
        return
    if isinstance(settings, Scenes):
        views = scenes.load(original, settings.long, settings.box)
        (out / f"{original.stem}{views.suffix}").write_bytes(views.encode())
        return
    assert isinstance(settings, Images)
    pixels = photographs.load(original, settings.color)
    try:
        pixels = photographs.frame(pixels, settings.frame, settings.long, settings.short)
    except UserError as error:
        raise UserError(f"{original}: {error}") from None
    png.write(out / f"{original.stem}.png", pixels)


def told(settings: Originals) -> str:
    """What was made, in words."""
    if isinstance(settings, Volumes):
        return f"volumes, {settings.side} voxels long"
    if isinstance(settings, Scenes):
        return f"scenes, whose views are {settings.long} pixels long"
    assert isinstance(settings, Images)
    return f"images, {settings.frame}"


if __name__ == "__main__":
    run(main)
