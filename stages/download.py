"""Bring a profile's original photographs."""

from refield import config
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage
from refield.signals import sources


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = Layout(paper)
    images = config.read(profile, path=layout.params).profiles[profile].images
    files = sources.fetch(images.source, layout.sources(profile), images.names, layout.originals(profile))
    print(f"{profile}: {len(files)} originals from {images.source}")


if __name__ == "__main__":
    run(main)
