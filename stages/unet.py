"""Train a profile's U-Net on examples, and say how well it sees what is in the profile's own images."""

import hashlib
import json
import sys

from refield import config
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage
from refield.structure.dice import dice
from refield.structure.examples import read_examples


def main(profile: FromStage, paper: str | None = None) -> None:
    from safetensors.numpy import save

    from refield.fitting.unet import train
    from refield.structure.unet import predict

    layout = Layout(paper)
    params = config.read(profile, path=layout.params)
    images, settings = params.profiles[profile].images, params.unet(profile)
    framed = (images.color, images.frame, images.long, images.short)
    learned, tested = (read_examples(place(profile), *framed) for place in (layout.examples, layout.originals))

    def show(epoch: int, loss: float) -> None:
        print(f"{profile}: epoch {epoch} of {settings.epochs}, loss {loss:.4f}", file=sys.stderr)

    trained = train(list(learned.values()), settings, show)
    data = save(trained.weights)
    layout.unet(profile).write_bytes(data)
    seen = {name: dice(predict(trained.tensors(), each.pixels), each.mask) for name, each in tested.items()}
    report = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "weights": sum(array.size for array in trained.weights.values()),
        "examples": len(learned),
        "settings": settings.model_dump(mode="json"),
        "dice": {name: round(value, 6) for name, value in seen.items()},
        "curve": [float(f"{loss:.6g}") for loss in trained.curve],
    }
    layout.unet_report(profile).parent.mkdir(parents=True, exist_ok=True)
    layout.unet_report(profile).write_text(json.dumps(report, indent=1) + "\n")
    print(f"{profile}: a U-Net of {report['weights']:,} weights, Dice {sum(seen.values()) / len(seen):.3f}")


if __name__ == "__main__":
    run(main)
