"""Surfaces of triangles, as files of OBJ and PLY hold them.

Such a file is input from strangers: it is read with trimesh, which opens no other file for it, and what comes of that
is checked here. trimesh is imported where it is used: every stage reads the signals.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float64, Int64

from refield.errors import UserError, one_line

Format = Literal["obj", "ply"]
FORMATS: tuple[Format, ...] = ("obj", "ply")
MOST = 2**28  # bytes of a file: it takes some ten times its size to read one of text


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles between vertices; what they enclose is a solid if no edge is open."""

    vertices: Float64[np.ndarray, "v 3"]  # x, y, z in the file's own unit
    faces: Int64[np.ndarray, "f 3"]  # each the numbers of three vertices

    def open_edges(self) -> int:
        """How many edges border an odd number of triangles; 0 of a closed surface.

        Vertices at the same place are one: files repeat them where a texture or a normal changes.
        """
        _, place = np.unique(self.vertices, axis=0, return_inverse=True)
        corners = np.sort(place.reshape(-1)[self.faces], axis=1)
        edges = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]])
        numbers = edges[:, 0] * len(self.vertices) + edges[:, 1]
        _, counts = np.unique(numbers, return_counts=True)
        return int((counts % 2).sum())


def format_of(path: Path) -> Format | None:
    """The format that a file's name says; None if it is none of these."""
    return next((format_ for format_ in FORMATS if path.suffix.lower() == f".{format_}"), None)


def decode(data: bytes, format_: Format) -> Mesh:
    """The mesh of a file; polygons are cut into triangles.

    `UserError`, without its name, if it cannot be read, has no triangles, or has a box without a volume.
    """
    if len(data) > MOST:
        raise UserError(f"has more than {MOST} bytes")
    import trimesh

    try:
        read = trimesh.load_mesh(io.BytesIO(data), file_type=format_, process=False, skip_materials=True)
        vertices, faces = np.array(read.vertices, np.float64), np.array(read.faces, np.int64)
    except Exception as error:  # a reader may raise almost anything on a damaged file
        raise UserError(f"is no readable {format_.upper()} ({one_line(error)})") from None
    if faces.ndim != 2 or faces.shape[1:] != (3,) or not len(faces):
        raise UserError("has no triangles")
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise UserError(f"has vertices of {vertices.shape[-1]} coordinates; they must have 3")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise UserError(f"has a triangle of vertex {faces.max()}; it has {len(vertices)} vertices, counted from 0")
    corners = vertices[faces]
    if not np.isfinite(corners).all():
        raise UserError("has a vertex that is no number")
    with np.errstate(over="ignore"):
        sides = np.ptp(corners.reshape(-1, 3), axis=0)
    if not (np.isfinite(sides).all() and sides.min() > 0):
        raise UserError(f"encloses nothing: its box is {' x '.join(f'{side:g}' for side in sides)}")
    return Mesh(vertices, faces)


def encode(mesh: Mesh, format_: Format) -> bytes:
    """A file of a mesh: OBJ is text, and PLY is binary, in single precision."""
    import trimesh

    exported = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).export(file_type=format_)
    return exported.encode() if isinstance(exported, str) else bytes(exported)
