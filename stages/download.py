"""Bring a profile's originals."""

from refield import config
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage
from refield.signals import sources


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = Layout(paper)
    wanted = config.read(profile, path=layout.params).profiles[profile].originals
    place, out = layout.sources(profile), layout.originals(profile)
    files = sources.fetch(wanted.source, place, wanted.names, out, wanted.beside)
    print(f"{profile}: {len(files)} originals from {wanted.source}")


if __name__ == "__main__":
    run(main)
