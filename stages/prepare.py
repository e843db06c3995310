"""Originals to images: upright, 8-bit, in the profile's colours and size."""

import shutil

from refield import config, images
from refield.errors import UserError
from stages import layout
from stages.command import run


def main(profile: str) -> None:
    settings = config.read(profile).profiles[profile].images
    originals = sorted(layout.originals(profile).iterdir())
    shutil.rmtree(layout.images(profile), ignore_errors=True)
    for original in originals:
        image = images.load(original, settings.color)
        try:
            image = images.frame(image, settings.fit, settings.long, settings.short)
        except UserError as error:
            raise UserError(f"{original}: {error}") from None
        images.write(layout.images(profile) / f"{original.stem}.png", image)
    print(f"{profile}: {len(originals)} images, {settings.fit}")


if __name__ == "__main__":
    run(main)
