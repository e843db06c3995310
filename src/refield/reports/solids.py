"""Pictures of solids: their surfaces from two sides in parallel projection, shaded, or coloured by what is wrong.

Surfaces are those of marching cubes between occupied voxels and empty ones, to the voxel; what light they get follows
the slope of the blurred volume, and is smooth. No display is needed. Memory holds eight bytes a voxel at most, and what
a surface takes. scipy and scikit-image are imported where they are used.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float32, Int64, UInt8

from refield.reports.depths import FULL, depths
from refield.signals.volume import Volume

Sides = Sequence[tuple[float, float]]
SIDES: Sides = ((210.0, 12.0), (30.0, 12.0))  # degrees: round the y axis, which points up, and above the horizon
SLOPE, HOLLOW = 1.5, 4.0  # voxels by which a volume is blurred for the slope of its surface, and for how open it lies
# Two lights, by where they come from (right, up, towards who looks) and how bright they are; and what is everywhere.
LIGHTS = (((-0.6, 0.7, 0.5), 0.85), ((0.8, 0.1, 0.5), 0.2))
AMBIENT = 0.1
SURFACE = np.array([0.96, 0.93, 0.88])
EXTRA, MISSED = np.array([0.80, 0.15, 0.10]), np.array([0.05, 0.35, 0.80])
FINER = 2  # times: pictures are drawn larger, and averaged down
AT_ONCE = 2**20  # voxels whose slope, or points on triangles whose pixel is found at once
WORDS = (
    f"red is what a field alone takes for occupied, blue what it misses, the stronger the deeper, up to {FULL} voxels"
)


@dataclass(frozen=True)
class Surface:
    """Triangles with a colour at each corner."""

    corners: Float32[np.ndarray, "v 3"]  # x, y, z in voxels, from the volume's middle
    normals: Float32[np.ndarray, "v 3"]  # outward, of length 1
    openness: Float32[np.ndarray, " v"]  # 1 where nothing is around, less in hollows
    colors: Float[np.ndarray, "v 3"]  # in 0..1
    faces: Int64[np.ndarray, "f 3"]


def picture(volume: Volume, height: int, sides: Sides = SIDES) -> UInt8[np.ndarray, "h w 3"]:
    """The solid from some sides, `height` pixels high, on white; all volumes of a shape have pictures of one size."""
    return _seen(surface(volume), volume.shape, height, sides)


def error_picture(truth: Volume, estimate: Volume, height: int, sides: Sides = SIDES) -> UInt8[np.ndarray, "h w 3"]:
    """What either of two solids of one shape occupies, coloured by how far it is from the other, as WORDS say."""
    both = surface(Volume(truth.bits | estimate.bits, truth.length))
    return _seen(both and painted(both, truth, estimate), truth.shape, height, sides)


def surface(solid: Volume) -> Surface | None:
    """The surface of what is occupied; None if nothing is."""
    from scipy.ndimage import gaussian_filter, map_coordinates
    from skimage.measure import marching_cubes

    if not solid.count:
        return None
    values = np.pad(solid.occupied(), 1).astype(np.float32)
    corners, faces, _, _ = marching_cubes(values, 0.5, gradient_direction="ascent", allow_degenerate=False)
    around = map_coordinates(gaussian_filter(values, HOLLOW), corners.T, order=1)
    slope = _slopes(gaussian_filter(values, SLOPE, output=values), corners)
    length = np.linalg.norm(slope, axis=1, keepdims=True)
    normals = -slope / np.maximum(length, 1e-12)
    openness = np.clip(1.35 - 0.95 * around, 0.3, 1)
    colors = np.broadcast_to(SURFACE, corners.shape)
    return Surface((corners - _middle(solid)).astype(np.float32), normals, openness, colors, faces.astype(np.int64))


def _slopes(values: Float32[np.ndarray, "x y z"], corners: Float32[np.ndarray, "v 3"]) -> Float32[np.ndarray, "v 3"]:
    """How steeply values rise along each axis at a surface's corners, by some layers of voxels at a time."""
    from scipy.ndimage import map_coordinates

    slopes = np.empty_like(corners)
    count, *layer = values.shape
    step = max(1, AT_ONCE // math.prod(layer))
    for first in range(0, count, step):
        some = np.flatnonzero((first <= corners[:, 0]) & (corners[:, 0] < first + step))
        if len(some):
            low = max(0, first - 1)
            at = corners[some].T - [[low], [0], [0]]
            rise = np.gradient(values[low : first + step + 2])
            slopes[some] = np.stack([map_coordinates(along, at, order=1) for along in rise], axis=1)
    return slopes


def painted(found: Surface, truth: Volume, estimate: Volume) -> Surface:
    """The surface of what either of two solids occupies, coloured by how far that is from the other."""
    places = found.corners + _middle(truth) - 1  # in voxels, from the first one's centre
    true, other = truth.occupied(), estimate.occupied()
    # A corner lies between two voxels of which one is empty, and has no error.
    low, high = (depths(true, other, bound(places).astype(np.int64)) for bound in (np.floor, np.ceil))
    return replace(found, colors=_colored(low + high))


def _middle(solid: Volume) -> Float[np.ndarray, " 3"]:
    """The middle of a volume and the empty layer around it, in voxels."""
    return (np.array(solid.shape) + 1) / 2


def _colored(errors: Float32[np.ndarray, " v"]) -> Float[np.ndarray, "v 3"]:
    share = np.clip(np.abs(errors) / FULL, 0, 1)[:, None]
    # The least error is told from none.
    share = np.where(share > 0, 0.25 + 0.75 * share, 0)
    return (1 - share) * SURFACE + share * np.where(errors[:, None] > 0, EXTRA, MISSED)


def _seen(found: Surface | None, shape: tuple[int, ...], height: int, sides: Sides) -> UInt8[np.ndarray, "h w 3"]:
    """A surface from some sides, next to each other."""
    return np.concatenate([_from(found, shape, height, *side) for side in sides], axis=1)


def _from(
    found: Surface | None, shape: tuple[int, ...], height: int, azimuth: float, elevation: float
) -> UInt8[np.ndarray, "h w 3"]:
    turned = rotation(azimuth, elevation)
    box = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * (np.array(shape) + 1) / 2
    right, up = np.abs(turned @ box.T)[:2].max(axis=1)
    scale = height * FINER / (2 * up)  # pixels of a voxel
    size = height * FINER, round(right / up * height) * FINER
    canvas = np.ones((size[0] * size[1], 3), np.float32)
    if found is not None:
        nearest = np.full(len(canvas), -np.inf, np.float32)
        for place, depth, color in _samples(found, turned, scale, size):
            # Of those that fall on a pixel the nearest is written last, and stays until there is a nearer one.
            order = np.argsort(depth, kind="stable")
            order = order[depth[order] >= nearest[place[order]]]
            canvas[place[order]], nearest[place[order]] = color[order], depth[order]
    pixels = canvas.reshape(size[0] // FINER, FINER, size[1] // FINER, FINER, 3).mean(axis=(1, 3))
    return np.rint(255 * pixels).astype(np.uint8)


def rotation(azimuth: float, elevation: float) -> Float[np.ndarray, "3 3"]:
    """To (right, up, towards who looks) from x, y, z: round the y axis, then down by the elevation, in degrees."""
    a, e = np.radians([azimuth, elevation])
    turn = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    tilt = np.array([[1, 0, 0], [0, np.cos(e), -np.sin(e)], [0, np.sin(e), np.cos(e)]])
    return tilt @ turn


def _samples(
    found: Surface, turned: np.ndarray, scale: float, size: tuple[int, int]
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Pixel, depth and colour of points that lie densely on the triangles that face who looks, some at a time."""
    corners = (found.corners @ turned.T.astype(np.float32)) * np.float32(scale)
    light = np.full(len(corners), AMBIENT, np.float32)
    normals = found.normals @ turned.T.astype(np.float32)
    for direction, strength in LIGHTS:
        towards = np.array(direction) / np.linalg.norm(direction)
        light += np.float32(strength) * np.maximum(normals @ towards.astype(np.float32), 0)
    shade = (found.colors * np.minimum(light * found.openness, 1)[:, None] ** (1 / 1.4)).astype(np.float32)
    steps = max(1, int(np.ceil(1.25 * scale)))  # a side is at most the diagonal of a face of a voxel
    i, j = np.triu_indices(steps + 1)
    weights = np.stack([i, j - i, steps - j], axis=1).astype(np.float32) / np.float32(steps)
    some = max(1, AT_ONCE // len(weights))
    for first in range(0, len(found.faces), some):
        faces = found.faces[first : first + some]
        a, b, c = (corners[faces[:, i]] for i in range(3))
        across = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
        faces = faces[across > 0]
        points, colors = (np.einsum("sk,fkd->fsd", weights, each[faces]).reshape(-1, 3) for each in (corners, shade))
        column = np.floor(points[:, 0] + size[1] / 2).astype(np.int64).clip(0, size[1] - 1)
        row = np.floor(size[0] / 2 - points[:, 1]).astype(np.int64).clip(0, size[0] - 1)
        yield row * size[1] + column, points[:, 2], colors
