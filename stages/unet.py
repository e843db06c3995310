"""Train a profile's U-Net on examples."""

import json
import sys

from refield import config
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage
from refield.structure.examples import read_examples


def main(profile: FromStage, paper: str | None = None) -> None:
    from safetensors.numpy import save

    from refield.fitting.unet import train

    layout = Layout(paper)
    params = config.read(profile, path=layout.params)
    images, settings = params.profiles[profile].images, params.unet(profile)
    examples = read_examples(layout.examples(profile), images.color, images.frame, images.long, images.short)

    def show(epoch: int, loss: float) -> None:
        print(f"{profile}: epoch {epoch} of {settings.epochs}, loss {loss:.4f}", file=sys.stderr)

    trained = train(list(examples.values()), settings, show)
    layout.unet(profile).write_bytes(save(trained.weights))
    layout.unet_curve(profile).write_text(json.dumps([float(f"{loss:.6g}") for loss in trained.curve]) + "\n")


if __name__ == "__main__":
    run(main)
