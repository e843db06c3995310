"""Which field suits an image of a size, where none is named: what came nearest to photographs in such a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from refield.config import Params

# Of photographs cut to 24x16 and 48x32 pixels a network of sines, which has more numbers than they have values, keeps
# every pixel; of larger ones latents were above it, and are in a fraction of its time.
SINES: Mapping[str, Any] = {
    "field": "mlp",
    "gates": ["dense"] * 4,
    "width": 64,
    "train": {"iterations": 300, "learning_rate": 2e-3, "schedule": "cosine", "final_factor": 0.01},
}
# 1.3 numbers a pixel.
LATENTS: Mapping[str, Any] = {"field": "latents", "nodes_per_sample": 1.0, "width": 24, "hidden_layers": 1}
LATENTS_TRAIN: Mapping[str, Any] = {"learning_rate": 2e-2, "beta2": 0.9, "schedule": "cosine", "final_factor": 0.01}
MOST_LEVELS = 7  # grids, of 1/1 .. 1/64
FEWEST = 2_000  # pixels from which on latents are taken
# Pixels up to which latents take so many steps, and how many of these lie between two points of the curve. Each takes
# half a core-second a megapixel: of 24 megapixels 100 take 20 minutes of one core.
STEPS = {2**20: (300, 10), 2**23: (200, 5), 2**40: (100, 1)}


@dataclass(frozen=True)
class Suited:
    """A method that no params.yaml has."""

    name: str
    why: str  # in half a sentence
    keys: Mapping[str, Any]  # as a method's of params.yaml

    def among(self, params: Params, profile: str) -> Params:
        """Parameters of which it is the only method, as it is in that profile."""
        there = params.profiles[profile].model_copy(update={"methods": {}})
        known = {"methods": {self.name: dict(self.keys)}, "profiles": {**params.profiles, profile: there}}
        return params.model_copy(update=known)


def suited(height: int, width: int) -> Suited:
    """The field for an image of so many pixels, and how it is trained."""
    pixels = height * width
    if pixels < FEWEST:
        return Suited("sines", f"a network of sines, as there are fewer than {FEWEST:,} pixels", SINES)
    levels = min(MOST_LEVELS, (min(height, width) - 1).bit_length())  # with two nodes a side at least
    iterations, trace_every = next(steps for most, steps in STEPS.items() if pixels <= most)
    train = {**LATENTS_TRAIN, "iterations": iterations, "trace_every": trace_every}
    why = f"{levels} grids of latents and a small network, as there are {FEWEST:,} pixels or more"
    return Suited("latents", why, {**LATENTS, "levels": levels, "train": train})
