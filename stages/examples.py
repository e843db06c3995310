"""Bring what a profile's U-Net learns from: pictures and their masks."""

from refield import config
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage
from refield.signals import sources


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = Layout(paper)
    params = config.read(profile, path=layout.params)
    source, place = params.profiles[profile].images.source, layout.sources(params.unet(profile).examples)
    files = sources.fetch(source, place, "all", layout.examples(profile))
    print(f"{profile}: {len(files)} pictures and masks from {source}")


if __name__ == "__main__":
    run(main)
