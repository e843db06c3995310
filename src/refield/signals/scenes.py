"""Scenes of others, brought to views: PNGs, and the poses of their cameras in transforms.json, as NeRF has them.

A scene travels as one zip file, `pack`, whose members are its transforms and the pictures that they name.
"""

import io
import warnings
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from jaxtyping import Float64, UInt8, UInt16
from PIL import Image as Pillow
from pydantic import BaseModel, Field, ValidationError

from refield.errors import UserError, one_line, shown
from refield.files import read
from refield.settings import sentence
from refield.signals.cameras import Cameras, is_pose
from refield.signals.views import CHANNELS, Views

ALONE, SEEN, HELD_OUT = "transforms.json", "transforms_train.json", "transforms_test.json"
TRANSFORMS = (ALONE, SEEN, HELD_OUT)
EVERY = 10  # of views in one file the first of so many is held out
Members = Callable[[str], bytes]  # a file of a scene by its path there; `UserError` if there is none


class Frame(BaseModel, strict=True):
    """A view: its picture's path, whose .png may be left out, and its camera's pose in the scene's unit."""

    file_path: str
    transform_matrix: list[list[float]]

    @property
    def path(self) -> str:
        """Below the scene's folder; `UserError` if it is elsewhere."""
        path = PurePosixPath(self.file_path)
        if path.is_absolute() or ".." in path.parts or not path.name:
            raise UserError(f"file_path = {shown(self.file_path)} is not allowed; it must be below the scene's folder")
        return str(path if path.suffix == ".png" else path.with_name(f"{path.name}.png"))

    @property
    def pose(self) -> Float64[np.ndarray, "4 4"]:
        rows = [len(row) for row in self.transform_matrix]
        matrix = np.array(self.transform_matrix) if rows == [4] * 4 else np.zeros((4, 4))
        if not is_pose(matrix):
            raise UserError(f"the transform_matrix of {self.file_path} is no rotation and place in four rows of four")
        return matrix


class Transforms(BaseModel, strict=True):
    """Views by cameras of one kind, which looks over so many radians from left to right."""

    camera_angle_x: float = Field(gt=0, lt=np.pi)
    frames: list[Frame] = Field(min_length=1)


@dataclass(frozen=True)
class Split:
    """The views of a scene: which may be seen, and which are held out."""

    angle: float
    seen: list[Frame]
    held_out: list[Frame]

    @property
    def paths(self) -> list[str]:
        return [frame.path for frame in (*self.seen, *self.held_out)]


def split(there: Iterable[str], members: Members) -> Split:
    """What a scene's transforms say, by those of `TRANSFORMS` that are there; `UserError` if they cannot be used.

    Where the held-out views have no file of their own, they are every tenth of the others, from the first.
    """
    files = set(there)
    if not (first := next((name for name in (SEEN, ALONE) if name in files), None)):
        raise UserError(f"has neither {ALONE} nor {SEEN}, which say the pose of each view")
    main = _parse(first, members)
    if HELD_OUT in files:
        other = _parse(HELD_OUT, members)
        if other.camera_angle_x != main.camera_angle_x:
            raise UserError(f"camera_angle_x is {main.camera_angle_x} in {first} and another in {HELD_OUT}")
        return Split(main.camera_angle_x, main.frames, other.frames)
    if len(main.frames) < 2:
        raise UserError(f"{first} has one frame; some must be seen and others held out")
    seen = [frame for number, frame in enumerate(main.frames) if number % EVERY]
    return Split(main.camera_angle_x, seen, main.frames[::EVERY])


def _parse(name: str, members: Members) -> Transforms:
    try:
        return Transforms.model_validate_json(members(name))
    except ValidationError as error:
        broken = error.errors()[0]["type"] == "json_invalid"
        raise UserError(f"{name} is no JSON" if broken else sentence(error, f"{name}: ")) from None


