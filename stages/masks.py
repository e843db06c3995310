"""The true masks of a profile's images, which lie beside them, as one file for the task."""

from refield import config
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage
from refield.signals import Image
from refield.structure import masks
from refield.structure.examples import read_examples


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = Layout(paper)
    images = config.read(profile, path=layout.params).profiles[profile].images
    examples = read_examples(layout.originals(profile), images.color, images.frame, images.long, images.short)
    found = {Image(example.pixels).digest(): example.mask for example in examples.values()}
    layout.masks(profile).write_bytes(masks.encode(found))
    print(f"{profile}: {len(found)} masks")


if __name__ == "__main__":
    run(main)
