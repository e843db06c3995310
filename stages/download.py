"""Bring a profile's original photographs."""

from refield import config
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage
from refield.signals import sources


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = Layout(paper)
    images = config.read(profile, path=layout.params).profiles[profile].images
    place, out = layout.sources(profile), layout.originals(profile)
    files = sources.fetch(images.source, place, images.names, out, images.beside)
    print(f"{profile}: {len(files)} originals from {images.source}")


if __name__ == "__main__":
    run(main)