def pack(there: Iterable[str], members: Members) -> bytes:
    """A scene as a zip file, whose bytes depend on its files alone; pictures are as small as they get already."""
    names = [name for name in TRANSFORMS if name in set(there)]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in dict.fromkeys([*names, *split(names, members).paths]):
            archive.writestr(zipfile.ZipInfo(name), members(name))
    return stream.getvalue()


def pack_folder(folder: Path) -> bytes:
    """The scene in a folder; `UserError` names the folder, or the file that is missing."""
    there = [name for name in TRANSFORMS if (folder / name).is_file()]
    try:
        return pack(there, lambda name: read(folder / name, links=True))
    except UserError as error:
        raise UserError(f"{folder}: {error}") from None


def load(path: Path, long: int, box: float) -> Views:
    """The views of a packed scene, `long` pixels on the longer side, in a box that reaches from -`box` to `box` on each
    axis of the scene's unit, and becomes [-1, 1]^3.

    `UserError` names the file, and the view whose picture cannot be used or has another size than the first.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(read(path, links=True))) as archive:
            return _views(archive, long, box)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError) as error:
        raise UserError(f"{path} is no readable scene ({one_line(error)})") from None


def _views(archive: zipfile.ZipFile, long: int, box: float) -> Views:
    def member(name: str) -> bytes:
        try:
            return archive.read(name)
        except KeyError:
            raise UserError(f"{name} is missing") from None

    found = split(archive.namelist(), member)
    poses = np.stack([frame.pose for frame in (*found.seen, *found.held_out)])
    poses[:, :3, 3] /= box
    size, pixels = None, []
    for name in found.paths:
        try:
            whole = _over_white(member(name))
            if size not in (None, whole.shape[:2]):
                raise UserError(f"is {_size(whole.shape)}, and the first view {_size(size)}; they must be of one size")
            size = whole.shape[:2]
            pixels.append(_reduced(whole, long))
        except UserError as error:
            raise UserError(f"{name} {error}") from None
    height, width = pixels[0].shape[:2]
    focal = width / 2 / np.tan(found.angle / 2)
    return Views(np.stack(pixels), Cameras(poses, float(focal), height, width), len(found.seen))


def _over_white(data: bytes) -> UInt16[np.ndarray, "h w 4"]:
    """A PNG's colours over white, and its opacity, from 0 to 255 * 255: integers, which are the same everywhere."""
    try:
        # Pillow only warns of pictures that are suspiciously large, and refuses those of twice that size.
        with (
            warnings.catch_warnings(action="error", category=Pillow.DecompressionBombWarning),
            Pillow.open(io.BytesIO(data), formats=["PNG"]) as picture,
        ):
            stored = "".join(str(tile.args) for tile in picture.tile)
            pixels = np.array(picture.convert("RGBA"), np.uint16)
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning):
        raise UserError(f"has more than {Pillow.MAX_IMAGE_PIXELS} pixels") from None
    except (OSError, SyntaxError, ValueError):  # Pillow's, for damaged files
        raise UserError("is no readable PNG") from None
    if stored not in ("RGB", "RGBA"):
        raise UserError(f"is no 8-bit PNG of colours, with or without opacity; its pixels are {stored}")
    opacity = pixels[..., 3:].copy()
    pixels[..., :3] = opacity * pixels[..., :3] + (255 - opacity) * 255
    pixels[..., 3:] *= 255
    return pixels


def _reduced(pixels: UInt16[np.ndarray, "h w 4"], long: int) -> UInt8[np.ndarray, "a b 4"]:
    """The means over squares of pixels, halves rounded up, such that the longer side has `long`; `UserError` if none do
    that."""
    height, width, _ = pixels.shape
    factor = max(height, width) // long
    if factor < 1 or max(height, width) % long or min(height, width) % factor:
        raise UserError(f"is {_size(pixels.shape)}; long = {long} must divide the longer side, as often as the other")
    blocks = pixels.reshape(height // factor, factor, width // factor, factor, CHANNELS)
    whole = 255 * factor**2
    return ((2 * blocks.sum(axis=(1, 3), dtype=np.int64) + whole) // (2 * whole)).astype(np.uint8)


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]} pixels"
