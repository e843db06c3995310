"""Pictures of scenes: some of the held-out views side by side, depths as greys, and a turntable of a fitted field."""

import io
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from PIL import Image as Pillow

from refield.signals.cameras import Cameras, looking
from refield.signals.views import Views
from refield.units.rendered import Rendered

MOST = 4  # views of a mosaic
LARGEST = 100  # pixels of the longer side of what is rendered for a picture
FRAMES, MILLISECONDS = 24, 100  # of a turntable, and how long it shows each


def shown(views: Views) -> list[int]:
    """The numbers of the held-out views that pictures show, from the first to the last, as evenly as may be."""
    count = views.shape[0]
    return np.unique(np.linspace(0, count - 1, min(MOST, count)).round().astype(int)).tolist()


def small(cameras: Cameras) -> Cameras:
    """The same with fewer pixels, which are rendered in seconds on a CPU, if they have many."""
    factor = -(-max(cameras.height, cameras.width) // LARGEST)
    return Cameras(cameras.poses, cameras.focal / factor, cameras.height // factor, cameras.width // factor)


def mosaic(pictures: UInt8[np.ndarray, "n h w 3"]) -> UInt8[np.ndarray, "a b 3"]:
    """Pictures of one size, about as many below as beside each other; white where there are no more."""
    count, height, width, _ = pictures.shape
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    cells = np.full((rows * columns, height, width, 3), 255, np.uint8)
    cells[:count] = pictures
    return cells.reshape(rows, columns, height, width, 3).swapaxes(1, 2).reshape(rows * height, columns * width, 3)


def greys(seen: Rendered) -> UInt8[np.ndarray, "h w 1"]:
    """The depths of a view as greys: black is the nearest of what is at least half opaque, and light grey the farthest;
    what is less so is white."""
    depth, there = seen.depth[0], seen.views.pixels[0, ..., 3] > 127
    if not there.any():
        return np.full((*depth.shape, 1), 255, np.uint8)
    near, far = depth[there].min(), depth[there].max()
    share = (depth - near) / max(float(far - near), 1e-9)
    return np.where(there, np.rint(200 * share.clip(0, 1)), 255).astype(np.uint8)[..., None]


def orbit(views: Views, frames: int = FRAMES) -> Cameras:
    """Cameras round the z axis, which points up, as far away and as high as those of the held-out views on average."""
    cameras = views.held_out.cameras
    places = cameras.poses[:, :3, 3]
    far, high = np.linalg.norm(places[:, :2], axis=1).mean(), places[:, 2].mean()
    turns = 2 * np.pi * np.arange(frames) / frames
    poses = [looking(np.array([far * np.cos(turn), far * np.sin(turn), high])) for turn in turns]
    return small(Cameras(np.stack(poses), cameras.focal, cameras.height, cameras.width))


def animation(frames: Sequence[UInt8[np.ndarray, "h w 3"]]) -> bytes:
    """An APNG that goes round and round."""
    first, *rest = map(Pillow.fromarray, frames)
    stream = io.BytesIO()
    first.save(stream, "PNG", save_all=True, append_images=rest, duration=MILLISECONDS, loop=0)
    return stream.getvalue()
