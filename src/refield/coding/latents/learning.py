"""How the networks of `start` are learned: `python -m refield.coding.latents.learning`, some minutes.

Again and again a crop of a photograph is described by latents for some steps, from the networks found so far, which
then follow by a part of the way: Reptile (Nichol et al., 2018, https://arxiv.org/abs/1803.02999). Photographs on which
compression is measured, such as Kodak's and coffee, are not among them. The same machine type writes the same bytes.
"""

import io
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image as pillow
from safetensors.numpy import save_file

from refield.coding.latents.compress import Size, learning_rates
from refield.coding.latents.descent import Descent
from refield.coding.latents.softening import Softness
from refield.coding.latents.start import FILE
from refield.signals.image import Image
from refield.signals.sources.samples import sample

PHOTOGRAPHS = {  # of scikit-image's, and their sha256
    "chelsea.png": "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
    "rocket.jpg": "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
    "motorcycle_left.png": "db18e9c4157617403c3537a6ba355dfeafe9a7eabb6b9b94cb33f6525dd49179",
}
SIDES = (260, 112, 64)  # of crops, each for a size of networks
EPISODES = 80  # of each
LAMBDAS = (2e-3, 1e-3, 5e-4, 2.5e-4)  # in turn
STEPS = 120
FOLLOW = 0.4  # the part of the way, at first; in the end a tenth of it

Networks = dict[str, np.ndarray]


def learn(photographs: Sequence[np.ndarray], side: int, episodes: int = EPISODES) -> Networks:
    """The networks for images as large as crops of so many pixels a side, of photographs (h, w, 3) uint8."""
    size, networks = Size.of((side, side)), Networks()
    drawn = crops(photographs, side, np.random.default_rng(0))
    for number, image in zip(range(episodes), drawn, strict=False):
        after = _episode(image, size, networks, LAMBDAS[number % len(LAMBDAS)], number)
        follow = np.float32(FOLLOW * 0.1 ** (number / episodes))
        networks = {name: now + follow * (after[name] - now) for name, now in networks.items()} or after
    return networks


def crops(photographs: Sequence[np.ndarray], side: int, rng: np.random.Generator) -> Iterator[Image]:
    while True:
        pixels = photographs[int(rng.integers(len(photographs)))]
        y, x = (rng.integers(0, size - side + 1) for size in pixels.shape[:2])
        yield Image(np.ascontiguousarray(pixels[y : y + side, x : x + side]))


def _episode(image: Image, size: Size, start: Networks, lambda_: float, seed: int) -> Networks:
    """The networks after some steps from `start`, or from nothing if that is empty."""
    with Descent(image, *size, seed) as descent:
        for name, array in start.items():
            descent.tensors()[name][:] = array
        for step in range(STEPS):
            part = step / STEPS
            descent.step(Softness(0.3 - 0.2 * part, 2 - part), lambda_, learning_rates(lambda_, part))  # C3's
        return {name: place.copy() for name, place in descent.tensors().items()}


def main() -> None:
    photographs = [
        np.array(pillow.open(io.BytesIO(sample(name, sha256))).convert("RGB")) for name, sha256 in PHOTOGRAPHS.items()
    ]
    found: Networks = {}
    for side in SIDES:
        _, width, hidden = Size.of((side, side))
        found |= {f"{width}x{hidden}/{name}": array for name, array in learn(photographs, side).items()}
    save_file(found, FILE)


if __name__ == "__main__":
    main()
