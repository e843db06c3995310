"""A scene by a formula: a cube and three balls of plain colours in the box [-1, 1]^3, shaded by where they face.

`python -m signals.scene FOLDER`, from tests/, writes it as papers/mire/sources/quick_views has it.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from refield.signals.cameras import Cameras, looking
from refield.signals.views import Views

CUBE = np.array([-0.55, -0.55, -0.7]), np.array([0.25, 0.35, 0.0])  # two corners
BALLS = [
    (np.array([-0.15, -0.1, 0.3]), 0.3, (60, 90, 220)),
    (np.array([0.5, -0.35, -0.4]), 0.3, (230, 190, 40)),
    (np.array([0.3, 0.55, -0.35]), 0.28, (60, 170, 80)),
]
RED, DISTANCE, ANGLE = (210, 60, 50), 4.0, 0.6


def around(count: int, side: int, start: float = 0.0) -> Cameras:
    """Cameras on a spiral from near the horizon upwards, all of which see the whole box."""
    turns = start + 2 * np.pi * np.arange(count) * 0.381966  # the golden angle: no two look the same way
    heights = np.linspace(0.15, 0.8, count)
    flat = np.sqrt(1 - heights**2)
    places = DISTANCE * np.stack([flat * np.cos(turns), flat * np.sin(turns), heights], axis=1)
    return Cameras(np.stack([looking(place).round(6) for place in places]), side / 2 / np.tan(ANGLE / 2), side, side)


def draw(cameras: Cameras) -> np.ndarray:
    """Pictures (n, h, w, 4) uint8: colour over white, and opacity; each pixel is what the ray of its centre hits."""
    row, column = np.mgrid[: cameras.height, : cameras.width] + 0.5
    right, up = (column - cameras.width / 2) / cameras.focal, (cameras.height / 2 - row) / cameras.focal
    pointing = np.stack([right, up, -np.ones_like(up)], axis=-1)
    return np.stack([_draw(pose[:3, 3], pointing @ pose[:3, :3].T) for pose in cameras.poses])


def _draw(origin: np.ndarray, direction: np.ndarray) -> np.ndarray:
    pixels, nearest = np.full((*direction.shape[:2], 4), 255.0), np.full(direction.shape[:2], np.inf)
    pixels[..., 3] = 0

    def hit(distance: np.ndarray, facing: np.ndarray, colour: Sequence[int]) -> None:
        here = distance < nearest
        light = 0.65 + 0.35 * np.clip(facing @ np.array([0.48, 0.36, 0.8]), -1, 1)
        pixels[here] = np.concatenate([light[here, None] * np.array(colour), np.full((here.sum(), 1), 255)], axis=1)
        nearest[here] = distance[here]

    with np.errstate(all="ignore"):
        sides = np.sort([(corner - origin) / direction for corner in CUBE], axis=0)
        near, far = sides[0].max(axis=-1), sides[1].min(axis=-1)
        axis = sides[0].argmax(axis=-1)
        facing = -np.sign(direction) * (np.arange(3) == axis[..., None])
        hit(np.where(near < far, near, np.inf), facing, RED)
        for centre, radius, colour in BALLS:
            a, b = (direction**2).sum(axis=-1), direction @ (origin - centre)
            root = np.sqrt(b**2 - a * (((origin - centre) ** 2).sum() - radius**2))
            distance = np.where(np.isnan(root), np.inf, (-b - root) / a)
            place = origin + np.where(np.isinf(distance), 0, distance)[..., None] * direction
            hit(distance, (place - centre) / radius, colour)
    return np.rint(pixels).astype(np.uint8)


def views(seen: int, held_out: int, side: int) -> Views:
    """The scene from so many places, the first of which are seen."""
    first, rest = around(seen, side), around(held_out, side, start=1.0)
    poses = np.concatenate([first.poses, rest.poses])
    cameras = Cameras(poses, first.focal, side, side)
    return Views(draw(cameras), cameras, seen)


def write(folder: Path, seen: int, held_out: int, side: int) -> None:
    """The same as others have views: PNGs that are transparent where nothing is, and transforms of their cameras."""
    made = views(seen, held_out, side)
    for kind, part in (("train", slice(seen)), ("test", slice(seen, None))):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        frames = []
        for number, (pixels, pose) in enumerate(zip(made.pixels[part], made.cameras.poses[part], strict=True)):
            Pillow.fromarray(pixels).save(folder / kind / f"r_{number}.png")
            frames.append({"file_path": f"./{kind}/r_{number}", "transform_matrix": pose.tolist()})
        text = json.dumps({"camera_angle_x": ANGLE, "frames": frames}, indent=1)
        (folder / f"transforms_{kind}.json").write_text(text + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]), seen=12, held_out=3, side=16)
