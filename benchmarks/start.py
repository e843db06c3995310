"""Learn the networks that `refield compress` begins with: `python -m benchmarks.start`, about ten minutes.

Again and again a crop of a photograph of scikit-image's is described by latents for some steps, from the networks found
so far, which then follow by a part of the way (Reptile). Photographs on which compression is measured, such as Kodak's
and coffee, are not among them. Writes src/refield/coding/latents/start.safetensors.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import PIL.Image
import skimage.data
from safetensors.numpy import save_file

from refield.coding.latents.compress import LATENTS, NETWORKS, Size
from refield.coding.latents.descent import Descent
from refield.coding.latents.networks import views
from refield.coding.latents.softening import Softness
from refield.coding.latents.start import FILE
from refield.signals import Image

SIDES = {260: 80, 112: 80, 64: 80}  # of crops, each for a size of networks, and how many episodes
LAMBDAS = (2e-3, 1e-3, 5e-4, 2.5e-4)
STEPS = 120
FOLLOW = 0.4  # the part of the way, at first; in the end a tenth of it


def crops(side: int, rng: np.random.Generator) -> Iterator[Image]:
    motorcycle = np.array(PIL.Image.open(Path(skimage.data.__file__).with_name("motorcycle_left.png")).convert("RGB"))
    photographs = [skimage.data.chelsea(), skimage.data.rocket(), motorcycle]
    while True:
        pixels = photographs[rng.integers(len(photographs))]
        y, x = (rng.integers(0, size - side + 1) for size in pixels.shape[:2])
        yield Image(np.ascontiguousarray(pixels[y : y + side, x : x + side]))


def episode(image: Image, size: Size, start: dict[str, np.ndarray], lambda_: float, seed: int) -> dict[str, np.ndarray]:
    """The networks after some steps from `start`, or from nothing if that is empty."""
    with Descent(image, *size, seed) as descent:
        places = views(descent)
        for name, array in start.items():
            places[name][:] = array
        for step in range(STEPS):
            part = step / STEPS
            factor = max((1 + math.cos(math.pi * part)) / 2, 0.02)
            rate = min(LATENTS[0] * (1e-3 / lambda_) ** 0.25, LATENTS[1])
            distortion, bits = descent.step(Softness.at(part), lambda_, (rate * factor, NETWORKS * factor))
        print(f"{size} {lambda_:g}: {distortion / lambda_ + bits:.3f}", flush=True)
        return {name: place.copy() for name, place in places.items()}


def main() -> None:
    found = {}
    for side, episodes in SIDES.items():
        rng, size, networks = np.random.default_rng(0), Size.of((side, side)), dict[str, np.ndarray]()
        for number, image in zip(range(episodes), crops(side, rng), strict=False):
            lambda_ = LAMBDAS[number % len(LAMBDAS)]
            after = episode(image, size, networks, lambda_, seed=number)
            follow = FOLLOW * 0.1 ** (number / episodes) if networks else 1.0
            networks = {
                name: array if not networks else networks[name] + np.float32(follow) * (array - networks[name])
                for name, array in after.items()
            }
        found |= {f"{size.width}x{size.hidden}/{name}": array for name, array in networks.items()}
    save_file(found, FILE)


if __name__ == "__main__":
    main()
