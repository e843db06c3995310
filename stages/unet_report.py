"""Say how a profile's U-Net came to be, and how well it sees what is in the profile's own images."""

import hashlib
import json

from refield import config
from refield.files import read
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage
from refield.structure.dice import dice
from refield.structure.examples import read_examples


def main(profile: FromStage, paper: str | None = None) -> None:
    from refield.structure.unet import predict, read_network

    layout = Layout(paper)
    params = config.read(profile, path=layout.params)
    images, settings = params.profiles[profile].images, params.unet(profile)
    framed = (images.color, images.frame, images.long, images.short)
    learned, tested = (read_examples(place(profile), *framed) for place in (layout.examples, layout.originals))
    sha256 = hashlib.sha256(read(layout.unet(profile), links=True)).hexdigest()
    network = read_network(str(layout.unet(profile)), sha256, "the U-Net", "cpu")
    seen = {name: dice(predict(network, each.pixels), each.mask) for name, each in tested.items()}
    report = {
        "sha256": sha256,
        "weights": sum(tensor.numel() for tensor in network.values()),
        "examples": len(learned),
        "settings": settings.model_dump(mode="json"),
        "dice": {name: round(value, 6) for name, value in seen.items()},
        "curve": json.loads(read(layout.unet_curve(profile), links=True)),
    }
    layout.unet_report(profile).parent.mkdir(parents=True, exist_ok=True)
    layout.unet_report(profile).write_text(json.dumps(report, indent=1) + "\n")
    print(f"{profile}: a U-Net of {report['weights']:,} weights, Dice {sum(seen.values()) / len(seen):.3f}")


if __name__ == "__main__":
    run(main)
