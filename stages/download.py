"""Bring a profile's original photographs."""

from refield import config, sources
from stages import layout
from stages.command import run


def main(profile: str) -> None:
    images = config.read(profile).profiles[profile].images
    files = sources.fetch(images.source, layout.source(profile), images.names, layout.originals(profile))
    print(f"{profile}: {len(files)} originals from {images.source}")


if __name__ == "__main__":
    run(main)
